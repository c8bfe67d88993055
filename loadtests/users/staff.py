"""A member of staff on a busy evening: seven things they do at the till, and a change of shift now and then."""

import random
from typing import Any

from locust import between, task

from loadtests.load_till import lines_of, order_of
from loadtests.users.desk import DeskUser
from scripts.till.identifiers import uuid7

MOST_OPEN = 4
OPEN_TICKETS = "/kitchen/tickets?state=open&limit=20"


class Staff(DeskUser):
    """Looks, sells, takes money, works in the kitchen, asks who is signed in, reads the X report.

    Thinks two seconds between two actions, as people do: a hundred of them make about fifty requests a second.
    """

    wait_time = between(1.0, 3.0)

    def on_start(self) -> None:
        self._etag = ""
        self._open: list[dict[str, Any]] = []
        self._tables: list[str] = []
        self._session = ""
        super().on_start()

    def on_stop(self) -> None:
        """Goes home; the session ends."""
        self._sign_out()

    @task(6)
    def browse_menu(self) -> None:
        """The menu, unless it is still the one we know."""
        known = {"If-None-Match": self._etag} if self._etag else {}
        self._etag = self.read("/menu", "menu", **known).headers.get("ETag", "")

    @task(8)
    def add_to_order(self) -> None:
        """A new order at a table, or one line more on one of ours."""
        wishes = [(dish, random.randint(1, 3)) for dish in random.sample(self.dishes, random.randint(1, 4))]
        if len(self._open) < MOST_OPEN and (not self._open or random.random() < 0.5):
            seated = {"table_id": random.choice(self._tables), "guests": 2} if self._tables else {}
            answer = self.write("/orders", {**order_of(wishes), **seated}, "create order")
            if answer:
                self._open.append(answer)
            return
        order = random.choice(self._open)
        edits = [{"op_id": uuid7(), "type": "add_line", "line": line} for line in lines_of(wishes[:1])]
        body = {"base_version": order["version"], "operations": edits}
        answer = self.write(f"/orders/{order['id']}/operations", body, "add a line")
        order.update(answer.get("order", {}))

    @task(5)
    def pay(self) -> None:
        """What is due of the oldest order, in cash."""
        if not self._open:
            return
        order = self._open.pop(0)
        due = order["totals"]["due"]
        wish = {"id": uuid7(), "method": "cash", "amount": due, "tendered": due, "complete": True}
        self.write(f"/orders/{order['id']}/payments", wish, "pay + complete")

    @task(4)
    def look_at_tables(self) -> None:
        """How the tables stand; the floors once."""
        if not self._tables:
            floors = self.read("/floors", "floors")
            if floors.status_code == 200:
                self._tables = [table["id"] for floor in floors.json()["items"] for table in floor["tables"]]
        self.read("/tables/status", "tables")

    @task(4)
    def work_in_kitchen(self) -> None:
        """Sends one of our orders, and reads what the kitchen has to do."""
        if self._open:
            order = random.choice(self._open)
            answer = self.write(f"/orders/{order['id']}:send", {}, "send to kitchen")
            order["version"] = max(order["version"], answer.get("order", order)["version"])
        self.read(OPEN_TICKETS, "kitchen tickets")

    @task(2)
    def look_who_is_signed_in(self) -> None:
        """What a till asks when somebody takes it up."""
        self.read("/auth/me", "who is signed in")

    @task(1)
    def read_report(self) -> None:
        """The X report of the till session."""
        if not self._session:
            current = self.read("/till-sessions/current", "till session")
            self._session = current.json()["id"] if current.status_code == 200 else ""
        if self._session:
            self.read(f"/till-sessions/{self._session}/report?kind=x", "X report")

    @task(1)
    def change_shift(self) -> None:
        """Signs out and in again."""
        self._sign_out()
        self.sign_in()

    def _sign_out(self) -> None:
        self.write("/auth/logout", {}, "sign out")
