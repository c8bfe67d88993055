"""The real processes on a fresh demo restaurant, for end to end tests that stop, kill and restart them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.local.failure import SetupFailure
from scripts.local.installation import STEPS, install
from scripts.local.layout import END_TO_END, TEST
from scripts.local.ports import choose_ports
from scripts.local.process import Process
from scripts.local.progress import SilentProgress
from scripts.local.redis_server import RedisServer
from scripts.local.secret_files import ensure_secrets
from scripts.local.stack import Stack
from scripts.local.testing import TestBed


class LiveRestaurant:
    """A running stack and the hands to break it with."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.url = stack.url
        self.websocket_url = stack.websocket_url
        self.environment = stack.environment
        self.database = stack.database

    @property
    def python(self) -> Path:
        """The locked Python, to start a till or a tool in a process of its own."""
        return self._stack.installation.environment.python

    def welcome(self) -> dict[str, Any]:
        """Logins, employees with PINs and a new pairing code of the demo restaurant."""
        return dict(self._stack.call("fynlo.demo", "_welcome"))

    def call(self, model: str, method: str) -> Any:
        """Calls a method of an Odoo model in a process of its own and commits."""
        return self._stack.call(model, method)

    def sql(self, query: str, **variables: str) -> str:
        """Runs one statement in the restaurant's database; rows by line, columns by `|`."""
        return self._stack.cluster.sql(query, self.database, **variables)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Crashes `odoo`, `relay`, `gateway`, `redis` or `postgres`; its supervisor starts it again."""
        self._process(name).kill(number)

    def kill_odoo_worker(self) -> int:
        """Crashes one HTTP worker of Odoo (the master starts another) and tells which pid it was."""
        workers = [pid for pid in self._process("odoo").children() if _is_worker(pid)]
        if not workers:
            raise SetupFailure("Odoo has no worker to kill.")
        os.kill(workers[0], signal.SIGKILL)
        return workers[0]

    def pid(self, name: str) -> int:
        """The pid of a process that is up."""
        child = self._process(name).child
        if child is None:
            raise SetupFailure(f"{name} is not running.")
        return child

    def workers(self) -> list[int]:
        """Pids of Odoo's HTTP and cron workers."""
        return self._process("odoo").children()

    def notify(self, statement: str) -> None:
        """Runs a statement where Odoo's cron workers listen."""
        self._stack.cluster.sql(statement)

    def stop(self, name: str) -> None:
        """Ends a process gracefully; it stays down until `start`."""
        self._process(name).stop()

    def start(self, name: str) -> None:
        """Starts a process that was stopped."""
        if name == "postgres":
            self._stack.cluster.start()
        else:
            self._stack.start(name)

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)

    def await_ready(self) -> None:
        """Returns when Odoo and gateway say that they are ready again."""
        self._stack.await_ready()

    def log(self, name: str) -> str:
        """Everything that a process has logged."""
        return self._process(name).log.read_text(errors="replace")

    def _process(self, name: str) -> Process:
        return self._stack.cluster.process if name == "postgres" else self._stack.process(name)


@contextmanager
def live_restaurant() -> Iterator[LiveRestaurant]:
    """Starts everything on a database of its own and ends all of it; the test servers must be up already."""
    bed = TestBed(install(SilentProgress(STEPS)))
    if bed.cluster.process.supervisor is None:
        raise SetupFailure("The test servers are not running.", "make test-fast ARGS=tests/e2e")
    database = bed.templates.fresh(bed.template("demo"), "e2e")
    stack = _stack(bed, database)
    try:
        stack.redis.start()
        stack.start_applications()
        stack.await_ready()
        yield LiveRestaurant(stack)
    finally:
        stack.stop_applications()
        stack.redis.stop()
        bed.cluster.drop(database)


def _stack(bed: TestBed, database: str) -> Stack:
    END_TO_END.create()
    ports = choose_ports(END_TO_END.ports, usual=False)
    redis = RedisServer(END_TO_END, bed.installation.programs.redis_server, durable=True)
    stack = Stack(END_TO_END, bed.installation, bed.cluster, redis, database, ports)
    ensure_secrets(END_TO_END, bed.installation)
    # the demo's PINs are hashed with the pepper of the cluster that its template was built in
    END_TO_END.pepper.write_text(TEST.pepper.read_text())
    # attachments of the copied database lie in the test cluster's filestore
    stack.configure(data_dir=str(TEST.data))
    return stack


def _is_worker(pid: int) -> bool:
    """HTTP and cron workers are forks of the master; the process for long polling has a command line of its own."""
    return b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes()
