"""What goes wrong on the way, as told: connections that drop, errors, waiting."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

KINDS = (
    "drop_before",  # nothing was done, and nobody hears so
    "drop_after",  # it was done, and nobody hears so
    "error_before",  # 500 before anything was done; not kept under the key
    "error_after",  # done, and 500 is the answer that the key keeps
    "busy",  # 429
    "wait_before",  # nothing is done until it is released
    "wait_after",  # done, and the answer waits; a twin under the same key is refused meanwhile
)
LONGEST_WAIT_S = 60


@dataclass
class Fault:
    """Meets the next ``times`` requests whose ``METHOD /path`` the pattern finds."""

    pattern: str
    kind: str
    times: int = 1


class Faults:
    """A script of faults; the first that matches is used up first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[Fault] = []
        self._released = threading.Event()

    def add(self, pattern: str, kind: str, times: int = 1) -> None:
        """Raises ``ValueError`` for a kind or pattern that is none."""
        if kind not in KINDS:
            raise ValueError(kind)
        re.compile(pattern)
        self._released.clear()
        with self._lock:
            self._script.append(Fault(pattern, kind, times))

    def clear(self) -> None:
        """No fault is left, and what waits goes on."""
        with self._lock:
            self._script.clear()
        self._released.set()

    def next(self, request: str) -> str | None:
        with self._lock:
            for fault in self._script:
                if fault.times > 0 and re.search(fault.pattern, request):
                    fault.times -= 1
                    return fault.kind
        return None

    def wait(self) -> None:
        self._released.wait(LONGEST_WAIT_S)

    @contextmanager
    def script(self, *steps: tuple[str, str, int]) -> Iterator[None]:
        """These faults while the block runs."""
        for step in steps:
            self.add(*step)
        try:
            yield
        finally:
            self.clear()

    def left(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{"pattern": f.pattern, "do": f.kind, "times": f.times} for f in self._script if f.times]
