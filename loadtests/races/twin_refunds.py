"""Tills refund the whole of one order in the same instant, by lines and by amount: the money goes back once."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, Restaurant, at_once, quoted
from scripts.till.identifiers import uuid7

BOOKED = """
    SELECT coalesce(sum(p.amount), 0) FROM pos_payment p JOIN pos_order o ON o.id = p.pos_order_id
      LEFT JOIN pos_order sold ON sold.id = o.fynlo_refunded_order_id
     WHERE o.uuid IN ({orders}) OR sold.uuid IN ({orders})
"""
REFUSALS = {"refund_exceeds_paid", "nothing_to_refund"}
#: So many requests for the same money in the same instant.
AT_ONCE = 20


def refund_at_once(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """So many paid orders, each refunded whole by twenty requests at once."""
    outcome, orders = Outcome(f"{AT_ONCE} refunds of one order"), []
    for _ in range(rounds):
        order = expect(tills[0].create_order([(dish, 2) for dish in dishes[:2]]), 201).body
        expect(tills[0].pay_cash(order["id"], order["totals"]["due"]), 201)
        orders.append(order["id"])
        _race(outcome, tills, order)
    booked = restaurant.sql(BOOKED.format(orders=quoted(orders)))
    outcome.check(float(booked) == 0, f"{booked} stayed in the drawer of orders that were refunded whole")
    return outcome


def _race(outcome: Outcome, tills: Sequence[LoadTill], order: Mapping[str, Any]) -> None:
    lines = [{"line_id": line["id"]} for line in order["lines"]]
    wishes: list[dict[str, Any]] = [{}, {"lines": lines}, {"amount": order["totals"]["total"]}, {}]
    path = f"/orders/{order['id']}/refunds"
    calls = [
        partial(till.write, path, {"id": uuid7(), "reason": "race", **wish})
        for till, wish in islice(zip(cycle(tills), cycle(wishes), strict=False), AT_ONCE)
    ]
    replies = [outcome.heard(reply) for reply in at_once(calls)]
    codes = sorted(str(reply.body.get("code", reply.status)) for reply in replies)
    won = [reply for reply in replies if reply.status == 201]
    lost = [reply for reply in replies if reply.status == 409 and reply.body["code"] in REFUSALS]
    outcome.check(
        len(won) == 1 and len(won) + len(lost) == len(replies), f"order {order['number']} was answered with {codes}"
    )
    after = expect(tills[0].read(f"/orders/{order['id']}"), 200).body
    outcome.check(
        after["payment"] == "refunded" and after["totals"]["refunded"] == after["totals"]["paid"],
        f"order {order['number']} is {after['payment']}, refunded {after['totals']['refunded']}",
    )
