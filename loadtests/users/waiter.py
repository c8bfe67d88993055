"""A waiter at a till: looks at the menu, takes orders, takes cash, looks for an order."""

import itertools
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, task
from locust.exception import StopUser

from loadtests.load_till import order_of
from scripts.till.identifiers import uuid7

SCENE = "FYNLO_LOAD_SCENE"


def _scene() -> dict[str, Any]:
    return dict(json.loads(Path(os.environ[SCENE]).read_text()))


class Waiter(FastHttpUser):
    """One of the scene's tills. Thinks a quarter of a second, as sixteen tills at about 50 requests a second do."""

    wait_time = between(0.15, 0.35)
    _scene: dict[str, Any] = {}
    _tills: Iterator[Any] = iter(())

    def on_start(self) -> None:
        """Takes the next till of the scene and signs in; there are no more waiters than tills."""
        if not Waiter._scene:
            Waiter._scene = _scene()
            Waiter._tills = itertools.chain(Waiter._scene["tills"])
        till = next(Waiter._tills, None)
        if till is None:
            raise StopUser
        body = {"employee_id": till["employee_id"], "pin": self._scene["pin"]}
        key = {"Authorization": f"Device {till['device_key']}"}
        with self.client.post("/api/v1/auth/pin", json=body, headers=key, name="sign in") as answer:
            self._token = answer.json()["access_token"]
        self._etag = ""
        self._open: list[dict[str, Any]] = []

    @task(4)
    def order(self) -> None:
        """A new order of three dishes."""
        dishes = random.sample(self._scene["dishes"], 3)
        answer = self._write("/orders", order_of([(dish, random.randint(1, 3)) for dish in dishes]), "create order")
        if answer:
            self._open.append(answer)

    @task(4)
    def take_cash(self) -> None:
        """Payment of the oldest open order, completed at once; every fifth time in a request of its own."""
        if not self._open:
            return
        order = self._open.pop(0)
        due, at_once = order["totals"]["due"], random.random() < 0.8
        wish = {"id": uuid7(), "method": "cash", "amount": due, "tendered": due, "complete": at_once}
        if self._write(f"/orders/{order['id']}/payments", wish, "pay") and not at_once:
            self._write(f"/orders/{order['id']}:complete", {}, "complete")

    @task(3)
    def look_at_menu(self) -> None:
        """The menu, unless it is still the one we know."""
        known = {"If-None-Match": self._etag} if self._etag else {}
        with self.client.get("/api/v1/menu", headers=self._signed(known), name="menu", catch_response=True) as answer:
            if answer.status_code in {200, 304}:
                self._etag = answer.headers.get("ETag", "")
                answer.success()

    @task(2)
    def look_for_orders(self) -> None:
        """The open orders, and one of them."""
        self.client.get("/api/v1/orders?state=open&limit=20", headers=self._signed(), name="list orders")
        if self._open:
            self.client.get(f"/api/v1/orders/{self._open[0]['id']}", headers=self._signed(), name="one order")

    def _write(self, path: str, body: dict[str, Any], name: str) -> dict[str, Any]:
        """The answer's body; empty when it was refused, which Locust counts as a failure."""
        headers = self._signed({"Idempotency-Key": uuid7()})
        with self.client.post(f"/api/v1{path}", json=body, headers=headers, name=name) as answer:
            return dict(answer.json()) if answer.status_code in {200, 201} else {}

    def _signed(self, headers: dict[str, str] | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", **(headers or {})}
