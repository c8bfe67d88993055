"""Charging guests of the live restaurant by its simulated providers, and what was really charged there."""

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from scripts.local.end_to_end import LiveRestaurant
from tests.e2e.caller import Caller, Reply, sign_in

DEADLINE_S = 60


class Simulator(Protocol):
    """A provider that can be made to keep callers waiting."""

    method: str
    details: Mapping[str, Any]

    def hang_before(self) -> None:
        """Let the next charge wait before anything is done."""

    def hang_after(self) -> None:
        """Let the next charge be done, and its answer wait."""

    def release(self) -> None: ...

    def charged(self, order_id: str) -> int:
        """What guests of the order were charged in all, in minor units."""

    def asked(self, order_id: str) -> int:
        """How many charges the provider knows of the order."""


class Bank:
    """The simulated bank; each guest agrees at once."""

    method = "open_banking"
    details: Mapping[str, Any] = {}

    def __init__(self, restaurant: LiveRestaurant) -> None:
        self._base, self._pid = restaurant.environment["FYNLO_TRUELAYER_ENVIRONMENT"], restaurant.pid("bank")
        self.behave("approve")

    def behave(self, name: str) -> None:
        assert _json(self._base, "POST", f"/simulator/behaviour/{name}") == {}

    def hang_before(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def hang_after(self) -> None:
        self.behave("hang")

    def release(self) -> None:
        os.kill(self._pid, signal.SIGCONT)
        self.behave("approve")

    def charged(self, order_id: str) -> int:
        return sum(one["amount_in_minor"] for one in self._of(order_id) if one["status"] in ("executed", "settled"))

    def asked(self, order_id: str) -> int:
        return len(self._of(order_id))

    def _of(self, order_id: str) -> list[dict[str, Any]]:
        payments = _json(self._base, "GET", "/simulator/payments")["items"]
        return [one for one in payments if one["metadata"]["order_uuid"] == order_id]


class Stripe:
    """The simulated Stripe; the card is good."""

    method = "stripe"
    details: Mapping[str, Any] = {"payment_method": "pm_card_visa"}

    def __init__(self, restaurant: LiveRestaurant) -> None:
        self._base = restaurant.environment["FYNLO_STRIPE_API_BASE"]
        self._key = Path(restaurant.environment["FYNLO_STRIPE_TEST_SECRET_KEY_FILE"]).read_text()
        self.release()

    def hang_before(self) -> None:
        self._fault("wait_before")

    def hang_after(self) -> None:
        self._fault("wait_after")

    def release(self) -> None:
        _json(self._base, "POST", "/_sim/faults", {"clear": True})

    def charged(self, order_id: str) -> int:
        return sum(one["amount_received"] for one in self._of(order_id))

    def asked(self, order_id: str) -> int:
        return len(self._of(order_id))

    def _fault(self, kind: str) -> None:
        fault = {"pattern": "^POST /v1/payment_intents$", "do": kind}
        _json(self._base, "POST", "/_sim/faults", {"add": [fault]})

    def _of(self, order_id: str) -> list[dict[str, Any]]:
        found, after = [], ""
        while True:
            page = _json(self._base, "GET", f"/v1/payment_intents?limit=100{after}", key=self._key)
            found += [one for one in page["data"] if one["metadata"].get("order_uuid") == order_id]
            if not page["has_more"]:
                return found
            after = f"&starting_after={page['data'][-1]['id']}"


SIMULATORS: dict[str, Callable[[LiveRestaurant], Simulator]] = {"bank": Bank, "stripe": Stripe}


@dataclass
class Counter:
    """A cashier with a till, a manager, and a dish to sell."""

    restaurant: LiveRestaurant
    cashier: Caller
    manager: Caller
    dish: str

    @classmethod
    def open(cls, restaurant: LiveRestaurant) -> "Counter":
        cashier, manager = sign_in(restaurant.url, restaurant.welcome(), "cashier", "manager")
        if manager("GET", "/till-sessions/current").status != 200:
            wish = {"id": str(uuid4()), "float": {"amount": 10_000, "currency": "GBP"}}
            assert manager("POST", "/till-sessions", wish).status == 201
        dishes = [
            variant
            for product in cashier("GET", "/menu").body["products"]
            for variant in product["variants"]
            if not product.get("modifier_group_ids") and variant["price"]["amount"]
        ]
        return cls(restaurant, cashier, manager, dishes[0]["id"])

    def order(self, dishes: int = 2) -> dict[str, Any]:
        line = {"id": str(uuid4()), "variant_id": self.dish, "quantity": str(dishes)}
        placed = self.cashier("POST", "/orders", {"id": str(uuid4()), "lines": [line]})
        assert placed.status == 201, placed.body
        return dict(placed.body)

    def read(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self.manager("GET", f"/orders/{order['id']}").body)

    def wish(self, order: Mapping[str, Any], simulator: Simulator, amount: int | None = None) -> dict[str, Any]:
        due = order["totals"]["due"]
        return {
            "id": str(uuid4()),
            "method": simulator.method,
            "amount": {**due, "amount": amount or due["amount"]},
            "details": simulator.details,
        }

    def pay(self, order: Mapping[str, Any], wish: Mapping[str, Any], key: str, caller: Caller | None = None) -> Reply:
        return (caller or self.cashier)("POST", f"/orders/{order['id']}/payments", wish, Idempotency_Key=key)

    def captured(self, order: Mapping[str, Any]) -> bool:
        """Whether all payments of the order are captured; those that are not are asked after."""
        payments = self.read(order)["payments"]
        waiting = [payment for payment in payments if payment["state"] != "captured"]
        for payment in waiting:
            self.cashier("POST", f"/payments/{payment['id']}:refresh")
        return bool(payments) and not waiting

    def recover(self) -> None:
        """Time goes by for payments whose outcome nobody told, and the job asks after them."""
        self.restaurant.sql(
            """UPDATE fynlo_payment SET next_look_at = now() AT TIME ZONE 'UTC', sent_at = sent_at - interval '5 min'
                WHERE state IN ('reserved', 'sent', 'unknown', 'action_required')"""
        )
        self.restaurant.call("fynlo.payment", "_cron_recover")

    def settled(self, order: Mapping[str, Any], simulator: Simulator) -> int:
        """What was paid; raises unless the order, the ledger and the provider agree on it and nothing is open."""
        totals = self.read(order)["totals"]
        entered = self.restaurant.sql(
            f"""SELECT coalesce(sum(entry.amount), 0) FROM fynlo_payment_entry entry
                  JOIN fynlo_payment payment ON payment.id = entry.payment_id
                  JOIN pos_order placed ON placed.id = payment.order_id
                 WHERE placed.uuid = '{order["id"]}' AND entry.account LIKE 'tender:%'"""
        )
        assert totals["reserved"]["amount"] == 0, totals
        assert int(entered) == totals["paid"]["amount"] == simulator.charged(order["id"]), totals
        return int(totals["paid"]["amount"])


def until(holds: Callable[[], object], what: str) -> None:
    """Returns when it holds; fails when it does not for a minute."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _json(base: str, method: str, path: str, body: object = None, key: str = "") -> Any:
    place = urlsplit(base)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        connection.request(method, path, json.dumps(body or {}) if method == "POST" else None, headers)
        response = connection.getresponse()
        assert response.status == 200, (method, path, response.status)
        return json.loads(response.read())
    finally:
        connection.close()
