"""A sale from pairing to the events that the neighbour till hears."""

import pytest

from scripts.till.answer import Refused
from scripts.till.basket import Basket, ImpossibleChoice, fewest_parts

from .tills import Tills, basket_of, sell, until

pytestmark = pytest.mark.asyncio


async def test_sale_is_heard_by_every_till_of_the_location_and_by_no_other(tills: Tills) -> None:
    soho, neighbour = await tills.open("Soho A"), await tills.open("Soho B")
    camden = await tills.open("Camden A", "Camden")
    await tills.listen(soho, neighbour, camden)
    order = await sell(soho.till, 3)
    for counter in (soho, neighbour):
        await until(lambda c=counter: order["id"] in c.has_heard("order.completed"), "the completion is heard")
        heard = [event.type for event in counter.heard if event.data.get("id") == order["id"]]
        assert heard == ["order.created", "order.updated", "order.completed"]
        payments = [event.data for event in counter.heard if event.type == "payment.updated"]
        assert [payment["order_id"] for payment in payments] == [order["id"]]
        assert counter.till.copy.order(order["id"]) == order
    assert not [event for event in camden.heard if event.topic.startswith(f"l.{soho.till.location_id}")]
    with pytest.raises(Refused, match="not_found"):
        await camden.till.api.read(f"/orders/{order['id']}")


async def test_money_of_a_sale_adds_up(tills: Tills) -> None:
    till = (await tills.open("Soho A")).till
    basket = basket_of(till, 4)
    priced = await till.price(basket)
    order = await till.place(basket, priced["totals"]["total"])
    assert order["totals"] == priced["totals"]
    assert order["price_drift"] is None
    due = order["totals"]["due"]
    payment = await till.pay_cash(order["id"], due, due["amount"] + 375)
    assert (payment["state"], payment["change"]["amount"]) == ("captured", 375)
    with pytest.raises(Refused, match="amount_exceeds_due"):
        await till.pay_cash(order["id"], due, due["amount"])
    done = await till.complete(order["id"])
    assert (done["state"], done["payment"], done["totals"]["due"]["amount"]) == ("completed", "paid", 0)
    assert done["totals"]["paid"] == done["totals"]["total"] == due
    assert sum(line["total"]["amount"] for line in done["lines"]) == due["amount"]
    with pytest.raises(Refused, match="illegal_transition"):
        await till.complete(order["id"])


async def test_combo_and_modifiers_are_sold(tills: Tills) -> None:
    till = (await tills.open("Soho A")).till
    combo, variant = next(pair for pair in till.menu.on_offer() if pair[0].choices)
    basket = Basket(till.menu)
    with pytest.raises(ImpossibleChoice, match="one item for each choice"):
        basket.add(variant.id)
    basket.add(variant.id, combo=fewest_parts(till.menu, combo))
    order = await till.place(basket)
    assert len(order["lines"][0]["combo"]) == len(combo.choices)


async def test_unchanged_menu_is_not_sent_again(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    counter.statuses.clear()
    await counter.till.copy.read_menu()
    assert counter.statuses == {("GET", "/menu", 304): 1}


async def test_pairing_code_works_once(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    desk = await tills.desk()
    code = await desk.pairing_code(counter.till.location_id, "Soho C")
    await counter.till.sign_in.pair(code, "Soho C")
    with pytest.raises(Refused, match="pairing_code_invalid"):
        await counter.till.sign_in.pair(code, "Soho C")
