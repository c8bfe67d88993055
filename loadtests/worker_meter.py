"""What a request costs the servers: CPU of Odoo's worker, of its database connections and of Redis, and statements."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from loadtests.stage import Stage

#: The end of an access line of Odoo's web server: status, size, statements, seconds in them, seconds elsewhere.
ACCESS = re.compile(r"werkzeug: \S+ .* HTTP/1\.\d\"? \S+ \S+ (\d+) \d+\.\d+ -?\d+\.\d+\s*$")
#: A worker names its connections after the master, which it inherits the name from.
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'odoo-{master}'"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: After its answer a worker still ends the transaction and the connection; that is part of the price.
SETTLED_S = 0.002
PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU, and SQL statements as Odoo itself counts them."""

    odoo_ms: float
    postgres_ms: float
    redis_ms: float
    queries: int


class WorkerMeter:
    """Reads one Odoo HTTP worker between requests. The scheduler's own figures are exact to the microsecond."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._log = stage.stack.process("odoo").log
        self._read_up_to = self._log.stat().st_size
        self._master = stage.stack.process("odoo").child
        self._worker = _worker_of(stage)
        self._redis = stage.stack.redis.process.child or 0
        self.refresh()

    def refresh(self) -> None:
        """Finds the worker's database connections; call it again after warming up."""
        self._backends = [int(pid) for pid in self._stage.sql(BACKENDS.format(master=self._master)).split()]
        if not self._backends:
            raise RuntimeError("Odoo's worker has no database connection")
        self._before = self._settled()
        self._queries_since()

    def cost(self) -> Cost:
        """What was spent since the last reading."""
        now, before = self._settled(), self._before
        self._before = now
        odoo, postgres, redis = ((after - earlier) / 1e6 for after, earlier in zip(now, before, strict=True))
        return Cost(odoo, postgres, redis, self._queries_since())

    def _settled(self) -> tuple[int, int, int]:
        deadline = time.monotonic() + PATIENCE_S
        before = self._spent()
        while True:
            time.sleep(SETTLED_S)
            now = self._spent()
            if now == before or time.monotonic() > deadline:
                return now
            before = now

    def _spent(self) -> tuple[int, int, int]:
        backends = sum(nanoseconds(pid) for pid in self._backends)
        return nanoseconds(self._worker), backends, nanoseconds(self._redis)

    def _queries_since(self) -> int:
        with self._log.open("rb") as log:
            log.seek(self._read_up_to)
            text = log.read()
        self._read_up_to += len(text)
        rows = ANSI.sub("", text.decode(errors="replace")).splitlines()
        return sum(int(found[1]) for row in rows if (found := ACCESS.search(row)))


def _worker_of(stage: Stage) -> int:
    """The pid of the only HTTP worker: the child of the master that has no command line of its own."""
    process = stage.stack.process("odoo")
    workers = [pid for pid in process.children() if b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
    if len(workers) != 1:
        raise RuntimeError(f"expected one worker of Odoo, found {workers}")
    return workers[0]


def nanoseconds(pid: int) -> int:
    """Time on a CPU of all threads of a process."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(thread.read_text().split()[0])
        except OSError:
            continue
    return total
