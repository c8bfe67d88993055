"""Two tills take the whole amount of the same order in the same instant: one gets it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, Restaurant, at_once, quoted

BOOKED = """
    SELECT count(*) FROM pos_payment p JOIN pos_order o ON o.id = p.pos_order_id
     WHERE o.uuid IN ({orders}) AND NOT p.is_change
"""
REFUSALS = {"amount_exceeds_due", "illegal_transition"}


def pay_twice(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """So many orders, each paid by two tills at once."""
    outcome, orders = Outcome("two tills pay one order"), []
    for _ in range(rounds):
        order = expect(tills[0].create_order([(dish, 1) for dish in dishes[:3]]), 201).body
        orders.append(order["id"])
        _race(outcome, tills[:2], order)
    booked = restaurant.sql(BOOKED.format(orders=quoted(orders)))
    outcome.check(int(booked) == rounds, f"{booked} payments are booked for {rounds} orders")
    return outcome


def _race(outcome: Outcome, tills: Sequence[LoadTill], order: Mapping[str, Any]) -> None:
    due = order["totals"]["due"]
    replies = [outcome.heard(reply) for reply in at_once([partial(till.pay_cash, order["id"], due) for till in tills])]
    codes = sorted(str(reply.body.get("code", reply.status)) for reply in replies)
    won = [reply for reply in replies if reply.status == 201]
    lost = [reply for reply in replies if reply.status == 409 and reply.body["code"] in REFUSALS]
    outcome.check(len(won) == len(lost) == 1, f"order {order['number']} was answered with {codes}")
    after = expect(tills[0].read(f"/orders/{order['id']}"), 200).body
    totals = after["totals"]
    outcome.check(
        after["state"] == "completed" and totals["paid"] == totals["total"] and len(after["payments"]) == 1,
        f"order {order['number']} is {after['state']}, paid {totals['paid']} of {totals['total']}",
    )
