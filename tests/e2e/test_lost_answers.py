"""The server has done it, but the till never hears so: the same order, once."""

import asyncio

import pytest

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.reckoning import orders_since

from .lossy_proxy import lossy_proxy
from .tills import Tills, basket_of, sell, until

pytestmark = pytest.mark.asyncio


async def test_answers_lost_at_every_step_make_one_order_and_one_payment(
    tills: Tills, restaurant: LiveRestaurant
) -> None:
    async with lossy_proxy(restaurant.url) as proxy:
        counter = await tills.open("Soho A", url=proxy.url)
        proxy.lose("POST /api/v1/orders ", times=2)
        order = await counter.till.place(basket_of(counter.till, 2))
        due = order["totals"]["due"]
        proxy.lose(f"POST /api/v1/orders/{order['id']}/payments ", times=2)
        payment = await counter.till.pay_cash(order["id"], due, due["amount"])
        proxy.lose(f"POST /api/v1/orders/{order['id']}:complete ", times=2)
        done = await counter.till.complete(order["id"])
        assert len(proxy.lost) == 6
        assert done["state"] == "completed"
        assert [row["id"] for row in done["payments"]] == [payment["id"]]
        await assert_only(tills, order["id"])


async def test_app_that_crashes_before_the_answer_finishes_after_its_restart(
    tills: Tills, restaurant: LiveRestaurant
) -> None:
    async with lossy_proxy(restaurant.url) as proxy:
        counter = await tills.open("Soho A", url=proxy.url)
        proxy.lose("POST /api/v1/orders ", times=1000)
        basket = basket_of(counter.till, 2)
        placing = asyncio.create_task(counter.till.place(basket))
        await until(lambda: proxy.lost, "the server makes the order")
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
    till = await tills.restart(counter)
    assert till.copy.order(basket.order_id) is None
    outcomes = await till.finish_journal()
    assert [answer.status for _write, answer in outcomes] == [201]
    assert not till.journal.unsettled()
    order = till.copy.order(basket.order_id)
    assert order is not None
    await till.pay_cash(order["id"], order["totals"]["due"], order["totals"]["due"]["amount"])
    assert (await till.complete(order["id"]))["state"] == "completed"
    await assert_only(tills, order["id"])


async def test_app_that_crashes_before_sending_sends_after_its_restart(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    basket = basket_of(counter.till)
    counter.till.journal.enter("POST", "/orders", basket.order())
    till = await tills.restart(counter)
    outcomes = await till.finish_journal()
    assert [answer.status for _write, answer in outcomes] == [201]
    await assert_only(tills, basket.order_id)


async def test_two_identical_orders_are_two_orders(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    first, second = await sell(counter.till), await sell(counter.till)
    assert first["id"] != second["id"]
    assert first["totals"] == second["totals"]


async def assert_only(tills: Tills, order_id: str) -> None:
    """The test's tills have made this one order and no other."""
    devices = {counter.till.sign_in.device["id"] for counter in tills.counters}
    served = await orders_since(tills.counters[0].till, tills.began_at)
    assert [row["id"] for row in served if row["device_id"] in devices] == [order_id]
