"""Caches of this process: one value a key, good for one version, bounded and counted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CacheUsage:
    """What a cache did since the process began, and what it holds now."""

    hits: int
    misses: int
    evictions: int
    rejected: int
    entries: int
    bytes: int


class CacheCounts:
    """Hits and misses of a cache that lies elsewhere, and the values there that could not be trusted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hits = self.misses = self.evictions = self.rejected = 0
        _caches[name] = self

    def usage(self) -> CacheUsage:
        return CacheUsage(self.hits, self.misses, self.evictions, self.rejected, 0, 0)

    def clear(self) -> None:
        """Forget what this process keeps; here it keeps nothing."""


class ProcessCache(CacheCounts, Generic[Value]):
    """Keeps values under a key and a version; whoever asks for another version finds nothing.

    A change is thus never announced to a cache: it moves the version on, in the transaction of
    the change itself, and the old value makes room for the new one. Never holds more than
    ``max_entries`` values or ``max_bytes`` as ``weigh`` weighs them: those that were not used for
    longest go first. The newest value stays, however heavy it is.
    """

    def __init__(self, name: str, *, max_entries: int, max_bytes: int, weigh: Callable[[Value], int]) -> None:
        super().__init__(name)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._weigh = weigh
        self._slots: OrderedDict[Hashable, tuple[Hashable, Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, version: Hashable) -> Value | None:
        """The value kept for this version; ``None`` when there is none."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None or slot[0] != version:
                self.misses += 1
                return None
            self.hits += 1
            self._slots.move_to_end(key)
            return slot[1]

    def peek(self, key: Hashable, version: Hashable) -> Value | None:
        """The same as :meth:`get` without counting, for one who has asked before."""
        with self._lock:
            slot = self._slots.get(key)
            return slot[1] if slot is not None and slot[0] == version else None

    def put(self, key: Hashable, version: Hashable, value: Value) -> None:
        """Keep ``value`` in the place of what was there for another version."""
        weight = self._weigh(value)
        with self._lock:
            self._remove(key)
            self._slots[key] = (version, value, weight)
            self._bytes += weight
            while len(self._slots) > 1 and (len(self._slots) > self._max_entries or self._bytes > self._max_bytes):
                self._remove(next(iter(self._slots)))
                self.evictions += 1

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._slots.clear()
            self._bytes = 0

    def usage(self) -> CacheUsage:
        with self._lock:
            return CacheUsage(self.hits, self.misses, self.evictions, 0, len(self._slots), self._bytes)

    def _remove(self, key: Hashable) -> None:
        slot = self._slots.pop(key, None)
        if slot is not None:
            self._bytes -= slot[2]


_caches: dict[str, CacheCounts] = {}


def usages() -> dict[str, CacheUsage]:
    """The usage of every cache of this process, by its name."""
    return {name: cache.usage() for name, cache in sorted(_caches.items())}


def forget() -> None:
    """Empty every cache of this process; Redis keeps its own."""
    for cache in _caches.values():
        cache.clear()
