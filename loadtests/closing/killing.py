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
#: Share of the orders that are added up; whether somebody is posting, which shows in the lock of the cron's row.
PROGRESS = """
    SELECT (SELECT coalesce(sum(order_count), 0) FROM fynlo_posting_batch)::float
             / (SELECT count(*) FROM pos_order o JOIN pos_session s ON s.id = o.session_id
                 WHERE s.fynlo_uuid = '{session}'),
           NOT EXISTS (SELECT FROM ir_cron WHERE id = (SELECT res_id FROM ir_model_data
                        WHERE module = 'fynlo_pos_core' AND name = 'cron_post_till_sessions') FOR SHARE SKIP LOCKED)
"""
#: While somebody is posting. The cron keeps its own row locked for the whole job, in a transaction that does no work.
LONGEST = """
    WITH keepers AS (SELECT pid FROM pg_locks WHERE relation = 'ir_cron'::regclass AND mode = 'RowShareLock')
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
       AND EXISTS (SELECT FROM keepers) AND pid NOT IN (SELECT pid FROM keepers)
"""
SAMPLE_S = 0.2
#: After the moment that was aimed at: any part of a step may be hit.
PAUSE_S = (0.0, 0.8)
BUSY_SHARE = 0.2
TIMEOUT_S = 900.0


class Odoo(Protocol):
    """Odoo's processes and the database they work on."""

    @property
    def database(self) -> str: ...

    def workers(self) -> list[int]: ...

    def notify(self, statement: str) -> None: ...


@dataclass
class Killing:
    """At which shares of the work a worker was killed, and how it ended."""

    at: list[float] = field(default_factory=list)
    seconds: float = 0.0
    longest_transaction_s: float = 0.0
    state: str = ""


def post_under_fire(restaurant: Restaurant, odoo: Odoo, session: str, kills: int, dice: random.Random) -> Killing:
    """Wakes the cron, kills whichever worker is posting so many times, waits until the till is posted.

    The moments are spread over the batches; the last one comes when only the stock and the final step are left.
    """
    killing, began = Killing(), time.monotonic()
    aims = [*sorted(dice.random() for _ in range(kills - 1)), 1.0]
    with _watched(restaurant, killing):
        odoo.notify(NUDGE.format(database=odoo.database))
        while killing.state != "closed" and time.monotonic() - began < TIMEOUT_S:
            if aims and _kill_at(restaurant, odoo, session, killing, aims[0], dice):
                aims.pop(0)
            time.sleep(SAMPLE_S)
            killing.state = restaurant.sql(STATE.format(session=session))
    killing.seconds = time.monotonic() - began
    return killing


def _kill_at(
    restaurant: Restaurant, odoo: Odoo, session: str, killing: Killing, aim: float, dice: random.Random
) -> bool:
    """Kills the posting worker if it has come so far."""
    done, posting = restaurant.sql(PROGRESS.format(session=session)).split("|")
    if posting != "t" or float(done) < aim:
        return False
    time.sleep(dice.uniform(*PAUSE_S))
    busy = _busiest(odoo.workers())
    if busy is None:
        return False
    os.kill(busy, signal.SIGKILL)
    killing.at.append(round(float(done), 2))
    time.sleep(1.0)  # the master starts another in its place
    odoo.notify(NUDGE.format(database=odoo.database))
    return True


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
