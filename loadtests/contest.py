"""Contestants take turns on one server, so that whatever else the machine does hits all of them alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from loadtests.budget import print_table
from loadtests.figures import median, percentile
from loadtests.worker_meter import Cost, WorkerMeter

COLUMNS = ("", "wall p50", "p95", "Odoo CPU", "PG CPU", "Redis CPU", "queries", "n")
#: One worker, so that every request's cost is that worker's; access lines tell the number of queries.
ONE_WORKER = {
    "workers": "1",
    "max_cron_threads": "0",
    "log_handler": ":INFO,werkzeug:INFO",
    "limit_request": "1000000",
}

#: Does what must be done before, unmeasured, and returns what is measured.
Turn = Callable[[], Callable[[], object]]


@dataclass
class Contestant:
    """Something to measure, and what was measured of it."""

    name: str
    turn: Turn
    #: Takes a turn only every so many rounds; for what takes seconds.
    every: int = 1
    walls_ms: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    @property
    def wall_p50_ms(self) -> float:
        return median(self.walls_ms)

    @property
    def wall_p95_ms(self) -> float:
        return percentile(self.walls_ms, 0.95)

    @property
    def odoo_ms(self) -> float:
        return median([cost.odoo_ms for cost in self.costs])

    @property
    def postgres_ms(self) -> float:
        return median([cost.postgres_ms for cost in self.costs])

    @property
    def redis_ms(self) -> float:
        return median([cost.redis_ms for cost in self.costs])

    @property
    def cpu_ms(self) -> float:
        """Of all servers together; what the budgets' ratios are made of."""
        return median([cost.odoo_ms + cost.postgres_ms + cost.redis_ms for cost in self.costs])

    @property
    def queries(self) -> int:
        return int(median([cost.queries for cost in self.costs]))

    def row(self) -> list[str]:
        figures = (self.wall_p50_ms, self.wall_p95_ms, self.odoo_ms, self.postgres_ms, self.redis_ms)
        return [self.name, *(f"{value:.1f}" for value in figures), str(self.queries), str(len(self.costs))]

    def figures(self) -> dict[str, float]:
        """What the JSON output keeps."""
        return {
            "samples": len(self.costs),
            "wall_p50_ms": round(self.wall_p50_ms, 2),
            "wall_p95_ms": round(self.wall_p95_ms, 2),
            "odoo_cpu_ms": round(self.odoo_ms, 2),
            "postgres_cpu_ms": round(self.postgres_ms, 2),
            "redis_cpu_ms": round(self.redis_ms, 2),
            "cpu_ms": round(self.cpu_ms, 2),
            "cpu_mean_ms": round(fmean(cost.odoo_ms + cost.postgres_ms + cost.redis_ms for cost in self.costs), 2),
            "queries": self.queries,
        }


def compete(contestants: Sequence[Contestant], meter: WorkerMeter, *, warm_up: int, rounds: int) -> None:
    """Everybody takes turns: first some that do not count, then those that do."""
    for _ in range(warm_up):
        for contestant in contestants:
            contestant.turn()()
    meter.refresh()
    for number in range(rounds):
        for contestant in contestants:
            if number % contestant.every == 0:
                _measure(contestant, meter)


def print_contestants(contestants: Sequence[Contestant]) -> None:
    print("\nmilliseconds; medians, CPU of the whole request")
    print_table(COLUMNS, [contestant.row() for contestant in contestants])


def _measure(contestant: Contestant, meter: WorkerMeter) -> None:
    act = contestant.turn()
    meter.cost()
    began = time.perf_counter()
    act()
    contestant.walls_ms.append((time.perf_counter() - began) * 1000)
    contestant.costs.append(meter.cost())
