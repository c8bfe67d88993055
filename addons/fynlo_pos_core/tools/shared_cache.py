"""The second level of caches: values in Redis that other processes made, for one version each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Generic, TypeVar

import redis

from . import redis_client, secret_hash
from .process_cache import CacheCounts
from .settings import settings

Value = TypeVar("Value")

#: No value in Redis is larger; a larger one is made by each process for itself.
MAX_BYTES = 4 << 20
#: However long a value is good for, Redis forgets it after this time.
MAX_LIFE_S = 7 * 24 * 3600
SEAL_BYTES = 16


class Unreadable(ValueError):
    """Bytes that are not what was packed."""


class SharedCache(CacheCounts, Generic[Value]):
    """One value a key, sealed for the version it was made for.

    The seal is a keyed hash under the pepper over name, shape, key, version and value: damage, a value of
    another key or company, and whatever somebody else wrote into Redis are all found out, counted as
    ``rejected`` and taken for nothing. ``shape`` tells releases apart whose values look different; they
    do not see each other's. Never raises: while Redis is away, hangs or is full there is nothing in it.
    """

    def __init__(
        self, name: str, *, shape: str, pack: Callable[[Value], bytes], unpack: Callable[[bytes], Value]
    ) -> None:
        super().__init__(name)
        self._shape = shape
        self._pack = pack
        self._unpack = unpack

    def get(self, key: str, version: object) -> Value | None:
        """The value kept for this version; ``None`` when there is none that can be trusted."""
        name = self.redis_name(key)
        stored = redis_client.attempt(lambda client: _read(client, name), otherwise=b"")
        value = self._open(name, str(version), stored) if stored else None
        if value is None:
            self.misses += 1
        else:
            self.hits += 1
        return value

    def put(self, key: str, version: object, value: Value, life_s: float) -> None:
        """Keep ``value`` for ``life_s`` seconds in the place of what was there, unless it is too large."""
        name, life = self.redis_name(key), int(min(life_s, MAX_LIFE_S))
        body = f"{version}\n".encode() + self._pack(value)
        seal = _seal(name, body)
        if seal and life > 0 and len(body) + SEAL_BYTES <= MAX_BYTES:
            redis_client.attempt(lambda client: _write(client, name, seal + body, life), otherwise=None)

    def redis_name(self, key: str) -> str:
        return f"{settings().stream_prefix}cache:{self.name}:{self._shape}:{key}"

    def _open(self, name: str, wanted: str, stored: bytes) -> Value | None:
        seal, body = stored[:SEAL_BYTES], stored[SEAL_BYTES:]
        if not seal or seal != _seal(name, body):
            self.rejected += 1
            return None
        version, _, packed = body.partition(b"\n")
        if version.decode() != wanted:
            return None
        try:
            return self._unpack(packed)
        except Unreadable:
            self.rejected += 1
            return None


def _seal(name: str, body: bytes) -> bytes:
    """Only who knows the pepper can make it; without a pepper nothing is shared."""
    try:
        key = bytes.fromhex(secret_hash.keyed("cache", name))
    except secret_hash.PepperMissing:
        return b""
    return hashlib.blake2b(body, key=key, digest_size=SEAL_BYTES).digest()


def _read(client: redis.Redis, name: str) -> bytes:
    """No more than a value may have, however much lies there; something of another kind is damage.

    Its complaint must not reach ``redis_client``, which would take Redis for away.
    """
    try:
        found: bytes = client.getrange(name, 0, MAX_BYTES)  # type: ignore[assignment]
    except redis.ResponseError:
        return b"?"
    return found


def _write(client: redis.Redis, name: str, stored: bytes, life_s: int) -> None:
    try:
        client.set(name, stored, ex=life_s)
    except redis.ResponseError:
        """Redis is full or only to be read: this value stays with its process."""
