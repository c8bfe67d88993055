"""What this process knows of its clients' connections and has yet to tell Odoo; no I/O."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from websockets.frames import CloseCode as WireCode
from websockets.protocol import Protocol

__all__ = ["Batch", "ConnectionLog", "Ending", "Opening", "Outcome", "outcome_of"]

SWEEP_S = 60.0
ANNOUNCE_S = 30 * 60.0
BATCH_RECORDS = 500
ENDINGS_MOST = 10_000
AGENT_MOST = 200
REASON_MOST = 120


@dataclass(frozen=True, slots=True)
class Opening:
    """Who connected, from where, and when (Unix seconds). Ids alone: Odoo knows the rest."""

    id: str
    employee: str
    device: str | None
    session: str | None
    address: str
    agent: str
    opened_at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the socket ended: ``by`` is ``client``, ``server`` or ``network``."""

    code: int
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a connection, and what went over it."""

    closed_at: float
    outcome: Outcome
    topics: int
    received: int
    bytes_sent: int
    replayed: int


@dataclass(slots=True)
class Batch:
    """Records on their way; given back when they could not be written."""

    announced: list[str] = field(default_factory=list)
    endings: list[bytes] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    swept_before: float | None = None


class ConnectionLog:
    """Collects in memory, bounded. Every record may be written twice: Odoo takes it once.

    A connection is announced, seen with all others in a sweep every ``SWEEP_S``, and ended. The
    ending repeats the announcement, so that it needs none before it.
    """

    def __init__(self, process: str, now: float) -> None:
        self.dropped = 0
        self.swept_at = now
        self._process = process
        self._announced_at = now
        self._open: dict[str, Opening] = {}
        self._unannounced: dict[str, None] = {}
        self._endings: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def waiting(self) -> int:
        """Records that are to be written."""
        return len(self._unannounced) + len(self._endings)

    def opened(self, opening: Opening) -> None:
        """A client signed in."""
        self._open[opening.id] = opening
        self._unannounced[opening.id] = None

    def closed(self, connection_id: str, ending: Ending) -> None:
        """A connection is over; one that never signed in is nobody's and not recorded."""
        opening = self._open.pop(connection_id, None)
        self._unannounced.pop(connection_id, None)
        if opening is not None:
            self._endings.append(self._record("closed", **_described(opening), **_summed_up(ending)))
            self._shed()

    def announce_again(self) -> None:
        """What was written before may be lost: tell of all open connections anew."""
        self._unannounced |= dict.fromkeys(self._open)

    def take(self, now: float) -> Batch:
        """The next records to write, ``BATCH_RECORDS`` besides the sweep; none when all is told."""
        batch = Batch()
        if now - self._announced_at >= ANNOUNCE_S:
            self._announced_at = now
            self.announce_again()
        batch.announced = list(islice(self._unannounced, BATCH_RECORDS))
        for name in batch.announced:
            del self._unannounced[name]
            batch.records.append(self._record("opened", **_described(self._open[name]), seen_at=now))
        while self._endings and len(batch.records) < BATCH_RECORDS:
            batch.endings.append(self._endings.popleft())
        batch.records += batch.endings
        if now - self.swept_at >= SWEEP_S:
            batch.swept_before, self.swept_at = self.swept_at, now
            batch.records += self._sweep(now)
        return batch

    def give_back(self, batch: Batch) -> None:
        """The batch may not have been written: it comes again, before what is newer."""
        still_open = [name for name in batch.announced if name in self._open]
        self._unannounced = dict.fromkeys(still_open) | self._unannounced
        self._endings.extendleft(reversed(batch.endings))
        if batch.swept_before is not None:
            self.swept_at = batch.swept_before
        self._shed()

    def _sweep(self, now: float) -> Iterator[bytes]:
        names = iter(self._open)
        while part := list(islice(names, BATCH_RECORDS)):
            yield self._record("seen", connections=part, seen_at=now)

    def _shed(self) -> None:
        """Drop the oldest endings; Odoo misses their connections at a later sweep."""
        while len(self._endings) > ENDINGS_MOST:
            self._endings.popleft()
            self.dropped += 1

    def _record(self, kind: str, **details: Any) -> bytes:
        return json.dumps({"kind": kind, "gateway": self._process, **details}, separators=(",", ":")).encode()


def outcome_of(protocol: Protocol) -> Outcome:
    """Who ended the connection, with which code and reason."""
    sent, received = protocol.close_sent, protocol.close_rcvd
    if received is not None and (sent is None or protocol.close_rcvd_then_sent):
        return Outcome(received.code, _printable(received.reason, REASON_MOST), "client")
    if sent is None:
        return Outcome(WireCode.ABNORMAL_CLOSURE, "", "network")
    if sent.code == WireCode.INTERNAL_ERROR and "keepalive" in sent.reason:
        return Outcome(sent.code, "no answer to pings", "network")
    return Outcome(sent.code, _printable(sent.reason, REASON_MOST), "server")


def _described(opening: Opening) -> dict[str, Any]:
    return {**asdict(opening), "agent": _printable(opening.agent, AGENT_MOST)}


def _summed_up(ending: Ending) -> dict[str, Any]:
    summary = asdict(ending)
    return {**summary.pop("outcome"), **summary}


def _printable(text: str, most: int) -> str:
    """What a client said of itself, cut and without control characters."""
    return "".join(char if char.isprintable() else " " for char in text[:most])
