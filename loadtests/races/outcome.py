"""What a race has shown: how many requests, how slow the slowest, and everything that was wrong."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtests.exchange import Reply
from loadtests.figures import percentile


class Restaurant(Protocol):
    """A running restaurant: where it answers, and its database to check the books in."""

    @property
    def url(self) -> str: ...

    def sql(self, query: str) -> str: ...


@dataclass
class Outcome:
    """Faults are sentences; a race without any is won."""

    name: str
    replies: list[Reply] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, reply: Reply) -> Reply:
        with self._lock:
            self.replies.append(reply)
        return reply

    def check(self, holds: bool, sentence: str) -> None:
        """Notes the sentence when what it denies does not hold."""
        if not holds:
            with self._lock:
                self.faults.append(sentence)

    @property
    def slowest_ms(self) -> float:
        return max((reply.took_s for reply in self.replies), default=0) * 1000

    def line(self) -> str:
        p95 = percentile([reply.took_s for reply in self.replies], 0.95) * 1000
        faults = f"{len(self.faults)} faults" if self.faults else "no fault"
        return f"{self.name}: {len(self.replies)} requests, p95 {p95:.0f} ms, max {self.slowest_ms:.0f} ms, {faults}"


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs all acts in threads that start in the same instant; returns what they return, in their order."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def quoted(ids: Sequence[str]) -> str:
    """UUIDs of ours as the inside of an SQL ``IN (…)``."""
    return ", ".join(f"'{uuid}'" for uuid in ids)
