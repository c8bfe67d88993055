"""Rate limits by GCRA: in Redis for all processes, in this process while Redis is away.

GCRA (generic cell rate algorithm, ITU-T I.371 annex A) keeps one number a subject: the moment
at which its allowance will be whole again.
"""

import math
import threading
import time

from ..tools import redis_client
from ..tools.settings import settings
from .problem import Problem

# KEYS[1] subject; ARGV: interval between requests in us, burst. Returns {allowed, remaining, wait_us}
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


def spend(budget, subject):
    """Take one request from ``subject``'s allowance; return the answer's rate-limit headers.

    Raises ``rate_limited`` with ``Retry-After`` when nothing is left.
    """
    limit = settings().rate_limits[budget]
    interval_us = int(1_000_000 / limit.per_s)
    key = f"{settings().stream_prefix}rate:{budget}:{subject}"
    verdict = redis_client.attempt(
        lambda client: client.eval(SCRIPT, 1, key, interval_us, limit.burst), None
    ) or _spend_locally(key, interval_us, limit.burst)
    allowed, remaining, wait_us = verdict
    headers = {
        "RateLimit-Limit": str(limit.burst),
        "RateLimit-Remaining": str(int(remaining)),
        "RateLimit-Reset": str(math.ceil((limit.burst - int(remaining)) * interval_us / 1_000_000)),
    }
    if not int(allowed):
        seconds = max(1, math.ceil(int(wait_us) / 1_000_000))
        raise Problem(
            "rate_limited",
            f"Too many requests; try again in {seconds} s.",
            headers={**headers, "Retry-After": str(seconds)},
        )
    return headers


def _spend_locally(key, interval_us, burst):
    """The same rule with this process's own memory."""
    with _lock:
        now = time.monotonic() * 1_000_000
        if len(_local) > MAX_LOCAL_SUBJECTS:
            _local.clear()
        next_due = max(_local.get(key, now), now) + interval_us
        wait = next_due - now - interval_us * burst
        if wait > 0:
            return 0, 0, wait
        _local[key] = next_due
        return 1, (interval_us * burst - (next_due - now)) // interval_us, 0
