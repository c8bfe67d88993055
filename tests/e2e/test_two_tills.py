"""Two tills at once: one order is paid once, one drawer is opened once."""

import asyncio
from collections import Counter as Count

import pytest

from scripts.till.answer import Refused

from .tills import Tills, basket_of

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("round_number", range(5))
async def test_one_order_paid_at_two_tills_is_paid_once(tills: Tills, round_number: int) -> None:
    first, second = (await tills.open("Soho A")).till, (await tills.open("Soho B")).till
    order = await first.place(basket_of(first, 2))
    due = order["totals"]["due"]
    outcomes = await asyncio.gather(
        *(till.pay_cash(order["id"], due, due["amount"]) for till in (first, second)), return_exceptions=True
    )
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refusals) == 1, outcomes
    assert refusals[0].code in {"amount_exceeds_due", "illegal_transition"}
    paid = (await first.api.read(f"/orders/{order['id']}")).body
    assert len(paid["payments"]) == 1
    assert paid["totals"]["paid"] == paid["totals"]["total"]


async def test_bill_split_at_two_tills_is_paid_to_the_penny(tills: Tills) -> None:
    first, second = (await tills.open("Soho A")).till, (await tills.open("Soho B")).till
    order = await first.place(basket_of(first, 3))
    total = order["totals"]["total"]
    share = {**total, "amount": total["amount"] // 2}
    rest = {**total, "amount": total["amount"] - share["amount"]}
    await asyncio.gather(
        first.pay_cash(order["id"], share, share["amount"]), second.pay_cash(order["id"], rest, rest["amount"])
    )
    done = await second.complete(order["id"])
    assert (done["state"], done["totals"]["paid"]) == ("completed", total)


async def test_order_completed_at_two_tills_is_completed_once(tills: Tills) -> None:
    first, second = (await tills.open("Soho A")).till, (await tills.open("Soho B")).till
    order = await first.place(basket_of(first))
    await first.pay_cash(order["id"], order["totals"]["due"], order["totals"]["due"]["amount"])
    outcomes = await asyncio.gather(*(till.complete(order["id"]) for till in (first, second)), return_exceptions=True)
    codes = Count(outcome.code if isinstance(outcome, Refused) else "done" for outcome in outcomes)
    assert codes == {"done": 1, "illegal_transition": 1}


async def test_numbers_of_a_location_are_never_given_twice(tills: Tills) -> None:
    counters = [await tills.open("Soho A"), await tills.open("Soho B")]
    orders = await asyncio.gather(
        *(counter.till.place(basket_of(counter.till)) for counter in counters for _ in range(6))
    )
    assert len({order["number"] for order in orders}) == len(orders)
