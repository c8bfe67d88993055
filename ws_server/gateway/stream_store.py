"""The Redis side of the gateway: reading streams, waking the reader, proving it moves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from ..stream_keys import FRAME_FIELD, StreamKeys, entry_id, offset_of
from .topic import Entry
from .wire_frame import text_frame

__all__ = ["OpenedTopic", "Reading", "StreamStore", "Unavailable"]

RECENT = 64
READ_COUNT = 500
FETCHES_AT_ONCE = 16
WAKE_KEY_LIVES_S = 60
HEARTBEAT_LENGTH = 100


class Unavailable(Exception):
    """Redis cannot be asked now, or holds no epoch yet: try again later."""


@dataclass(frozen=True, slots=True)
class OpenedTopic:
    """Where a stream stands, and its latest entries."""

    epoch: str
    position: int
    recent: list[Entry]


Reading = dict[str, list[tuple[bytes, bytes]]]  # key → (raw id, field value)


class StreamStore:
    """All Redis traffic of one gateway process. Methods raise ``Unavailable`` unless they say."""

    def __init__(self, url: str, keys: StreamKeys, process: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._slots = asyncio.Semaphore(FETCHES_AT_ONCE)
        self.keys = keys
        self.wake_key = keys.wake(process)

    async def close(self) -> None:
        """Drop the connections."""
        await self._redis.aclose()

    async def open_topics(self, names: Sequence[str]) -> dict[str, OpenedTopic]:
        """Where the topics stand, each with the epoch that held at that moment."""
        opened: dict[str, OpenedTopic] = {}
        for start in range(0, len(names), READ_COUNT):
            part = names[start : start + READ_COUNT]
            pipe = self._redis.pipeline(transaction=True)
            pipe.get(self.keys.epoch)
            for name in part:
                pipe.xinfo_stream(self.keys.topic(name))
                pipe.xrevrange(self.keys.topic(name), count=RECENT)
            epoch, *answers = await self._execute(pipe)
            for name, info, tail in zip(part, answers[::2], answers[1::2], strict=True):
                opened[name] = _opened(_text(epoch), info, tail)
        return opened

    async def fetch(self, topic: str, after: int, upto: int) -> tuple[str, list[Entry]]:
        """The entries with ``after < offset <= upto``, and the epoch that held at that moment."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.get(self.keys.epoch)
        pipe.xrange(self.keys.topic(topic), entry_id(after + 1), entry_id(upto))
        epoch, entries = await self._execute(pipe)
        if isinstance(entries, RedisError):
            raise Unavailable(str(entries))
        return _text(epoch), [_entry(raw) for raw in entries]

    async def last_offsets(self, names: Sequence[str]) -> dict[str, int]:
        """The newest offset of each topic; raises ``RedisError`` or ``OSError``."""
        last: dict[str, int] = {}
        for start in range(0, len(names), READ_COUNT):
            part = names[start : start + READ_COUNT]
            pipe: Any = self._redis.pipeline(transaction=False)
            for name in part:
                pipe.xrevrange(self.keys.topic(name), count=1)
            tails = await pipe.execute()
            last.update((name, offset_of(tail[0][0]) if tail else 0) for name, tail in zip(part, tails, strict=True))
        return last

    async def epoch(self) -> str | None:
        """The present epoch; raises ``RedisError``."""
        raw = await self._redis.get(self.keys.epoch)
        return raw.decode() if isinstance(raw, bytes) else None

    async def last_heartbeat(self) -> bytes:
        """The id of the newest heartbeat; raises ``RedisError``."""
        entries: Any = await self._redis.xrevrange(self.keys.heartbeat, count=1)
        newest: bytes = entries[0][0] if entries else b"0-0"
        return newest

    async def read(self, after: Mapping[str, bytes | str], block_ms: int) -> Reading:
        """Wait for entries newer than these ids; raises ``RedisError`` or ``OSError``."""
        wanted: Any = dict(after)
        reply: Any = await self._redis.xread(wanted, count=READ_COUNT, block=block_ms)
        return {
            key.decode(): [(raw_id, fields.get(FRAME_FIELD, b"")) for raw_id, fields in entries]
            for key, entries in reply or ()
        }

    async def wake(self) -> None:
        """End the reader's present wait; raises ``RedisError`` or ``OSError``."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(self.wake_key, {FRAME_FIELD: b""}, maxlen=1, approximate=False)
        pipe.expire(self.wake_key, WAKE_KEY_LIVES_S)
        await pipe.execute()

    async def beat(self) -> None:
        """Write a heartbeat of our own, so that readiness needs no relay; may raise."""
        beat = json.dumps({"from": "gateway"})
        await self._redis.xadd(self.keys.heartbeat, {FRAME_FIELD: beat}, maxlen=HEARTBEAT_LENGTH)

    async def _execute(self, pipe: Any) -> list[Any]:
        async with self._slots:
            try:
                answers: list[Any] = await pipe.execute(raise_on_error=False)
            except (RedisError, OSError) as error:
                raise Unavailable(str(error)) from error
        if answers[0] is None:
            raise Unavailable("there is no epoch yet")
        return answers


def _opened(epoch: str, info: Any, tail: Any) -> OpenedTopic:
    if isinstance(info, ResponseError) and "no such key" in str(info):
        return OpenedTopic(epoch, 0, [])
    for answer in (info, tail):
        if isinstance(answer, RedisError):
            raise Unavailable(str(answer))
    entries = [_entry(raw) for raw in reversed(tail)]
    return OpenedTopic(epoch, offset_of(info["last-generated-id"]), entries)


def _entry(raw: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    return offset_of(raw[0]), text_frame(raw[1].get(FRAME_FIELD, b""))


def _text(raw: Any) -> str:
    if not isinstance(raw, bytes):
        raise Unavailable("the epoch cannot be read")
    return raw.decode()
