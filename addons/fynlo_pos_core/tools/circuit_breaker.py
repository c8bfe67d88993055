"""Leaves a server that does not answer alone for a while, so that only the first request waits for it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class CircuitBreaker:
    """Closed while the server answers, open after a failure; when the pause is over one call alone tries again.

    The pause doubles with every failed trial, from ``first_pause_s`` to ``longest_pause_s``. Safe between threads.
    """

    first_pause_s: float
    longest_pause_s: float
    clock: Callable[[], float] = time.monotonic
    #: How often it opened from closed, and how many calls it spared since the process began.
    openings: int = 0
    spared: int = 0
    _pause_s: float = 0.0
    _open_until: float = 0.0
    _trial: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        return self._pause_s > 0

    def admit(self) -> bool:
        """Whether the caller may ask the server. Whoever may must tell how it ended."""
        if not self._pause_s:
            return True
        with self._lock:
            if self._pause_s and (self._trial or self.clock() < self._open_until):
                self.spared += 1
                return False
            self._trial = bool(self._pause_s)
            return True

    def succeeded(self) -> None:
        """The server answered, whatever it said."""
        if self._pause_s:
            with self._lock:
                self._pause_s, self._trial = 0.0, False

    def failed(self) -> None:
        """The server did not answer in time, or not at all."""
        with self._lock:
            if self._pause_s and not self._trial:
                return  # asked before it opened; the pause has begun already
            self.openings += not self._pause_s
            self._pause_s = min(self._pause_s * 2, self.longest_pause_s) if self._pause_s else self.first_pause_s
            self._open_until, self._trial = self.clock() + self._pause_s, False

    def abandoned(self) -> None:
        """The call ended without learning anything of the server; another may try."""
        with self._lock:
            self._trial = False

    def close(self) -> None:
        """Forget that anything failed, e.g. after the server's address changed."""
        with self._lock:
            self._pause_s, self._open_until, self._trial = 0.0, 0.0, False
