"""How long to wait before trying a lost dependency again."""

from __future__ import annotations

import random

__all__ = ["Backoff"]


class Backoff:
    """Doubling delays with jitter, from a tenth of a second up to ``most_s``."""

    def __init__(self, most_s: float = 5.0) -> None:
        self._most_s = most_s
        self._failures = 0

    def next_s(self) -> float:
        """Return the delay after one more failure."""
        delay = min(self._most_s, 0.1 * (1 << self._failures))
        self._failures = min(self._failures + 1, 16)
        return delay * random.uniform(0.7, 1.0)  # noqa: S311 - spreads retries, keeps no secret

    def reset(self) -> None:
        """Forget past failures: the dependency answered."""
        self._failures = 0
