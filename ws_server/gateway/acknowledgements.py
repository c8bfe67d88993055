"""Critical topics: what a client has not acknowledged in time is sent again, and at last it is sent away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .topic import Topic

__all__ = ["Acknowledgements", "Overdue"]

Listener = TypeVar("Listener", bound=Hashable)


@dataclass(slots=True)
class _Debt:
    acknowledged: int
    since: float | None = None  # when something was first seen to be owed
    sent_again: int = 0


@dataclass(frozen=True, slots=True)
class Overdue(Generic[Listener]):
    """What one listener owes: ``frames`` are to be sent again, or it is to be sent away when None."""

    listener: Listener
    frames: tuple[bytes, ...] | None


class Acknowledgements(Generic[Listener]):
    """Only for listeners that said they acknowledge; others are never asked."""

    def __init__(self, kinds: Collection[str], within_s: float, attempts: int) -> None:
        self._kinds = frozenset(kinds)
        self._within_s = within_s
        self._attempts = attempts
        self._debts: defaultdict[str, dict[Listener, _Debt]] = defaultdict(dict)

    def begin(self, listener: Listener, topic: str, offset: int) -> None:
        """Expect acknowledgements of what follows ``offset``, if the topic is a critical one."""
        if topic.rpartition(".")[2] in self._kinds:
            self._debts[topic][listener] = _Debt(offset)

    def end(self, listener: Listener, topic: str) -> None:
        """Expect no more of them; safe to repeat."""
        if topic in self._debts:
            self._debts[topic].pop(listener, None)
            if not self._debts[topic]:
                del self._debts[topic]

    def acknowledged(self, listener: Listener, topic: str, offset: int) -> None:
        """Everything up to ``offset`` was applied."""
        debt = self._debts.get(topic, {}).get(listener)
        if debt is not None and offset > debt.acknowledged:
            debt.acknowledged, debt.since, debt.sent_again = offset, None, 0

    def restart(self, topic: str, position: int) -> None:
        """The topic's numbering changed: what was owed belongs to the past."""
        for listener in self._debts.get(topic, {}):
            self._debts[topic][listener] = _Debt(position)

    def overdue(self, topics: Mapping[str, Topic[Listener]], now: float) -> list[Overdue[Listener]]:
        """What is to be done now; each is told of once every ``within_s``."""
        found = []
        for name, debts in self._debts.items():
            topic = topics.get(name)
            if topic is None:
                continue
            for listener, debt in debts.items():
                if self._is_overdue(debt, topic, listener, now):
                    found.append(Overdue(listener, self._frames(debt, topic)))
        return found

    def _is_overdue(self, debt: _Debt, topic: Topic[Listener], listener: Listener, now: float) -> bool:
        if debt.acknowledged >= topic.position or listener not in topic.live:
            debt.since = None
            return False
        if debt.since is None:
            debt.since = now
        if now - debt.since < self._within_s:
            return False
        debt.since = now
        return True

    def _frames(self, debt: _Debt, topic: Topic[Listener]) -> tuple[bytes, ...] | None:
        if debt.sent_again >= self._attempts:
            return None
        debt.sent_again += 1
        return topic.remembered_after(debt.acknowledged)
