"""How many requests of the same mix a full server answers: ours and stock in turns, sixteen tills without a pause."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from loadtests.exchange import Reply, expect
from loadtests.load_till import LoadTill, Wish
from loadtests.stock_till import StockTill, check

#: Hands every reply back and says whether there is time for another request.
Round = Callable[[Callable[[Reply], Reply]], None]


@dataclass
class Throughput:
    """What one side answered while all its tills were at work."""

    seconds: float = 0.0
    took_s: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.took_s) / self.seconds

    def heard(self, reply: Reply) -> Reply:
        with self._lock:
            self.took_s.append(reply.took_s)
        return reply


def saturate(
    tills: Sequence[LoadTill],
    stock: Sequence[StockTill],
    dishes: Sequence[Mapping[str, Any]],
    turns: int,
    seconds: float,
) -> tuple[Throughput, Throughput]:
    """Ours and stock, turn by turn: create with three lines, add, add, pay."""
    few: list[Wish] = [(dish, 1) for dish in dishes[:3]]
    more: list[Wish] = [(dish, 1) for dish in dishes[3:5]]
    ours, theirs = Throughput(), Throughput()
    our_rounds = [_our_round(till, few, more) for till in tills]
    stock_rounds = [_stock_round(till, few, more) for till in stock]
    for _ in range(turns):
        _work(ours, our_rounds, seconds)
        _work(theirs, stock_rounds, seconds)
    return ours, theirs


def _work(throughput: Throughput, rounds: Sequence[Round], seconds: float) -> None:
    """All tills at once; what was begun in time is finished and counts."""
    began = time.monotonic()

    def work(one: Round) -> None:
        while time.monotonic() - began < seconds:
            one(throughput.heard)

    with ThreadPoolExecutor(len(rounds)) as pool:
        list(pool.map(work, rounds))
    throughput.seconds += time.monotonic() - began


def _our_round(till: LoadTill, few: Sequence[Wish], more: Sequence[Wish]) -> Round:
    def sell(heard: Callable[[Reply], Reply]) -> None:
        order = expect(heard(till.create_order(few)), 201).body
        for wish in more:
            order = expect(heard(till.add_lines(order, [wish])), 200).body["order"]
        expect(heard(till.pay_cash(order["id"], order["totals"]["due"])), 201)

    return sell


def _stock_round(till: StockTill, few: Sequence[Wish], more: Sequence[Wish]) -> Round:
    def sell(heard: Callable[[Reply], Reply]) -> None:
        draft, wishes = till.order_in(heard(till.create_draft(few))), list(few)
        for wish in more:
            check(heard(till.add_lines(draft, wishes, [wish])))
            wishes.append(wish)
        check(heard(till.pay(draft, wishes)))

    return sell
