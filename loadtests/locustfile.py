"""Entry of Locust: its users, and the marks that decide about the exit code."""

import os
import sys
from pathlib import Path
from typing import Any

from locust import events

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from loadtests.users.waiter import Waiter

__all__ = ["Waiter"]

P95_MS = int(os.environ.get("FYNLO_LOAD_P95_MS", "150"))
MAX_MS = int(os.environ.get("FYNLO_LOAD_MAX_MS", "500"))
#: Signing in hashes a PIN on purpose slowly; it is not part of the work at the till.
OUTSIDE = frozenset({"sign in"})


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def judge(environment: Any, **_: object) -> None:
    """No failure, the 95th percentile and the slowest request within their marks."""
    work = [entry for entry in environment.stats.entries.values() if entry.name not in OUTSIDE]
    failures = environment.stats.total.num_failures
    p95 = max((entry.get_response_time_percentile(0.95) for entry in work), default=0)
    slowest = max((entry.max_response_time for entry in work), default=0)
    print(f"\nfailures {failures} (0) · slowest p95 {p95:.0f} ms ({P95_MS}) · max {slowest:.0f} ms ({MAX_MS})")
    passed = bool(work) and failures == 0 and p95 <= P95_MS and slowest <= MAX_MS
    environment.process_exit_code = environment.process_exit_code or (0 if passed else 1)
