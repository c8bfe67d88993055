"""Caches in two levels: this process, and behind it, where a cache has one, what others left in Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from .process_cache import ProcessCache
from .settings import settings
from .shared_cache import SharedCache

Value = TypeVar("Value")

#: Seconds that a thread waits for another one that makes the same value, before it makes its own.
PATIENCE_S = 5.0


def _always(_value: object) -> bool:
    return True


class LayeredCache(Generic[Value]):
    """Values by key, each good for one version; see :class:`ProcessCache` for what that promises.

    The version comes from the database with the request that asks, so a change is in force the moment it
    is committed. Redis is asked only when this process has nothing, and never needed. Of several threads
    that lack the same value one makes it and the others wait for it.
    """

    def __init__(
        self,
        name: str,
        *,
        max_entries: int,
        weigh: Callable[[Value], int],
        max_bytes: int | None = None,
        shared: SharedCache[Value] | None = None,
        is_good: Callable[[Value], bool] = _always,
        life_s: Callable[[Value], float] | None = None,
    ) -> None:
        """``is_good`` says whether a kept value may still be used; ``life_s`` how long Redis keeps a new one."""
        limit = max_bytes if max_bytes is not None else settings().cache_bytes
        self.process = ProcessCache[Value](name, max_entries=max_entries, max_bytes=limit, weigh=weigh)
        self.shared = shared
        self._is_good = is_good
        self._life_s = life_s
        self._at_work: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def obtain(self, key: str, version: Hashable, make: Callable[[], Value], *, keep: bool = True) -> Value:
        """The value of ``key`` for this version: kept, or made by ``make()``.

        With ``keep`` false a value that had to be made is for the caller alone; so must it be for a
        transaction that has not committed what the value tells of.
        """
        found = self.process.get(key, version)
        if found is not None and self._is_good(found):
            return found
        if not keep:
            return make()
        return self._in_turn(key, version, make)

    def _in_turn(self, key: str, version: Hashable, make: Callable[[], Value]) -> Value:
        done = threading.Event()
        with self._lock:
            other = self._at_work.setdefault((key, version), done)
        if other is not done:
            other.wait(PATIENCE_S)
            found = self.process.peek(key, version)
            return found if found is not None and self._is_good(found) else self._fetch(key, version, make)
        try:
            return self._fetch(key, version, make)
        finally:
            with self._lock:
                del self._at_work[key, version]
            done.set()

    def _fetch(self, key: str, version: Hashable, make: Callable[[], Value]) -> Value:
        """From Redis, or made and put there; kept here in any case."""
        value = self.shared.get(key, version) if self.shared else None
        if value is None or not self._is_good(value):
            value = make()
            if self.shared and self._life_s:
                self.shared.put(key, version, value, self._life_s(value))
        self.process.put(key, version, value)
        return value
