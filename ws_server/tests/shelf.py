"""What the streams hold, as a reader sees it."""

from __future__ import annotations

import json
from typing import Any

import redis


class Shelf:
    """The streams below one prefix."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self.client, self.prefix = client, prefix

    def key(self, topic: str) -> str:
        return f"{self.prefix}s:{topic}"

    def frames(self, topic: str) -> list[dict[str, Any]]:
        entries: Any = self.client.xrange(self.key(topic))
        frames = [json.loads(fields[b"f"]) for _, fields in entries]
        assert [raw.decode() for raw, _ in entries] == [f"{f['offset']}-0" for f in frames]
        return frames

    def offsets(self, topic: str) -> list[int]:
        return [frame["offset"] for frame in self.frames(topic)]
