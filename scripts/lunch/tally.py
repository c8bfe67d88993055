"""Numbers of a service: how long things took, and how often."""

import math
from collections import defaultdict
from dataclasses import dataclass, field


def percentile(sorted_values: list[float], share: float) -> float:
    """The smallest value that ``share`` of the values do not exceed (nearest rank)."""
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


@dataclass(slots=True)
class Tally:
    """Durations in seconds by kind."""

    durations: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, seconds: float) -> None:
        """One more of a kind."""
        self.durations[kind].append(seconds)

    def count(self, kind: str) -> int:
        return len(self.durations.get(kind, ()))

    def milliseconds(self, kind: str) -> tuple[float, float, float] | None:
        """The median, 95th and 99th percentile of a kind; None when there was none."""
        values = sorted(self.durations.get(kind, ()))
        if not values:
            return None
        return (
            percentile(values, 0.5) * 1000,
            percentile(values, 0.95) * 1000,
            percentile(values, 0.99) * 1000,
        )

    def line(self, kind: str) -> str:
        """The kind's figures in words."""
        figures = self.milliseconds(kind)
        if figures is None:
            return "none"
        return "p50 {:.0f} ms, p95 {:.0f} ms, p99 {:.0f} ms".format(*figures) + f" of {self.count(kind)}"
