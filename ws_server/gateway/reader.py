"""The one reader of a process: waits on all its streams at once and hands on what comes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from ..backoff import Backoff
from ..stream_keys import entry_id, offset_of
from .hub import Hub
from .metrics import Metrics
from .permissions import parse_change
from .revocations import REMEMBER_S, parse_revocation
from .stream_store import Reading, StreamStore, Unavailable
from .wire_frame import text_frame, written_at

__all__ = ["Reader"]

BLOCK_MS = 1000
HEARTBEAT_S = 2.0
STALE_S = 6.0

_logger = logging.getLogger(__name__)


class Reader:
    """Moves the hub's topics forward; survives every loss of Redis."""

    def __init__(
        self,
        store: StreamStore,
        hub: Hub,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._hub = hub
        self._metrics = metrics
        self._clock = clock
        self._after: dict[str, bytes | str] = {}  # of our own streams, not the topics
        self._beat_seen_at = float("-inf")
        self._relay_seen_at = float("-inf")

    @property
    def age_s(self) -> float:
        """Seconds since a heartbeat came through: how long the reader may have been deaf."""
        return self._clock() - self._beat_seen_at

    @property
    def relay_age_s(self) -> float:
        """Seconds since the relay's last heartbeat."""
        return self._clock() - self._relay_seen_at

    def moves(self) -> bool:
        """Whether the reader proved within the last seconds that it hears."""
        return self.age_s < STALE_S

    async def run(self) -> None:
        """Read for ever."""
        backoff = Backoff(most_s=2.0)
        while True:
            try:
                await self._attach()
                while True:
                    await self._step()
                    backoff.reset()
            except (RedisError, OSError, Unavailable) as error:
                delay = backoff.next_s()
                self._metrics.count("fynlo_ws_reader_errors_total")
                _logger.warning("reader lost redis", extra={"error": str(error), "retry_s": delay})
                await asyncio.sleep(delay)

    async def beat(self) -> None:
        """Write heartbeats for ever; the reader seeing them is what readiness means."""
        while True:
            try:
                await self._store.beat()
            except (RedisError, OSError) as error:
                _logger.debug("heartbeat not written", extra={"error": str(error)})
            await asyncio.sleep(HEARTBEAT_S)

    async def _attach(self) -> None:
        """Find out what changed while we were away."""
        keys = self._store.keys
        heard = await self._store.last_heartbeat()
        if await self._store.epoch() != self._hub.epoch:
            await self._hub.restart()
        since_ms = int((time.time() - REMEMBER_S) * 1000)
        self._after = {
            keys.heartbeat: heard,
            keys.control: self._after.get(keys.control, entry_id(since_ms)),
            self._store.wake_key: self._after.get(self._store.wake_key, "0-0"),
        }
        await self._store.beat()  # heard in the first step: ready as soon as we truly are

    async def _step(self) -> None:
        keys = self._store.keys
        positions = {keys.topic(n): entry_id(t.position) for n, t in self._hub.topics.items()}
        epoch = self._hub.epoch
        reading = await self._store.read({**self._after, **positions}, BLOCK_MS)
        for own in self._after:
            if reading.get(own):
                self._after[own] = reading[own][-1][0]
        reading.pop(self._store.wake_key, None)
        self._obey(reading.pop(keys.control, []))
        if self._notice_heartbeats(reading.pop(keys.heartbeat, [])):
            # What else came may be numbered anew: look again from where the topics stand then.
            await self._hub.restart()
        elif epoch == self._hub.epoch:
            self._deliver(reading)

    def _notice_heartbeats(self, beats: list[tuple[bytes, bytes]]) -> bool:
        """Note the signs of life; whether the relay speaks of another epoch."""
        epoch = self._hub.epoch
        for _, raw in beats:
            self._beat_seen_at = self._clock()
            relay_epoch = _relay_epoch(raw)
            if relay_epoch is not None:
                self._relay_seen_at = self._clock()
                epoch = relay_epoch
        return epoch != self._hub.epoch

    def _obey(self, entries: list[tuple[bytes, bytes]]) -> None:
        for _, frame in entries:
            if (revocation := parse_revocation(frame)) is not None:
                self._hub.revoke(revocation)
            elif (change := parse_change(frame)) is not None:
                self._hub.narrow(change)

    def _deliver(self, reading: Reading) -> None:
        for key, entries in reading.items():
            frames = [(offset_of(raw_id), text_frame(payload)) for raw_id, payload in entries]
            self._hub.deliver(self._store.keys.topic_of(key), frames)
            self._note_ages([payload for _, payload in entries])

    def _note_ages(self, events: list[bytes]) -> None:
        """How old each event was when its last client had it."""
        now = time.time()
        for event in events:
            at = written_at(event)
            if at is not None:
                self._metrics.observe("fynlo_ws_delivery_latency_seconds", now - at)


def _relay_epoch(beat: bytes) -> str | None:
    """The epoch a relay's heartbeat names; None for a gateway's."""
    try:
        said = json.loads(beat)
    except ValueError:
        return None
    epoch = said.get("epoch") if isinstance(said, dict) else None
    return epoch if isinstance(epoch, str) else None
