"""What Locust measured at one number of users: the requests by name, and what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from loadtests.curve import Curve

ALL = "all requests"


@dataclass(frozen=True, slots=True)
class Numbers:
    """One request at one step; times in milliseconds."""

    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    def figures(self) -> dict[str, float]:
        """What the JSON output keeps."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """So many users for so many seconds after all of them had signed in."""

    users: int
    seconds: float
    requests: Mapping[str, Numbers]
    errors: Sequence[str] = field(default=())

    @property
    def all(self) -> Numbers:
        return self.requests[ALL]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.all.requests / self.seconds

    def row(self) -> list[str]:
        figures = (self.all.p50_ms, self.all.p95_ms, self.all.p99_ms, self.all.max_ms)
        return [str(self.users), f"{self.rate:.1f}", *(f"{figure:.0f}" for figure in figures), str(self.all.failures)]

    def figures(self) -> dict[str, Any]:
        """What the JSON output keeps: of all requests."""
        return {"requests_per_s": round(self.rate, 1), **self.all.figures()}


HEADINGS = ("users", "requests/s", "p50 ms", "p95", "p99", "max", "failed")


def steps_of(told: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The steps as ``users/rising.py`` writes them down."""
    return [
        Step(
            users=one["users"],
            seconds=one["seconds"],
            requests={name: Numbers(**numbers) for name, numbers in one["requests"].items()},
            errors=one["errors"],
        )
        for one in told
    ]


def by_request(step: Step) -> list[list[str]]:
    """A row for every request of a step, all of them first."""
    named = sorted(step.requests.items(), key=lambda pair: (pair[0] != ALL, pair[0]))
    return [
        [name, str(one.requests), *(f"{ms:.0f}" for ms in (one.p50_ms, one.p95_ms, one.max_ms)), str(one.failures)]
        for name, one in named
    ]


def degradation(steps: Sequence[Step]) -> list[Curve]:
    """How throughput, times and errors go with the number of users."""
    users = [float(step.users) for step in steps]
    times = {
        "p50": [step.all.p50_ms for step in steps],
        "p95": [step.all.p95_ms for step in steps],
        "p99": [step.all.p99_ms for step in steps],
    }
    return [
        Curve("Throughput", "users", "requests a second", users, {"all": [step.rate for step in steps]}),
        Curve("Time to answer", "users", "milliseconds", users, times),
        Curve("Failures", "users", "requests", users, {"failed": [float(step.all.failures) for step in steps]}),
    ]
