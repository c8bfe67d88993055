"""Counts and durations of all worker processes, kept together in one Redis hash.

Each process counts in its own memory and adds its counts to the hash at most once a second, as
part of a request, so counting costs no round trip of its own. An idle process's last second
arrives with its next request. While Redis is away the counts wait in the process.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import redis

from ..tools import redis_client
from ..tools.settings import settings
from . import cache_metrics
from .route import METHODS

FLUSH_AFTER_S = 1.0
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_counts: Counter[str] = Counter()
_lock = threading.Lock()
_clock = {"flushed": 0.0}

HELP = {
    "fynlo_requests_total": ("counter", "API requests by method, route and status."),
    "fynlo_request_seconds": ("histogram", "Time to answer an API request."),
    "fynlo_rate_limited_total": ("counter", "Requests refused by a rate limit."),
    "fynlo_idempotent_replays_total": ("counter", "Writes answered from an earlier answer."),
    "fynlo_redis_up": ("gauge", "1 while Redis answers; otherwise the counts are this process's own."),
    "fynlo_outbox_unsent": ("gauge", "Events that the relay has not sent yet."),
    "fynlo_outbox_oldest_unsent_seconds": ("gauge", "Age of the oldest unsent event."),
    "fynlo_health_status": ("gauge", "What the last look found: 0 fine, 1 warning, 2 failure, -1 it could not tell."),
    "fynlo_health_value": ("gauge", "The value that the last look found, of the worst thing."),
    "fynlo_alert_open": ("gauge", "Alerts that were raised and not cleared yet."),
    "fynlo_alerts_last_evaluated_timestamp_seconds": ("gauge", "When everything was last looked at; 0 for never."),
    **cache_metrics.HELP,
}


def observe(call: Any, method: str, status: int, code: str | None, seconds: float) -> None:
    """Count one answered request."""
    route = call.route.path if call.route else "unknown"
    method = method if method in METHODS else "other"
    place = f'method="{method}",route="{route}"'
    with _lock:
        _counts[f'fynlo_requests_total{{{place},status="{status}"}}'] += 1
        _counts[f"fynlo_request_seconds_count{{{place}}}"] += 1
        _counts[f"fynlo_request_seconds_sum{{{place}}}"] += int(seconds * 1_000_000)
        for bound in BUCKETS_S:
            if seconds <= bound:
                _counts[f'fynlo_request_seconds_bucket{{{place},le="{bound:g}"}}'] += 1
        _counts[f'fynlo_request_seconds_bucket{{{place},le="+Inf"}}'] += 1
        if code == "rate_limited":
            _counts["fynlo_rate_limited_total"] += 1
        if "Idempotent-Replayed" in call.headers:
            _counts["fynlo_idempotent_replays_total"] += 1
    if time.monotonic() - _clock["flushed"] > FLUSH_AFTER_S:
        flush()


def flush() -> bool:
    """Add this process's counts to the shared ones. False when Redis is away; they are kept then."""
    _clock["flushed"] = time.monotonic()
    with _lock:
        _counts.update(cache_metrics.new_counts())
        waiting = dict(_counts)
        _counts.clear()
    if redis_client.attempt(lambda client: _add(client, waiting), False):
        return True
    with _lock:
        _counts.update(waiting)
    return False


def render(gauges: dict[str, float]) -> str:
    """All counts and ``gauges`` in the Prometheus text format."""
    shared = flush()
    samples: dict[str, float] = {"fynlo_redis_up": float(shared), **gauges, **cache_metrics.held_samples()}
    for name, value in _totals().items():
        samples[name] = value / 1_000_000 if "_seconds_sum" in name else value
    lines = []
    for family, (kind, text) in HELP.items():
        lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
        lines += [
            f"{name} {_number(value)}" for name, value in sorted(samples.items(), key=_place) if _is_of(name, family)
        ]
    return "\n".join(lines) + "\n"


def caches() -> list[dict[str, Any]]:
    """Each cache with its hit rate, over all processes while Redis answers."""
    flush()
    return cache_metrics.summary({**_totals(), **cache_metrics.held_samples()})


def _totals() -> dict[str, int]:
    """The counts of all processes; this process's own while Redis is away."""
    totals = redis_client.attempt(_read, None)
    return totals if totals is not None else dict(_counts)


def _place(sample: tuple[str, float]) -> tuple[str, float]:
    """Where a sample stands: the buckets of one histogram from the least bound to the greatest."""
    name, _, bound = sample[0].partition(',le="')
    return name, float(bound.rstrip('"}') or "0")


def _number(value: float) -> str:
    """A sample's value; ``:g`` would round a moment to the hour."""
    return str(int(value)) if value == int(value) else repr(value)


def _is_of(name: str, family: str) -> bool:
    bare = name.partition("{")[0]
    return bare == family or bare in {f"{family}_{part}" for part in ("bucket", "sum", "count")}


def _hash_name() -> str:
    return f"{settings().stream_prefix}metrics"


def _add(client: redis.Redis, counts: dict[str, int]) -> bool:
    pipeline = client.pipeline(transaction=True)
    for name, amount in counts.items():
        pipeline.hincrby(_hash_name(), name, amount)
    cache_metrics.publish(pipeline)
    pipeline.execute()
    return True


def _read(client: redis.Redis) -> dict[str, int]:
    found: dict[bytes, bytes] = client.hgetall(_hash_name())  # type: ignore[assignment]
    return {name.decode(): int(amount) for name, amount in found.items()}
