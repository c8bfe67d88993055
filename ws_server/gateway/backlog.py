"""When a client that reads too slowly is cut: by its progress, and by a hard bound."""

from __future__ import annotations

__all__ = ["Backlog"]


class Backlog:
    """Watches the bytes waiting for one client.

    Above ``soft`` bytes the client must keep taking some within ``patience_s``; a large replay
    alone is therefore no reason to cut. Above ``hard`` bytes it is cut whatever it does.
    """

    __slots__ = ("_hard", "_patience_s", "_since", "_soft", "_taken", "_waiting", "_written")

    def __init__(self, soft: int, hard: int, patience_s: float) -> None:
        self._soft = soft
        self._hard = hard
        self._patience_s = patience_s
        self._written = 0
        self._taken = 0
        self._waiting = 0
        self._since: float | None = None

    @property
    def is_pressed(self) -> bool:
        """Whether the client is being watched."""
        return self._since is not None

    @property
    def complaint(self) -> str:
        """What a hopeless client is cut for."""
        return "progress" if self._waiting <= self._hard else "size"

    def wrote(self, size: int) -> None:
        """Count bytes handed to the transport of which some had to wait.

        What the kernel took at once need not be counted: it can only be followed by more progress.
        """
        self._written += size

    def is_hopeless(self, waiting: int, now: float) -> bool:
        """Whether the client is to be cut, given the bytes that wait for it now."""
        self._waiting = waiting
        if waiting <= self._soft:
            self._since = None
            return False
        taken = self._written - waiting
        if self._since is None or taken > self._taken:
            self._since, self._taken = now, taken
        return waiting > self._hard or now - self._since > self._patience_s
