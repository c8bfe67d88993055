"""Progress lines of a set-up: "[3/8] Python environment … 12 s"."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Numbers the steps of one command and prints how long each took."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._note = ""

    def note(self, text: str) -> None:
        """Adds what the running step found (for example "unchanged") to its line."""
        self._note = text

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Prints the title now, and the seconds once the block has ended well."""
        self._number += 1
        self._note = ""
        sys.stdout.write(f"[{self._number}/{self._total}] {title} … ")
        sys.stdout.flush()
        began, end = time.monotonic(), "failed"
        try:
            yield
            note = f" ({self._note})" if self._note else ""
            end = f"{time.monotonic() - began:.0f} s{note}"
        finally:
            print(end, flush=True)


class SilentProgress(Progress):
    """Takes the same steps without a word, for commands that only need what was set up before."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        yield


def warn(sentence: str) -> None:
    """Says something a person should know, without stopping."""
    print(f"warning: {sentence}", file=sys.stderr, flush=True)
