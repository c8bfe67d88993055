"""More and more users in steps, each measured by itself once all its users have signed in."""

import json
import os
import time
from pathlib import Path
from typing import Any

from locust import LoadTestShape

from loadtests.steps import ALL

#: ``[[users, seconds], …]``, and where to write what was measured.
STEPS, RESULT = "FYNLO_LOAD_STEPS", "FYNLO_LOAD_RESULT"
#: Signing in hashes a PIN on purpose slowly, so users arrive one by one.
ARRIVALS_PER_S = 10
#: A step begins after so long even when some of its users could not sign in; they count as failures.
PATIENCE_S = 120.0


class Arrivals:
    """How many users have signed in, and what went wrong while nothing was measured."""

    count = 0
    failures = 0


class Rising(LoadTestShape):
    """Follows the steps of ``FYNLO_LOAD_STEPS`` and writes ``FYNLO_LOAD_RESULT`` after each."""

    use_common_options = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._waiting: list[list[float]] = json.loads(os.environ[STEPS])
        self._done: list[dict[str, Any]] = []
        self._asked_at = time.monotonic()
        self._began: float | None = None

    def tick(self) -> tuple[int, float] | None:
        """The number of users wanted now; ``None`` ends the run."""
        if not self._waiting:
            return None
        users, seconds = int(self._waiting[0][0]), self._waiting[0][1]
        now = time.monotonic()
        if self._began is None:
            if Arrivals.count >= users or now - self._asked_at > PATIENCE_S:
                self._begin(now)
        elif now - self._began >= seconds:
            self._finish(users, now - self._began)
            return self.tick()
        return users, ARRIVALS_PER_S

    def _begin(self, now: float) -> None:
        Arrivals.failures += self._stats.total.num_failures
        self._stats.reset_all()
        self._stats.errors.clear()
        self._began = now

    def _finish(self, users: int, seconds: float) -> None:
        """Writes the step down and asks for the next."""
        stats = self._stats
        requests = {one.name: _numbers(one) for one in stats.entries.values() if one.num_requests} | {
            ALL: _numbers(stats.total)
        }
        errors = [f"{one.occurrences} × {one.method} {one.name}: {one.error}" for one in stats.errors.values()]
        step = {"users": users, "arrived": Arrivals.count, "seconds": round(seconds, 2), "requests": requests}
        self._done.append({**step, "errors": errors})
        Path(os.environ[RESULT]).write_text(json.dumps({"steps": self._done, "arriving_failures": Arrivals.failures}))
        all_of_it = requests[ALL]
        print(
            f"  {users} users: {all_of_it['requests'] / seconds:.1f} requests a second, "
            f"p95 {all_of_it['p95_ms']:.0f} ms, {all_of_it['failures']} failed",
            flush=True,
        )
        self._waiting.pop(0)
        self._began, self._asked_at = None, time.monotonic()

    @property
    def _stats(self) -> Any:
        assert self.runner is not None
        return self.runner.stats


def _numbers(entry: Any) -> dict[str, float]:
    p50, p95, p99 = (float(entry.get_response_time_percentile(share) or 0) for share in (0.5, 0.95, 0.99))
    return {
        "requests": entry.num_requests,
        "failures": entry.num_failures,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "max_ms": round(float(entry.max_response_time), 1),
    }
