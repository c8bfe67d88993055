"""Rate limits by GCRA: in Redis for all processes, in this process while Redis is away.

GCRA (generic cell rate algorithm, ITU-T I.371 annex A) keeps one number a subject: the moment
at which its allowance will be whole again.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time

import redis

from ..tools import redis_client
from ..tools.settings import settings
from .problem import Problem

#: Whether the request may pass, how many more may follow at once, microseconds to wait.
Verdict = tuple[bool, int, float]

# KEYS[1] subject; ARGV: microseconds between requests, burst. Returns {allowed, remaining, wait_us}
SCRIPT = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
local next_due = due + interval
local wait = next_due - now - interval * burst
if wait > 0 then return {0, 0, wait} end
redis.call('SET', KEYS[1], string.format('%.0f', next_due), 'PX', math.ceil((next_due - now) / 1000) + 1000)
return {1, math.floor((interval * burst - (next_due - now)) / interval), 0}
"""

MAX_LOCAL_SUBJECTS = 10_000

_local: dict[str, float] = {}
_lock = threading.Lock()


def spend(budget: str, subject: str, *, shared: bool = True) -> dict[str, str]:
    """Take one request from ``subject``'s allowance; return the answer's rate-limit headers.

    Raises ``rate_limited`` with ``Retry-After`` when nothing is left. Without ``shared`` each
    process counts for itself, which saves a round trip to Redis.
    """
    limit = settings().rate_limits[budget]
    interval_us = int(1_000_000 / limit.per_s)
    key = f"{settings().stream_prefix}rate:{budget}:{subject}"
    verdict = (
        redis_client.attempt(lambda client: _spend_shared(client, key, interval_us, limit.burst), None)
        if shared
        else None
    )
    allowed, remaining, wait_us = verdict or spend_locally(key, interval_us, limit.burst, time.monotonic() * 1e6)
    headers = {
        "RateLimit-Limit": str(limit.burst),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(math.ceil((limit.burst - remaining) * interval_us / 1_000_000)),
    }
    if not allowed:
        seconds = max(1, math.ceil(wait_us / 1_000_000))
        raise Problem(
            "rate_limited",
            f"Too many requests; try again in {seconds} s.",
            headers={**headers, "Retry-After": str(seconds)},
        )
    return headers


def spend_address(budget: str, address: str) -> dict[str, str]:
    """The same for callers known by their address alone; an IPv6 host counts as its /64 network.

    The wide allowance that every request of an address shares is each process's own: it only keeps
    floods away, and a restaurant's tills stand behind one address.
    """
    if ":" in address:
        try:
            address = str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
        except ValueError:
            address = "unknown"
    return spend(budget, address, shared=budget != "address")


def _spend_shared(client: redis.Redis, key: str, interval_us: int, burst: int) -> Verdict:
    allowed, remaining, wait_us = client.register_script(SCRIPT)(keys=[key], args=[interval_us, burst])
    return bool(allowed), int(remaining), float(wait_us)


def spend_locally(key: str, interval_us: int, burst: int, now_us: float) -> Verdict:
    """The same rule with this process's own memory."""
    with _lock:
        if len(_local) > MAX_LOCAL_SUBJECTS:
            _forget_rested(now_us)
        next_due = max(_local.get(key, now_us), now_us) + interval_us
        wait_us = next_due - now_us - interval_us * burst
        if wait_us > 0:
            return False, 0, wait_us
        _local[key] = next_due
        return True, int((interval_us * burst - (next_due - now_us)) // interval_us), 0.0


def _forget_rested(now_us: float) -> None:
    """Drop the subjects whose allowance is whole again; all of them if that frees too little."""
    for key in [key for key, due in _local.items() if due <= now_us]:
        del _local[key]
    if len(_local) > MAX_LOCAL_SUBJECTS // 2:
        _local.clear()
