"""One Redis connection pool a process, that steps aside quickly when Redis is away."""

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import redis

from .circuit_breaker import CircuitBreaker
from .settings import settings

Result = TypeVar("Result")

#: A request waits for a Redis that is away or hangs no longer than this, and only one in each pause does.
SOCKET_TIMEOUT_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 16.0

_breaker = CircuitBreaker(FIRST_PAUSE_S, LONGEST_PAUSE_S)
_lock = threading.Lock()
_state: dict[str, Any] = {"pid": None, "client": None}


def attempt(work: Callable[[redis.Redis], Result], otherwise: Result) -> Result:
    """Return ``work(client)``, or ``otherwise`` when Redis refuses or does not answer within a moment.

    A Redis that does not answer is left alone for a pause that grows with every trial (``CircuitBreaker``); selling
    never depends on it. What ``work`` itself raises is the caller's.
    """
    if not _breaker.admit():
        return otherwise
    ended = _breaker.abandoned
    try:
        result = work(_client())
        ended = _breaker.succeeded
        return result
    except redis.ResponseError:
        ended = _breaker.succeeded  # it answered, that it does not want to: full, or another's kind of value
        return otherwise
    except redis.RedisError:
        ended = _breaker.failed
        return otherwise
    finally:
        ended()


def breaker() -> CircuitBreaker:
    """This process's circuit breaker, for metrics."""
    return _breaker


def reset() -> None:
    """Forget the client and any pause, e.g. after the settings changed."""
    _breaker.close()
    _state.update(pid=None, client=None)


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
