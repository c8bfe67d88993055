"""The restaurant that load tests run against: a durable database of its own, real processes, ended afterwards."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from loadtests.odoo_shell import Answer, ask_odoo
from loadtests.process_groups import groups_of
from loadtests.resource_watch import ResourceWatch, Usage
from scripts.local.configuration import stack_environment, write_odoo_conf
from scripts.local.failure import SetupFailure
from scripts.local.installation import STEPS, Installation, install
from scripts.local.layout import LOAD
from scripts.local.ports import choose_ports
from scripts.local.postgres import Cluster
from scripts.local.progress import Progress, SilentProgress
from scripts.local.redis_server import RedisServer
from scripts.local.secret_files import ensure_secrets
from scripts.local.stack import APPLICATIONS, Stack, stop_everything
from scripts.local.templates import Templates

#: One address plays all tills, so limits by address and by device would measure themselves.
NO_LIMITS = ",".join(f"{budget}=100000/100000" for budget in ("default", "money", "auth", "address"))


@dataclass(frozen=True)
class Stage:
    """A database with the demo restaurant and the processes to be started on it."""

    stack: Stack
    watch: ResourceWatch

    def usage(self) -> Usage:
        """What all processes have used since the stage was set."""
        return self.watch.usage()

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def websocket_url(self) -> str:
        return self.stack.websocket_url

    @property
    def database(self) -> str:
        return self.stack.database

    def sql(self, query: str) -> str:
        """Rows by line, columns by ``|``."""
        return self.stack.cluster.sql(query, self.database)

    def ask_odoo(self, script: str, function: str, **arguments: object) -> Answer:
        """Runs ``function(env, **arguments)`` of ``loadtests/scenes/<script>.py`` in Odoo's shell and commits."""
        return ask_odoo(self.stack.environment, self.database, script, function, **arguments)

    def start(self, *applications: str) -> None:
        """Starts the given applications and returns when they answer."""
        for name in applications:
            self.stack.start(name)
        if set(applications) == set(APPLICATIONS):
            self.stack.await_ready()
        else:
            self.stack.await_odoo()

    def workers(self) -> list[int]:
        """Pids of Odoo's HTTP and cron workers."""
        return self.stack.process("odoo").children()

    def notify(self, statement: str) -> None:
        """Runs a statement where Odoo's cron workers listen."""
        self.stack.cluster.sql(statement)

    def restart_odoo(self, **options: str) -> None:
        """Starts Odoo again with other options; returns when it answers."""
        self.stack.process("odoo").stop()
        self.stack.configure(**options)
        self.start("odoo")


@contextmanager
def stage(name: str, postgres: Mapping[str, str] | None = None, /, **odoo_options: str) -> Iterator[Stage]:
    """A stage with Redis and PostgreSQL up and no application; everything is ended and dropped at the end.

    ``postgres`` are settings of its server for this run.
    """
    os.environ.setdefault("FYNLO_RATE_LIMITS", NO_LIMITS)
    progress = Progress(2)
    installation = install(SilentProgress(STEPS))
    with exclusive():
        ports = _prepare(installation)
        cluster = Cluster(LOAD, installation.programs.postgres, durable=True, settings=postgres or {})
        redis = RedisServer(LOAD, installation.programs.redis_server, durable=True)
        try:
            with progress.step("PostgreSQL and Redis"):
                cluster.start()
                redis.start()
                redis.flush()
                ensure_secrets(LOAD, installation)
            with progress.step("Demo restaurant (about three minutes the first time)"):
                templates = _templates(cluster, installation, ports)
                database = templates.fresh(templates.demo(), name)
            stack = Stack(LOAD, installation, cluster, redis, database, ports)
            stack.configure(**odoo_options)
            with ResourceWatch(groups_of(stack)) as watch:
                yield Stage(stack, watch)
            stack.stop_applications()
            cluster.drop(database)
        finally:
            stop_everything(LOAD)


def _prepare(installation: Installation) -> dict[str, int]:
    LOAD.create()
    stop_everything(LOAD)  # a run that was killed leaves its processes behind, and they would be taken for ours
    for log in LOAD.logs.glob("*.log"):
        log.unlink()
    return choose_ports(LOAD.ports, usual=False)


def _templates(cluster: Cluster, installation: Installation, ports: dict[str, int]) -> Templates:
    write_odoo_conf(LOAD, installation, ports, "postgres", workers="0", max_cron_threads="0")
    environment = stack_environment(LOAD, installation, cluster, ports, "postgres")
    templates = Templates(cluster, environment, installation.tree)
    templates.drop_runs()
    return templates


@contextmanager
def exclusive() -> Iterator[None]:
    """One load test at a time in a checkout: two would measure each other."""
    LOAD.home.mkdir(parents=True, exist_ok=True)
    with (LOAD.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupFailure("Another load test is under way in this checkout.", "wait for it, or end it.") from None
        yield
