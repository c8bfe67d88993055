"""A waiter for a whole service: takes orders at tables, adds to them, sends, takes cash, and looks things up."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.exchange import Reply
from loadtests.load_till import LoadTill, Wish, order_of

#: Sixteen waiters who think so long make about fifty requests a second.
THINKING_S = (0.15, 0.40)
MOST_OPEN = 4


@dataclass
class Waiter:
    """One till; remembers what it was told, so that the books can be checked against it."""

    till: LoadTill
    dishes: Sequence[Mapping[str, Any]]
    tables: Sequence[str]
    dice: random.Random
    #: Name of the request and its reply, in the order of asking.
    heard: list[tuple[str, Reply]] = field(default_factory=list)
    #: Completed orders: id and what was paid.
    taken: dict[str, int] = field(default_factory=dict)
    _open: list[dict[str, Any]] = field(default_factory=list)
    _etag: str = ""

    def work(self, seconds: float) -> None:
        """Works for so long, then takes the money for what is still open."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._next_act()()
            time.sleep(self.dice.uniform(*THINKING_S))
        while self._open:
            self._take_cash()

    def _next_act(self) -> Callable[[], object]:
        if len(self._open) >= MOST_OPEN:
            return self._take_cash
        acts: dict[Callable[[], object], int] = {self._order: 4, self._look_at_menu: 3, self._look_around: 3}
        if self._open:
            acts |= {self._edit: 4, self._send: 2, self._take_cash: 3, self._look_at_order: 2}
        return self.dice.choices(list(acts), weights=list(acts.values()))[0]

    def _order(self) -> None:
        body = order_of(self._wishes(self.dice.randint(1, 5)))
        body |= {"table_id": self.dice.choice(self.tables), "guests": self.dice.randint(1, 6)}
        reply = self._ask("create order", lambda: self.till.write("/orders", body))
        if reply.status == 201:
            self._open.append(reply.body)

    def _edit(self) -> None:
        order = self.dice.choice(self._open)
        if self.dice.random() < 0.6:
            reply = self._ask("add a line", lambda: self.till.add_lines(order, self._wishes(1)))
        else:
            line = self.dice.choice(order["lines"])
            reply = self._ask("change a quantity", lambda: self.till.change_quantity(order, line["id"], 1))
        if reply.status == 200:
            order.update(reply.body["order"])

    def _send(self) -> None:
        order = self.dice.choice(self._open)
        reply = self._ask("send", lambda: self.till.write(f"/orders/{order['id']}:send"))
        if reply.status == 200:
            order["version"] = max(order["version"], reply.body["order"]["version"])

    def _take_cash(self) -> None:
        order = self._open.pop(0)
        due = order["totals"]["due"]
        reply = self._ask("pay + complete", lambda: self.till.pay_cash(order["id"], due))
        if reply.status == 201:
            self.taken[order["id"]] = reply.body["amount"]["amount"]

    def _look_at_menu(self) -> None:
        known = {"If-None-Match": self._etag} if self._etag else {}
        reply = self._ask("menu", lambda: self.till.read("/menu", **known))
        self._etag = reply.headers.get("ETag", "")

    def _look_around(self) -> None:
        name, path = self.dice.choice(
            [
                ("floors", "/floors"),
                ("open orders", "/orders?state=open&limit=20"),
                ("kitchen tickets", "/kitchen/tickets?limit=20"),
                ("till session", "/till-sessions/current"),
            ]
        )
        self._ask(name, lambda: self.till.read(path))

    def _look_at_order(self) -> None:
        self._ask("one order", lambda: self.till.read(f"/orders/{self._open[0]['id']}"))

    def _wishes(self, lines: int) -> list[Wish]:
        return [(dish, self.dice.randint(1, 3)) for dish in self.dice.sample(list(self.dishes), lines)]

    def _ask(self, name: str, request: Callable[[], Reply]) -> Reply:
        reply = request()
        self.heard.append((name, reply))
        return reply
