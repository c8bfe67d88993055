"""One topic in this process: its position, its latest frames and who listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .client_messages import Position
from .fan_out import write_to_all

__all__ = ["CatchUp", "Entry", "Recovery", "Topic", "how_to_recover", "is_just_ahead", "replayable"]

Listener = TypeVar("Listener")

RING_FRAMES = 512
RING_BYTES = 256 * 1024
REPLAY_EVENTS = 1000
REPLAY_BYTES = 1024 * 1024

Entry = tuple[int, bytes]  # offset, wire frame


@dataclass(slots=True)
class CatchUp:
    """A subscriber whose replay is on its way: live frames wait here for their turn."""

    join: int  # the position at which the live frames begin
    held: list[bytes] = field(default_factory=list)
    held_bytes: int = 0
    broken: bool = False  # the topic was restarted meanwhile

    def hold(self, frames: bytes) -> bool:
        """Keep live frames back; False when that is more than a replay may be."""
        self.held.append(frames)
        self.held_bytes += len(frames)
        return self.held_bytes <= REPLAY_BYTES

    def take(self) -> list[bytes]:
        """Hand over what was held."""
        frames, self.held, self.held_bytes = self.held, [], 0
        return frames

    def restart(self, join: int) -> None:
        """The numbering changed: what was held or is being fetched belongs to the past."""
        self.take()
        self.join, self.broken = join, True


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a subscriber gets from where it was to the join point."""

    recovered: bool
    frames: tuple[bytes, ...] = ()
    fetch_after: int | None = None  # to be read from the stream first


class Topic(Generic[Listener]):
    """A topic that the process reads. ``position`` is the offset of the last frame seen."""

    def __init__(self, name: str, position: int, recent: Sequence[Entry], now: float) -> None:
        self.name = name
        self.position = position
        self.live: dict[Listener, int] = {}  # each with its lane
        self.catching_up: dict[Listener, CatchUp] = {}
        self.spoke_at = now
        self.empty_since: float | None = now
        self._ring: deque[Entry] = deque()
        self._ring_bytes = 0
        self._written = 0  # bytes that went to every lane
        self._written_before: dict[Listener, int] = {}
        for entry in _contiguous_end(recent, position):
            self._keep(entry)

    def advance(self, entries: Sequence[Entry], now: float) -> bool:
        """Take in new frames; False when they do not continue where the topic stood."""
        if not _is_run(entries, self.position + 1):
            return False
        for entry in entries:
            self._keep(entry)
        self.position += len(entries)
        self.spoke_at = now
        return True

    def restart(self, position: int, now: float) -> None:
        """Stand at ``position`` with nothing remembered."""
        self.position = position
        self.spoke_at = now
        self._ring.clear()
        self._ring_bytes = 0

    def remembered_after(self, offset: int) -> tuple[bytes, ...] | None:
        """The frames from ``offset`` (exclusive) to the position, or None if some are gone."""
        count = self.position - offset
        if count > len(self._ring):
            return None
        return tuple(frame for at, frame in self._ring if at > offset)

    def go_live(self, listener: Listener, lane: int) -> None:
        """From now on this listener hears every frame at once."""
        self.live[listener] = lane
        self._written_before[listener] = self._written

    def fan_out(self, frames: bytes) -> list[tuple[Listener, bytes]]:
        """Write to every lane; what is left for those that have none, or did not take all, is returned."""
        late = [(listener, frames[taken:]) for listener, taken in write_to_all(self.live, frames)]
        self._written += len(frames)
        for listener, rest in late:
            self._written_before[listener] += len(rest)
        return late

    def drop(self, listener: Listener, now: float) -> int:
        """End this listener's subscription, if any; returns how many bytes went straight to it."""
        self.live.pop(listener, None)
        self.catching_up.pop(listener, None)
        if not self.live and not self.catching_up:
            self.empty_since = now
        return self._written - self._written_before.pop(listener, self._written)

    def _keep(self, entry: Entry) -> None:
        self._ring.append(entry)
        self._ring_bytes += len(entry[1])
        while len(self._ring) > RING_FRAMES or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self._ring.popleft()[1])


def is_just_ahead(topic: Topic[Listener], since: Position | None, epoch: str | None) -> bool:
    """Whether the client has seen a little more of this epoch than the topic holds."""
    if since is None or since.epoch != epoch:
        return False
    return 0 < since.offset - topic.position <= REPLAY_EVENTS


def how_to_recover(topic: Topic[Listener], since: Position | None, epoch: str) -> Recovery:
    """Decide at the join point. From now is always continuous; so is what the ring reaches."""
    if since is None:
        return Recovery(True)
    missed = topic.position - since.offset
    if since.epoch != epoch or missed < 0 or missed > REPLAY_EVENTS:
        return Recovery(False)
    frames = topic.remembered_after(since.offset)
    if frames is None:
        return Recovery(True, fetch_after=since.offset)
    return Recovery(True, frames) if _fits(frames) else Recovery(False)


def replayable(entries: Sequence[Entry], after: int, upto: int) -> Recovery:
    """Judge what the stream gave: all of ``after < offset <= upto`` and not too much, or no."""
    frames = tuple(frame for _, frame in entries)
    if len(entries) != upto - after or not _is_run(entries, after + 1):
        return Recovery(False)
    return Recovery(True, frames) if _fits(frames) else Recovery(False)


def _is_run(entries: Sequence[Entry], first: int) -> bool:
    return all(offset == first + place for place, (offset, _) in enumerate(entries))


def _contiguous_end(entries: Sequence[Entry], last: int) -> list[Entry]:
    run: list[Entry] = []
    for entry in reversed(entries):
        if entry[0] != last - len(run):
            break
        run.append(entry)
    return run[::-1]


def _fits(frames: Sequence[bytes]) -> bool:
    return len(frames) <= REPLAY_EVENTS and sum(map(len, frames)) <= REPLAY_BYTES
