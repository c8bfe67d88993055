"""A waiter at a till: looks at the menu, takes orders, takes cash, looks for an order."""

import random
from typing import Any

from locust import between, task

from loadtests.load_till import order_of
from loadtests.users.desk import DeskUser
from scripts.till.identifiers import uuid7


class Waiter(DeskUser):
    """One of the scene's tills. Thinks a quarter of a second, as sixteen tills at about 50 requests a second do."""

    wait_time = between(0.15, 0.35)

    def on_start(self) -> None:
        self._etag = ""
        self._open: list[dict[str, Any]] = []
        super().on_start()

    @task(4)
    def order(self) -> None:
        """A new order of three dishes."""
        dishes = random.sample(self.dishes, 3)
        answer = self.write("/orders", order_of([(dish, random.randint(1, 3)) for dish in dishes]), "create order")
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
        if self.write(f"/orders/{order['id']}/payments", wish, "pay") and not at_once:
            self.write(f"/orders/{order['id']}:complete", {}, "complete")

    @task(3)
    def look_at_menu(self) -> None:
        """The menu, unless it is still the one we know."""
        known = {"If-None-Match": self._etag} if self._etag else {}
        self._etag = self.read("/menu", "menu", **known).headers.get("ETag", "")

    @task(2)
    def look_for_orders(self) -> None:
        """The open orders, and one of them."""
        self.read("/orders?state=open&limit=20", "list orders")
        if self._open:
            self.read(f"/orders/{self._open[0]['id']}", "one order")
