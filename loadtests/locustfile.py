"""Many tills at once: each pairs, signs in, and then sells, reads the menu and looks orders up.

Against `make run`: scripts/fynlo python locust -f loadtests/locustfile.py --headless -u 10 -r 1 -t 1m
"""

import os
import random
import time
from typing import Any
from uuid import uuid4

from locust import HttpUser, between, task
from locust.exception import StopUser

from scripts.lunch.guests import Guest, tendered
from scripts.lunch.staff import LOCATIONS, Welcome
from scripts.till.menu import Menu

EARLY_S = 60


class TillUser(HttpUser):
    """One till with somebody behind it; it repeats a write under its key until that is answered."""

    wait_time = between(0.5, 2.0)
    host = os.environ.get("FYNLO_URL", "http://127.0.0.1:8069")
    attempts = 5

    def on_start(self) -> None:
        """Pair, sign in, read the menu."""
        self.dice = random.Random()
        self.welcome = Welcome.read()
        location = self.dice.choice(LOCATIONS)
        paired = self._pair(location)
        seller = self.dice.choice(self.welcome.sellers(location))
        employee = next(row for row in paired["employees"] if row["name"] == seller["name"])
        key = {"Authorization": f"Device {paired['device_key']}"}
        body = {"employee_id": employee["id"], "pin": seller["pin"]}
        self._accept(self._post("/auth/pin", body, headers=key))
        self.etag = ""
        self.read_menu()

    @task(10)
    def sell(self) -> None:
        """A whole sale: create, pay in cash, complete."""
        guest = Guest(0, self.dice.getrandbits(32))
        basket = guest.wishes(self.menu)
        order = self._write("/orders", basket.order())
        due = order["totals"]["due"]
        if due["amount"]:
            given = {**due, "amount": tendered(due["amount"], self.dice)}
            wish = {"id": str(uuid4()), "method": "cash", "amount": due, "tendered": given}
            self._write(f"/orders/{order['id']}/payments", wish, name="/orders/{id}/payments")
        self._write(f"/orders/{order['id']}:complete", {}, name="/orders/{id}:complete")

    @task(3)
    def price(self) -> None:
        """Ask for a price without ordering."""
        basket = Guest(0, self.dice.getrandbits(32)).wishes(self.menu)
        self._post("/orders:calculate", basket.order(), headers=self._signed())

    @task(3)
    def list_orders(self) -> None:
        """The latest orders of the location."""
        self.client.get("/api/v1/orders?limit=20", headers=self._signed(), name="/orders")

    @task(2)
    def read_menu(self) -> None:
        """Mostly a 304."""
        headers = {**self._signed(), "If-None-Match": self.etag}
        answer = self.client.get("/api/v1/menu", headers=headers, name="/menu")
        if answer.status_code == 200:
            self.etag = answer.headers["ETag"]
            self.menu = Menu.from_document(answer.json())

    # --- steps ---------------------------------------------------------------------------

    def _pair(self, location: str) -> dict[str, Any]:
        login = {"email": self.welcome.login, "password": self.welcome.password}
        token = self._post("/auth/login", {**login, "location_id": self.welcome.locations[location]})["access_token"]
        wish = {"location_id": self.welcome.locations[location], "name": "Locust"}
        code = self._post("/devices/pairing-codes", wish, headers={"Authorization": f"Bearer {token}"})["code"]
        return self._post("/devices/pair", {"code": code, "name": "Locust", "platform": "Locust", "app_version": "1"})

    def _accept(self, tokens: dict[str, Any]) -> None:
        self.tokens, self.renew_at = tokens, time.monotonic() + tokens["expires_in"] - EARLY_S

    def _signed(self) -> dict[str, str]:
        if time.monotonic() > self.renew_at:
            self._accept(self._post("/auth/refresh", {"refresh_token": self.tokens["refresh_token"]}))
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def _write(self, path: str, body: dict[str, Any], name: str = "") -> dict[str, Any]:
        return self._post(path, body, headers={**self._signed(), "Idempotency-Key": str(uuid4())}, name=name)

    def _post(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None, name: str = ""
    ) -> dict[str, Any]:
        for attempt in range(self.attempts):
            answer = self.client.post(f"/api/v1{path}", json=body, headers=headers, name=name or path)
            if answer.ok:
                told: dict[str, Any] = answer.json()
                return told
            if not (answer.status_code in {0, 429} or answer.status_code >= 500 or answer.status_code == 409):
                break
            time.sleep(float(answer.headers.get("Retry-After", 0)) + 0.2 * 2**attempt)
        raise StopUser(f"{path}: {answer.status_code} {answer.text[:200]}")
