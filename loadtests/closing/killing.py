"""The posting worker is killed at random moments until the books are posted all the same."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from loadtests.races.outcome import Restaurant

#: Odoo's cron workers listen here for work; without it a fresh one looks around after a minute.
NUDGE = "SELECT pg_notify('cron_trigger', '{database}')"
STATE = "SELECT state FROM pos_session WHERE fynlo_uuid = '{session}'"
DONE = "SELECT coalesce(sum(order_count), 0) FROM fynlo_posting_batch"
#: The cron keeps its own row locked in a transaction of its own while the job's transactions come and go.
LONGEST = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
       AND NOT (state = 'idle in transaction' AND query ~* 'ir_cron|^rollback|^commit|savepoint')
"""
SAMPLE_S = 0.2
PAUSE_S = (0.2, 3.0)
BUSY_SHARE = 0.2
TIMEOUT_S = 900.0


class Odoo(Protocol):
    """Odoo's processes and the database they work on."""

    database: str

    def workers(self) -> list[int]: ...

    def notify(self, statement: str) -> None: ...


@dataclass
class Killing:
    """How often a worker was killed, after how many orders each time, and how it ended."""

    kills: int = 0
    orders_done: list[int] = field(default_factory=list)
    seconds: float = 0.0
    longest_transaction_s: float = 0.0
    state: str = ""


def post_under_fire(restaurant: Restaurant, odoo: Odoo, session: str, kills: int, dice: random.Random) -> Killing:
    """Wakes the cron, kills whichever worker is posting so many times, waits until the till is posted."""
    killing, began = Killing(), time.monotonic()
    with _watched(restaurant, killing):
        odoo.notify(NUDGE.format(database=odoo.database))
        while killing.state != "closed" and time.monotonic() - began < TIMEOUT_S:
            if killing.kills < kills:
                _kill_one(restaurant, odoo, killing, dice)
            time.sleep(SAMPLE_S)
            killing.state = restaurant.sql(STATE.format(session=session))
    killing.seconds = time.monotonic() - began
    return killing


def _kill_one(restaurant: Restaurant, odoo: Odoo, killing: Killing, dice: random.Random) -> None:
    time.sleep(dice.uniform(*PAUSE_S))
    busy = _busiest(odoo.workers())
    if busy is None:
        return
    os.kill(busy, signal.SIGKILL)
    killing.kills += 1
    killing.orders_done.append(int(restaurant.sql(DONE)))
    time.sleep(1.0)  # the master starts another in its place
    odoo.notify(NUDGE.format(database=odoo.database))


def _busiest(pids: list[int]) -> int | None:
    """The worker that computes; nobody else does while nobody asks Odoo for anything."""
    before = {pid: _ticks(pid) for pid in pids}
    time.sleep(SAMPLE_S)
    spent = {pid: _ticks(pid) - ticks for pid, ticks in before.items()}
    busiest = max(spent, key=lambda pid: spent[pid], default=None)
    enough = BUSY_SHARE * SAMPLE_S * os.sysconf("SC_CLK_TCK")
    return busiest if busiest is not None and spent[busiest] >= enough else None


def _ticks(pid: int) -> int:
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(values[11]) + int(values[12])


@contextmanager
def _watched(restaurant: Restaurant, killing: Killing) -> Iterator[None]:
    """Notes the longest transaction meanwhile."""
    over = Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            killing.longest_transaction_s = max(killing.longest_transaction_s, float(restaurant.sql(LONGEST)))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
