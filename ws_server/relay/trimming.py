"""Forgetting old entries of the streams, some streams at a time, so that numbering never waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from ..stream_keys import FRAME_FIELD, StreamKeys, entry_id, offset_of
from .event import written_at_in

__all__ = ["Trimmer"]

STREAMS_A_STEP = 200


@dataclass(slots=True)
class Trimmer:
    """Walks over the topics' streams; the length is kept where entries are added.

    The newest entry of a stream always stays: it says which event stands at the end, by which the
    relay sees whether database and Redis still tell the same story.
    """

    _redis: redis.Redis
    _keys: StreamKeys
    streams: int = 0  # seen in the last whole round
    trimmed: int = 0
    _cursor: int = 0
    _seen: int = 0

    def step(self, cutoff: datetime) -> bool:
        """Trim some streams of what was written before ``cutoff``; True at the end of a round.

        Raises ``redis.RedisError``; then simply go on.
        """
        answer: Any = self._redis.scan(self._cursor, match=self._keys.every_topic, count=STREAMS_A_STEP, _type="stream")
        self._cursor, found = answer
        self._seen += len(found)
        self._trim(found, cutoff)
        if self._cursor:
            return False
        self.streams, self._seen = self._seen, 0
        return True

    def _trim(self, streams: Sequence[bytes], cutoff: datetime) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for stream in streams:
            pipe.xinfo_stream(stream)
        for stream, info in zip(streams, pipe.execute(raise_on_error=False), strict=True):
            if isinstance(info, redis.ResponseError):
                continue  # gone since it was seen
            if info["length"] > 1 and _written_at(info["first-entry"]) < cutoff:
                oldest, newest = (offset_of(info[end][0]) for end in ("first-entry", "last-entry"))
                keep_from = entry_id(self._first_young(stream, oldest, newest, cutoff))
                self.trimmed += int(self._redis.xtrim(stream, minid=keep_from, approximate=False))

    def _first_young(self, stream: bytes, oldest: int, newest: int, cutoff: datetime) -> int:
        """The first offset written at ``cutoff`` or later, or the newest: offsets and times grow together."""
        while oldest < newest:
            middle = (oldest + newest) // 2
            found: Any = self._redis.xrange(stream, min=entry_id(middle), count=1)
            if _written_at(found[0]) < cutoff:
                oldest = middle + 1
            else:
                newest = middle
        return oldest


def _written_at(entry: Any) -> datetime:
    return written_at_in(entry[1][FRAME_FIELD])
