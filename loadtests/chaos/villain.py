"""Kills what is running, at random moments, one or two at a time, until told to stop."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

#: Kills one thing; False when it was down already.
Blow = Callable[[], bool]
#: Things that may fall together: losing both is not the sum of losing each.
PAIR_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Struck:
    """What was killed, and when in Unix time."""

    targets: tuple[str, ...]
    at: float

    @property
    def name(self) -> str:
        return " + ".join(self.targets)


@dataclass
class Villain:
    """Every target comes once before any comes again."""

    blows: Mapping[str, Blow]
    pause_s: tuple[float, float]
    dice: random.Random
    say: Callable[[str], None]
    struck: list[Struck] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)

    async def strike_until(self, end_at: float) -> None:
        """Strike until the monotonic time ``end_at``, and each target at least once."""
        while True:
            await asyncio.sleep(self.dice.uniform(*self.pause_s))
            if time.monotonic() >= end_at and {name for blow in self.struck for name in blow.targets} >= set(
                self.blows
            ):
                return
            await self._strike(self._next_targets())

    def _next_targets(self) -> tuple[str, ...]:
        count = 2 if self.dice.random() < PAIR_SHARE else 1
        targets: list[str] = []
        while len(targets) < min(count, len(self.blows)):
            if not self._waiting:
                self._waiting = self.dice.sample(sorted(self.blows), len(self.blows))
            target = self._waiting.pop()
            if target not in targets:
                targets.append(target)
        return tuple(targets)

    async def _strike(self, targets: Sequence[str]) -> None:
        moment, hit = time.time(), []
        for target in targets:
            was_up = await asyncio.to_thread(self.blows[target])
            self.say(f"kill -9 {target}" if was_up else f"{target} is down already")
            hit += [target] if was_up else []
        if hit:
            self.struck.append(Struck(tuple(sorted(hit)), moment))
