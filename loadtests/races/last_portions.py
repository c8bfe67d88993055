"""Many tills sell the last portions of a dish in the same instant: exactly so many are sold, nobody waits for long."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from loadtests.exchange import Reply, expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, Restaurant, at_once, quoted

LEFT = 3
SOLD = """
    SELECT coalesce(sum(l.qty), 0)::int FROM pos_order_line l JOIN pos_order o ON o.id = l.order_id
     WHERE o.uuid IN ({orders}) AND o.state <> 'cancel'
"""


def sell_the_last(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], rounds: int
) -> Outcome:
    """In each round every till sells one portion at once, half of them by an edit, of a dish of which few are left."""
    outcome, dish = Outcome(f"{len(tills)} tills sell the last {LEFT} portions"), dishes[0]
    other = [(dishes[1], 1)]
    for number in range(rounds):
        _count(tills[0], dish, LEFT)
        opened = [expect(till.create_order(other), 201).body for till in tills[::2]]
        acts = [partial(till.add_lines, order, [(dish, 1)]) for till, order in zip(tills[::2], opened, strict=True)]
        acts += [partial(till.create_order, [(dish, 1)]) for till in tills[1::2]]
        replies = [outcome.heard(reply) for reply in at_once(acts)]
        won = [uuid for uuid in map(_sold_in, replies) if uuid]
        outcome.check(len(won) == LEFT, f"round {number} sold {len(won)} of {LEFT}")
        outcome.check(all(_understood(reply) for reply in replies), f"round {number} was answered otherwise")
        lines = int(restaurant.sql(SOLD.format(orders=quoted(won)))) if won else 0
        edited = len([order for order in opened if order["id"] in won])
        outcome.check(lines == len(won) + edited, f"round {number} booked {lines} pieces for {len(won)} sales")
        outcome.check(_left(tills[0], dish) == 0, f"round {number} left {_left(tills[0], dish)} portions")
    expect(_set(tills[0], dish, {"available": True}), 200)
    return outcome


def _count(till: LoadTill, dish: Mapping[str, Any], portions: int) -> None:
    expect(_set(till, dish, {"available": True, "countdown": portions}), 200)


def _set(till: LoadTill, dish: Mapping[str, Any], said: Mapping[str, Any]) -> Reply:
    body = {"variant_id": dish["variant_id"], **said}
    return till.write(f"/products/{_product_of(till, dish)}:set-availability", body)


def _product_of(till: LoadTill, dish: Mapping[str, Any]) -> str:
    products = expect(till.read("/menu"), 200).body["products"]
    return next(
        str(product["id"])
        for product in products
        if any(variant["id"] == dish["variant_id"] for variant in product["variants"])
    )


def _left(till: LoadTill, dish: Mapping[str, Any]) -> int | None:
    items = expect(till.read("/menu/stock"), 200).body["items"]
    return next((item["stock"] for item in items if item["variant_id"] == dish["variant_id"]), None)


def _sold_in(reply: Reply) -> str | None:
    """The order in which the portion was sold, if it was."""
    if reply.status == 201:
        return str(reply.body["id"])
    if reply.status == 200 and reply.body["results"][0]["result"] != "rejected":
        return str(reply.body["order"]["id"])
    return None


def _understood(reply: Reply) -> bool:
    """Sold, or refused because there was none left."""
    if _sold_in(reply):
        return True
    result = reply.body["results"][0] if reply.status == 200 else reply.body
    return bool(result["code"] == "item_unavailable")
