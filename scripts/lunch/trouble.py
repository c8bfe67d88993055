"""Trouble on purpose: crashes processes of this checkout's restaurant, one at a time, at random moments."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from scripts.local.layout import RUN, Layout
from scripts.local.process import Process

TARGETS = ("odoo worker", "relay", "gateway", "redis")
SHORTEST_S, LONGEST_S = 5.0, 12.0


async def make_trouble(dice: random.Random, say: Callable[[str], None]) -> None:
    """Crash something every few seconds until cancelled; each kind once before any comes again."""
    while True:
        for target in dice.sample(TARGETS, len(TARGETS)):
            await asyncio.sleep(dice.uniform(SHORTEST_S, LONGEST_S))
            pid = crash(RUN, target, dice)
            say(f"kill -9 {target}, pid {pid}" if pid else f"{target} is down already")


def crash(layout: Layout, target: str, dice: random.Random) -> int | None:
    """Kill one process of a stack by its pid and return it; None when it is not up."""
    pid = _odoo_worker(layout, dice) if target == "odoo worker" else Process(layout, target).child
    with contextlib.suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGKILL)
            return pid
    return None


def _odoo_worker(layout: Layout, dice: random.Random) -> int | None:
    """One of the forks that serve HTTP or cron; the long-polling process has a command line of its own."""
    master = Process(layout, "odoo").child
    if master is None:
        return None
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    workers = [int(pid) for pid in children if b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return dice.choice(workers) if workers else None
