"""How long to wait before the next attempt: longer each time, never the same for two tills."""

import asyncio
import random
from dataclasses import dataclass


@dataclass(slots=True)
class Pause:
    """Grows from ``first_s`` to ``longest_s``; ``reset`` after a success.

    The wait is drawn at random between ``least_share`` of that and all of it.
    """

    first_s: float = 0.2
    longest_s: float = 5.0
    least_share: float = 0.5
    _failures: int = 0

    def reset(self) -> None:
        """The next pause is short again."""
        self._failures = 0

    def next_s(self, wanted_s: float = 0) -> float:
        """Seconds to wait now; never less than the server has asked for.

        The jitter keeps the tills of a restaurant from coming back in the same instant.
        """
        ceiling = min(self.longest_s, self.first_s * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        return wanted_s + random.uniform(ceiling * self.least_share, ceiling)  # noqa: S311 - spreads load, keeps no secret

    async def wait(self, wanted_s: float = 0) -> None:
        """Sleep for ``next_s``."""
        await asyncio.sleep(self.next_s(wanted_s))
