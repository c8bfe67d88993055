"""Many tills of one location sell without a pause: every order is there once, numbered without a gap, and adds up."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, Restaurant, at_once, quoted

#: Number, total and what was paid of an order, as its till was told.
Sale = tuple[str, int, int]

BOOKS = """
    SELECT o.uuid, o.fynlo_number, round(o.amount_total * 100)::int,
           (SELECT round(sum(amount) * 100)::int FROM pos_payment p WHERE p.pos_order_id = o.id), o.state
      FROM pos_order o WHERE o.uuid IN ({orders})
"""
EVENTS = """
    SELECT count(*) - (SELECT sum(fynlo_version) FROM pos_order WHERE uuid IN ({orders}))
      FROM fynlo_outbox WHERE topic LIKE '%.orders' AND resource_id IN ({orders})
"""


def sell_at_once(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], orders: int
) -> Outcome:
    """Each till makes, pays and completes so many orders."""
    outcome = Outcome(f"{len(tills)} tills × {orders} orders")
    told: dict[str, Sale] = {}
    for number, sales in enumerate(at_once([partial(_sell, outcome, till, dishes, orders) for till in tills])):
        _check_numbers(outcome, number, [sale[0] for sale in sales.values()])
        told |= sales
    outcome.check(len(told) == len(tills) * orders, f"{len(told)} orders were made of {len(tills) * orders}")
    _check_books(outcome, restaurant, told)
    return outcome


def _sell(outcome: Outcome, till: LoadTill, dishes: Sequence[Mapping[str, Any]], orders: int) -> dict[str, Sale]:
    sales = {}
    for turn in range(orders):
        wishes = [(dishes[(turn + place) % len(dishes)], 1 + place) for place in range(3)]
        order = expect(outcome.heard(till.create_order(wishes)), 201).body
        paid = expect(outcome.heard(till.pay_cash(order["id"], order["totals"]["due"])), 201).body
        sales[order["id"]] = (order["number"], order["totals"]["total"]["amount"], paid["amount"]["amount"])
    return sales


def _check_numbers(outcome: Outcome, till: int, numbers: Sequence[str]) -> None:
    counted = sorted(int(number.rpartition("-")[2]) for number in numbers)
    gapless = counted == list(range(counted[0], counted[0] + len(counted)))
    outcome.check(gapless, f"till {till} has numbers with a gap or a double: {counted}")
    prefixes = {number.rpartition("-")[0] for number in numbers}
    outcome.check(len(prefixes) == 1, f"till {till} numbers its orders with {sorted(prefixes)}")


def _check_books(outcome: Outcome, restaurant: Restaurant, told: Mapping[str, Sale]) -> None:
    orders = quoted(list(told))
    booked = [row.split("|") for row in restaurant.sql(BOOKS.format(orders=orders)).splitlines()]
    books = {uuid: (number, int(total), int(paid)) for uuid, number, total, paid, _state in booked}
    outcome.check(len(booked) == len(told), f"{len(booked)} orders are in the books, {len(told)} were made")
    wrong = [number for uuid, (number, *_rest) in told.items() if books.get(uuid) != told[uuid]]
    outcome.check(not wrong, f"the books differ from what the tills were told: {wrong[:5]}")
    unfinished = [number for _uuid, number, _total, _paid, state in booked if state != "paid"]
    outcome.check(not unfinished, f"not completed: {unfinished[:5]}")
    surplus = restaurant.sql(EVENTS.format(orders=orders))
    outcome.check(surplus == "0", f"events and versions of the orders differ by {surplus}")
