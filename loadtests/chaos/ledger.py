"""What a listening till has applied: the places and events of its topics, in memory, to be compared at the end."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import time
from typing import Any

from scripts.till.change_feed import ChangeFeed, Mark
from scripts.till.event import Event, Place


@dataclass(frozen=True, slots=True)
class Applied:
    """An event at its place of a topic."""

    offset: int
    event_id: str


@dataclass
class Ledger:
    """Keeps to the rules of a real till's copy: a place moves with the state, REST where the stream cannot tell."""

    feed: ChangeFeed
    began: dict[str, Place] = field(default_factory=dict)
    applied: dict[str, list[Applied]] = field(default_factory=lambda: defaultdict(list))
    #: Events learnt of by REST, by topic.
    read: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: When each event was first known here.
    known_at: dict[str, float] = field(default_factory=dict)
    fresh_starts: int = 0
    _places: dict[str, Place] = field(default_factory=dict)
    _mark: Mark | None = None

    def place(self, topic: str) -> Place | None:
        """How far the topic has been applied."""
        return self._places.get(topic)

    def apply(self, event: Event, epoch: str) -> None:
        """Note the event."""
        self._places[event.topic] = Place(epoch, event.offset)
        self.applied[event.topic].append(Applied(event.offset, event.id))
        self.known_at.setdefault(event.id, event.heard_at)

    async def restore(self, topic: str, place: Place) -> None:
        """Read what was missed from the change feed. At the first time there is nothing that was missed."""
        if self._mark is None:
            self._mark = await self.feed.end()
        if topic in self._places:
            await self._catch_up()
        else:
            self.began[topic] = place
        self._places[topic] = place

    async def _catch_up(self) -> None:
        assert self._mark is not None
        changes = await self.feed.since(self._mark)
        if changes is None:  # a till would read the present state; here it would hide what was lost
            self.fresh_starts += 1
            return
        self._mark = changes.mark
        self._note(changes.items)

    def _note(self, changes: Iterable[Any]) -> None:
        moment = time()
        for change in changes:
            self.read[change["topic"]].add(change["event_id"])
            self.known_at.setdefault(change["event_id"], moment)
