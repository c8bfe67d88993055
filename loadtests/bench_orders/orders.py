"""Orders and payments: ours by REST, stock's by ``sync_from_ui``, with the same dishes in the same quantities."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loadtests.contest import Contestant
from loadtests.exchange import Reply, expect
from loadtests.load_till import LoadTill, Wish
from loadtests.stock_till import StockTill, check

CREATED = 201


class Desk:
    """Our till and stock's two, and what they sell."""

    def __init__(
        self, till: LoadTill, real_time: StockTill, closing: StockTill, dishes: Sequence[Mapping[str, Any]]
    ) -> None:
        self._till = till
        self._real_time = real_time
        self._closing = closing
        self._dishes = dishes

    def contestants(self) -> list[Contestant]:
        """In the order in which they take turns: ours beside what it is compared with."""
        few, many = self._wishes(3), self._wishes(10)
        return [
            Contestant("ours: create, 3 lines", lambda: lambda: self._create(few)),
            Contestant("stock: create, 3 lines", lambda: lambda: check(self._real_time.create_draft(few))),
            Contestant("ours: create, 10 lines", lambda: lambda: self._create(many)),
            Contestant("stock: create, 10 lines", lambda: lambda: check(self._real_time.create_draft(many))),
            Contestant("ours: add a line", lambda: self._add_line(few, many[3:4])),
            Contestant("stock: add a line", lambda: _add_line_in_stock(self._real_time, few, many[3:4])),
            Contestant("ours: change a quantity", lambda: self._change_quantity(few)),
            Contestant("stock: change a quantity", lambda: _change_quantity_in_stock(self._real_time, few)),
            Contestant("ours: pay + complete, one request", lambda: self._pay_and_complete(few)),
            Contestant("ours: pay, then complete", lambda: self._pay_then_complete(few)),
            Contestant("stock: pay, real-time stock", lambda: _pay_stock(self._real_time, few)),
            Contestant("stock: pay, stock at closing", lambda: _pay_stock(self._closing, few)),
        ]

    def _wishes(self, lines: int) -> list[Wish]:
        return [(dish, 1 + place % 2) for place, dish in enumerate(self._dishes[:lines])]

    def _create(self, wishes: Sequence[Wish]) -> Reply:
        return expect(self._till.create_order(wishes), CREATED)

    def _add_line(self, wishes: Sequence[Wish], more: Sequence[Wish]) -> Callable[[], Reply]:
        order = self._create(wishes).body
        return lambda: expect(self._till.add_lines(order, more), 200)

    def _change_quantity(self, wishes: Sequence[Wish]) -> Callable[[], Reply]:
        order = self._create(wishes).body
        return lambda: expect(self._till.change_quantity(order, order["lines"][0]["id"], 1), 200)

    def _pay_and_complete(self, wishes: Sequence[Wish]) -> Callable[[], Reply]:
        order = self._create(wishes).body
        return lambda: expect(self._till.pay_cash(order["id"], order["totals"]["due"]), CREATED)

    def _pay_then_complete(self, wishes: Sequence[Wish]) -> Callable[[], Reply]:
        order = self._create(wishes).body

        def both() -> Reply:
            expect(self._till.pay_cash(order["id"], order["totals"]["due"], complete=False), CREATED)
            return expect(self._till.complete(order["id"]), 200)

        return both


def _add_line_in_stock(till: StockTill, wishes: Sequence[Wish], more: Sequence[Wish]) -> Callable[[], Reply]:
    draft = till.order_in(till.create_draft(wishes))
    return lambda: check(till.add_lines(draft, wishes, more))


def _change_quantity_in_stock(till: StockTill, wishes: Sequence[Wish]) -> Callable[[], Reply]:
    draft = till.order_in(till.create_draft(wishes))
    return lambda: check(till.change_quantity(draft, wishes, 1))


def _pay_stock(till: StockTill, wishes: Sequence[Wish]) -> Callable[[], Reply]:
    draft = till.order_in(till.create_draft(wishes))
    return lambda: check(till.pay(draft, wishes))
