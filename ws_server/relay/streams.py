"""The Redis side of the relay: adding events to streams and rebuilding them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..stream_keys import FRAME_FIELD, StreamKeys, entry_id, offset_of
from .event import CONTROL_TYPES, Event, event_id_in
from .trimming import Trimmer

__all__ = ["EpochLost", "StreamEnd", "Streams"]

Item = TypeVar("Item")

BATCH = 500
CONTROL_LENGTH = 10_000
HEARTBEAT_LENGTH = 100

_ALREADY_THERE = "equal or smaller"
_NO_STREAM = "no such key"
_NOT_A_STREAM = "WRONGTYPE"


class EpochLost(Exception):
    """Redis no longer holds the epoch this relay writes under: it was emptied or replaced."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Where a topic's stream stands. Without an ``event_id`` the entry at ``offset`` was trimmed."""

    offset: int
    event_id: str | None


class Streams:
    """Writes the topics' streams. Every method raises ``redis.RedisError`` when Redis is away."""

    def __init__(self, url: str, keys: StreamKeys, length: int) -> None:
        # No retry below us: the relay repairs from the database after any failed command.
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._keys = keys
        self._length = length
        self.without_data = 0

    def close(self) -> None:
        """Drop the connections."""
        self._redis.close()

    def trimmer(self) -> Trimmer:
        """What forgets old entries of these streams."""
        return Trimmer(self._redis, self._keys)

    def epoch(self) -> str | None:
        """The epoch Redis holds, if any."""
        raw = self._redis.get(self._keys.epoch)
        return raw.decode() if isinstance(raw, bytes) else None

    def append(self, events: Sequence[Event], epoch: str) -> None:
        """Add the events under their offsets; safe to repeat, all of a batch or none of it.

        Raises ``EpochLost``, with nothing of the batch added, when Redis holds another epoch: a
        relay that lost the lead without knowing cannot write into what its successor has begun.
        """
        for batch in _batches(events):
            with self._under(epoch) as pipe:
                for event in batch:
                    self._add(pipe, event)
                _raise_failures(pipe.execute(raise_on_error=False))

    def ends(self, topics: Iterable[str]) -> dict[str, StreamEnd]:
        """Where each topic's stream ends, trimmed or not; at 0 when there is none."""
        found: dict[str, StreamEnd] = {}
        wanted = sorted({*topics, *self._present_topics()})
        for part in _batches(wanted):
            pipe = self._redis.pipeline(transaction=False)
            for topic in part:
                pipe.xinfo_stream(self._keys.topic(topic))
            for topic, info in zip(part, pipe.execute(raise_on_error=False), strict=True):
                found[topic] = _end(info)
        return found

    def renew_epoch(self, topics: Iterable[str]) -> str:
        """Start a new epoch in which the streams of ``topics`` are empty; return its name.

        One transaction, announced in the heartbeat, so that no reader sees the new streams
        under the old epoch.
        """
        epoch = secrets.token_urlsafe(6)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(self._keys.epoch, epoch)
        for topic in topics:
            pipe.delete(self._keys.topic(topic))
        self._beat(pipe, epoch)
        pipe.execute()
        return epoch

    def mark_position(self, topic: str, offset: int, epoch: str) -> None:
        """Let an empty stream stand at ``offset``, as if older entries had been trimmed."""
        key, at = self._keys.topic(topic), entry_id(offset)
        with self._under(epoch) as pipe:
            pipe.xadd(key, {FRAME_FIELD: b""}, id=at)
            pipe.xdel(key, at)
            pipe.execute()

    def beat(self, epoch: str) -> None:
        """Write a heartbeat; raises ``EpochLost`` when Redis was emptied."""
        with self._under(epoch) as pipe:
            self._beat(pipe, epoch)
            pipe.execute()

    @contextmanager
    def _under(self, epoch: str) -> Iterator[Any]:
        """A transaction that takes place only while Redis holds ``epoch``."""
        pipe: Any
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.watch(self._keys.epoch)
            if pipe.get(self._keys.epoch) != epoch.encode():
                raise EpochLost
            pipe.multi()
            try:
                yield pipe
            except redis.WatchError as error:
                raise EpochLost from error

    def _add(self, pipe: Any, event: Event) -> None:
        frame = event.frame()
        self.without_data += event.lost_data_in(frame)
        pipe.xadd(
            self._keys.topic(event.topic),
            {FRAME_FIELD: frame},
            id=entry_id(event.offset),
            maxlen=self._length,
            approximate=True,
        )
        if event.type in CONTROL_TYPES:
            pipe.xadd(self._keys.control, {FRAME_FIELD: frame}, maxlen=CONTROL_LENGTH)

    def _beat(self, pipe: Any, epoch: str) -> None:
        beat = json.dumps({"from": "relay", "epoch": epoch})
        pipe.xadd(self._keys.heartbeat, {FRAME_FIELD: beat}, maxlen=HEARTBEAT_LENGTH)

    def _present_topics(self) -> set[str]:
        keys = self._redis.scan_iter(match=self._keys.every_topic, count=1000, _type="stream")
        return {self._keys.topic_of(key.decode()) for key in keys}


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _raise_failures(answers: Sequence[object]) -> None:
    for answer in answers:
        if isinstance(answer, redis.RedisError) and _ALREADY_THERE not in str(answer):
            raise answer


def _end(info: Any) -> StreamEnd:
    if isinstance(info, redis.ResponseError) and _NO_STREAM in str(info):
        return StreamEnd(0, None)
    if isinstance(info, redis.ResponseError) and _NOT_A_STREAM in str(info):
        return StreamEnd(-1, None)  # no place of any topic: it will be replaced
    if isinstance(info, redis.RedisError):
        raise info
    last = info["last-entry"]
    offset = offset_of(info["last-generated-id"])
    stands_there = last is not None and offset_of(last[0]) == offset
    return StreamEnd(offset, event_id_in(last[1][FRAME_FIELD]) if stands_there else None)
