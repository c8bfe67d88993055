"""How the caches of all worker processes do: hits and misses counted together, entries and bytes added up."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

import redis

from ..tools import redis_client
from ..tools.process_cache import usages
from ..tools.settings import settings

COUNTED = ("hits", "misses", "evictions", "rejected")
HELD = ("entries", "bytes")
#: A process that has been silent for this long has ended, or holds nothing that anybody uses.
SILENT_S = 600.0

HELP = {
    "fynlo_cache_hits_total": ("counter", "Values found in a cache."),
    "fynlo_cache_misses_total": ("counter", "Values that a cache did not have in the version asked for."),
    "fynlo_cache_evictions_total": ("counter", "Values that made room for others."),
    "fynlo_cache_rejected_total": ("counter", "Values in Redis that were damaged or not ours."),
    "fynlo_cache_entries": ("gauge", "Values that the worker processes keep."),
    "fynlo_cache_bytes": ("gauge", "Size of those values, as they would be written down."),
}

_told: Counter[str] = Counter()


def new_counts() -> dict[str, int]:
    """What this process has counted since it was last asked."""
    now = {
        f'fynlo_cache_{what}_total{{cache="{name}"}}': getattr(usage, what)
        for name, usage in usages().items()
        for what in COUNTED
    }
    fresh = {sample: count - _told[sample] for sample, count in now.items() if count != _told[sample]}
    _told.update(fresh)
    return fresh


def publish(pipeline: redis.client.Pipeline) -> None:
    """Say what this process holds; goes with its counts."""
    held = {name: asdict(usage) for name, usage in usages().items()}
    pipeline.hset(_hash_name(), _process(), json.dumps({"at": time.time(), "held": held}))


def held_samples() -> dict[str, float]:
    """Entries and bytes by cache, of all processes or, while Redis is away, of this one."""
    reports = redis_client.attempt(_read, None) or [{name: asdict(usage) for name, usage in usages().items()}]
    totals: Counter[str] = Counter()
    for report in reports:
        for name, held in report.items():
            for what in HELD:
                totals[f'fynlo_cache_{what}{{cache="{name}"}}'] += held[what]
    return dict(totals)


def summary(samples: dict[str, float]) -> list[dict[str, Any]]:
    """Each cache with its hit rate, from the samples of all processes."""

    def value(what: str, name: str) -> int:
        return int(samples.get(f'fynlo_cache_{what}{{cache="{name}"}}', 0))

    caches = []
    for name in usages():
        hits, misses = value("hits_total", name), value("misses_total", name)
        rate = round(hits / (hits + misses), 4) if hits + misses else None
        held = {what: value(what, name) for what in HELD}
        caches.append({"name": name, "hits": hits, "misses": misses, "hit_rate": rate, **held})
    return caches


def _read(client: redis.Redis) -> list[dict[str, Any]]:
    found: dict[bytes, bytes] = client.hgetall(_hash_name())  # type: ignore[assignment]
    reports = {process: json.loads(raw) for process, raw in found.items()}
    silent = [process for process, report in reports.items() if report["at"] < time.time() - SILENT_S]
    if silent:
        client.hdel(_hash_name(), *silent)
    return [report["held"] for process, report in reports.items() if process not in silent]


def _hash_name() -> str:
    return f"{settings().stream_prefix}metrics:caches"


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
