"""Charging cards, and giving it back: how long each took."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stripe

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.stage import Stage
from scripts.till.identifiers import uuid7

CARD = {"payment_method": "pm_card_visa"}
Dishes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Provider:
    """The simulated Stripe, asked directly."""

    client: stripe.StripeClient

    @classmethod
    def of(cls, scene: Stage) -> "Provider":
        told = scene.stack.environment
        client = stripe.StripeClient(
            Path(told["FYNLO_STRIPE_TEST_SECRET_KEY_FILE"]).read_text(),
            stripe_version="2023-10-16",
            base_addresses={"api": told["FYNLO_STRIPE_API_BASE"]},
        )
        return cls(client)

    def charge(self) -> float:
        """Seconds that the provider takes for a charge when nobody is in between."""
        began = time.perf_counter()
        self.client.v1.payment_intents.create(
            {
                "amount": 1000,
                "currency": "gbp",
                "payment_method": CARD["payment_method"],
                "confirm": True,
                "expand": ["latest_charge"],
            }
        )
        return time.perf_counter() - began


def charge(tills: Sequence[LoadTill], dishes: Dishes, payments: int) -> list[float]:
    """Seconds of each card payment, all tills at once, each its own orders."""
    with ThreadPoolExecutor(len(tills)) as pool:
        took = pool.map(lambda till: _charges(till, dishes, payments // len(tills)), tills)
        return [seconds for one in took for seconds in one]


def roll_back(till: LoadTill, dishes: Dishes, count: int) -> list[float]:
    """Seconds until an order that was paid in cash and by two cards is given back whole."""
    took = []
    for _ in range(count):
        order = expect(till.create_order([(dish, 2) for dish in dishes[:3]]), 201).body
        due = order["totals"]["due"]
        third = {**due, "amount": due["amount"] // 3}
        rest = {**due, "amount": due["amount"] - 2 * third["amount"]}
        expect(till.pay_cash(order["id"], third, complete=False), 201)
        for amount in (third, rest):
            expect(_pay(till, order["id"], amount), 201)
        reply = till.write(f"/orders/{order['id']}:rollback-payments", {"id": uuid7(), "reason": "Load test"})
        expect(reply, 200)
        took.append(reply.took_s)
    return took


def _charges(till: LoadTill, dishes: Dishes, count: int) -> list[float]:
    took = []
    for _ in range(count):
        order = expect(till.create_order([(dish, 1) for dish in dishes[:2]]), 201).body
        reply = expect(_pay(till, order["id"], order["totals"]["due"], complete=True), 201)
        took.append(reply.took_s)
    return took


def _pay(till: LoadTill, order_id: str, amount: Mapping[str, Any], *, complete: bool = False) -> Any:
    wish = {"id": uuid7(), "method": "stripe", "amount": amount, "details": CARD, "complete": complete}
    return till.write(f"/orders/{order_id}/payments", wish)
