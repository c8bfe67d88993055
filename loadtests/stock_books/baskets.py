"""Random orders with fractions, modifiers, discounts of every kind and takeaway, paid in cash."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from scripts.till.identifiers import uuid7

QUANTITIES = ("1", "1", "2", "3", "0.5", "1.25", "0.333")
MOST_LINES = 6


def sell_at_random(till: LoadTill, menu: Mapping[str, Any], orders: int, dice: random.Random) -> int:
    """Makes and pays so many orders; what was taken for them."""
    taken = 0
    for _ in range(orders):
        order = expect(till.write("/orders", _order(menu, dice)), 201).body
        due = order["totals"]["due"]
        if due["amount"]:
            taken += expect(till.pay_cash(order["id"], due), 201).body["amount"]["amount"]
        else:
            expect(till.complete(order["id"]), 200)
    return taken


def _order(menu: Mapping[str, Any], dice: random.Random) -> dict[str, Any]:
    lines = [_line(menu, dice) for _ in range(dice.randint(1, MOST_LINES))]
    discounts = [_discount(dice, menu["line_discounts"], line["id"]) for line in lines if dice.random() < 0.3]
    if dice.random() < 0.3:
        discounts.append(_discount(dice, menu["order_discounts"], None))
    preset = menu["preset_id"] if dice.random() < 0.3 else None
    return {"id": uuid7(), "lines": lines, "discounts": discounts, "preset_id": preset}


def _line(menu: Mapping[str, Any], dice: random.Random) -> dict[str, Any]:
    chosen = dice.sample(menu["modifiers"], dice.choice([0, 0, 1, 2]))
    return {
        "id": uuid7(),
        "variant_id": dice.choice(menu["dishes"])["variant_id"],
        "quantity": dice.choice(QUANTITIES),
        "modifiers": [{"modifier_id": modifier} for modifier in chosen],
    }


def _discount(dice: random.Random, discounts: Sequence[str], line_id: str | None) -> dict[str, Any]:
    return {"id": uuid7(), "discount_id": dice.choice(discounts), "line_id": line_id, "reason": "twin"}
