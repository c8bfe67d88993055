"""One Redis connection pool a process, that steps aside quickly when Redis is away."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis

from .settings import settings

Result = TypeVar("Result")

#: Seconds during which a failed Redis is not asked again: a request must not wait for it twice.
COOL_DOWN_S = 2.0
SOCKET_TIMEOUT_S = 0.1

_lock = threading.Lock()
_state: dict[str, Any] = {"pid": None, "client": None, "closed_until": 0.0}


def attempt(work: Callable[[redis.Redis], Result], otherwise: Result) -> Result:
    """Return ``work(client)``, or ``otherwise`` when Redis does not answer within a moment.

    After a failure Redis is left alone for ``COOL_DOWN_S``; selling never depends on it.
    """
    if time.monotonic() < _state["closed_until"]:
        return otherwise
    try:
        return work(_client())
    except redis.RedisError:
        _state["closed_until"] = time.monotonic() + COOL_DOWN_S
        return otherwise


def reset() -> None:
    """Forget the client and any cool-down, e.g. after the settings changed."""
    _state.update(pid=None, client=None, closed_until=0.0)


def _client() -> redis.Redis:
    if _state["pid"] != os.getpid():  # a forked worker must not share its parent's sockets
        with _lock:
            _state["client"] = redis.Redis.from_url(
                settings().redis_url,
                socket_timeout=SOCKET_TIMEOUT_S,
                socket_connect_timeout=SOCKET_TIMEOUT_S,
                retry_on_timeout=False,
                retry=None,
            )
            _state["pid"] = os.getpid()
    client: redis.Redis = _state["client"]
    return client
