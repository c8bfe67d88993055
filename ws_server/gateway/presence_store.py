"""Who is online, in Redis: one hash a location, and a sign of life of each gateway process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from ..stream_keys import StreamKeys

__all__ = ["PresenceStore", "Present"]

# A process that was killed is no longer counted after this time.
ALIVE_S = 15
HASH_LIVES_S = 60

Present = dict[str, Any]  # device, employee, since


class PresenceStore:
    """All Redis traffic of presence. Every method raises ``RedisError`` or ``OSError``."""

    def __init__(self, url: str, keys: StreamKeys, process: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._keys = keys
        self._process = process

    async def hold(self, present: Mapping[str, Sequence[Present]]) -> None:
        """Say who is here, by location, and that this process lives; to be repeated while that is so."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.set(self._keys.alive(self._process), b"", ex=ALIVE_S)
        for location, devices in present.items():
            key = self._keys.presence(location)
            pipe.hset(key, mapping={self._field(one["device"]): json.dumps(one) for one in devices})
            pipe.expire(key, HASH_LIVES_S)
        await pipe.execute()

    async def drop(self, location: str, devices: Sequence[str]) -> None:
        """These devices are no longer here."""
        await self._redis.hdel(self._keys.presence(location), *map(self._field, devices))

    async def read(self, locations: Sequence[str]) -> dict[str, dict[str, Present]]:
        """Who is online at each location, by device; what dead processes left is removed."""
        pipe = self._redis.pipeline(transaction=False)
        for location in locations:
            pipe.hgetall(self._keys.presence(location))
        hashes: list[dict[bytes, bytes]] = await pipe.execute()
        processes = sorted({_process_of(field) for found in hashes for field in found})
        alive = await self._alive(processes)
        online = {}
        for location, found in zip(locations, hashes, strict=True):
            online[location] = _by_device(found, alive)
            ghosts = [field for field in found if _process_of(field) not in alive]
            if ghosts:
                await self._redis.hdel(self._keys.presence(location), *ghosts)
        return online

    async def close(self) -> None:
        """Drop the connections."""
        await self._redis.aclose()

    async def _alive(self, processes: Sequence[str]) -> set[str]:
        if not processes:
            return set()
        signs = await self._redis.mget([self._keys.alive(process) for process in processes])
        return {process for process, sign in zip(processes, signs, strict=True) if sign is not None}

    def _field(self, device: str) -> str:
        return f"{self._process}/{device}"


def _by_device(found: Mapping[bytes, bytes], alive: set[str]) -> dict[str, Present]:
    """One entry a device, the longest there, even if several processes hold it."""
    online: dict[str, Present] = {}
    for field, raw in found.items():
        if _process_of(field) in alive:
            one = json.loads(raw)
            known = online.get(one["device"])
            if known is None or one["since"] < known["since"]:
                online[one["device"]] = one
    return online


def _process_of(field: bytes) -> str:
    return field.decode().partition("/")[0]
