"""A service from the first order to the posted books, and everything that was wrong with it."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from loadtests.books import SessionBooks, await_posted, close_till, session_books
from loadtests.exchange import Reply, expect
from loadtests.figures import percentile
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Restaurant
from loadtests.service.waiter import Waiter

ALL = "all requests"


@dataclass
class Shift:
    """What the waiters heard, and what the books say."""

    heard: list[tuple[str, Reply]]
    seconds: float
    orders: int
    taken: int
    closing: Reply
    posting_s: float
    books: SessionBooks
    faults: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[Reply]:
        return [reply for _name, reply in self.heard if reply.status not in {200, 201, 304}]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.heard) / self.seconds

    def milliseconds(self) -> dict[str, list[float]]:
        """How long the requests took, by their name, all of them first."""
        took: dict[str, list[float]] = {ALL: []}
        for name, reply in self.heard:
            for group in (ALL, name):
                took.setdefault(group, []).append(reply.took_s * 1000)
        return took

    def rows(self) -> list[list[str]]:
        return [
            [name, str(len(took)), *(f"{percentile(took, share):.0f}" for share in (0.5, 0.95)), f"{max(took):.0f}"]
            for name, took in self.milliseconds().items()
        ]


def serve(
    restaurant: Restaurant, tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], seconds: float
) -> Shift:
    """All tills work for so long on one location; then its till is closed and posted. The drawer must be fresh."""
    floors = expect(tills[0].read("/floors"), 200).body["items"]
    tables = [table["id"] for floor in floors for table in floor["tables"]]
    waiters = [Waiter(till, dishes, tables, random.Random(number)) for number, till in enumerate(tills)]
    with ThreadPoolExecutor(len(waiters)) as pool:
        list(pool.map(lambda waiter: waiter.work(seconds), waiters))
    taken = {order: paid for waiter in waiters for order, paid in waiter.taken.items()}
    total = sum(taken.values())
    heard = [entry for waiter in waiters for entry in waiter.heard]
    session, closing = close_till(tills[0], total)
    posting_s = await_posted(tills[0], session)
    books = session_books(restaurant, session["id"])
    shift = Shift(heard, seconds, len(taken), total, closing, posting_s, books)
    shift.faults += books.faults(len(taken), total)
    shift.faults += [f"{reply.status}: {reply.raw[:200]!r}" for reply in shift.failures]
    return shift
