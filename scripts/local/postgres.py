"""A private PostgreSQL cluster on a unix socket: no port, no system service, no password needed."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.local.command import clean_environment, require_space, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.layout import Layout
from scripts.local.process import Process

OWNER = "odoo"
PORT = "5432"
# trust is safe: only who may enter the 0700 socket folder can connect, and nothing listens on TCP
COMMON = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "warning",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "5min"}


@dataclass(frozen=True)
class Cluster:
    """The cluster of one layout. `durable` keeps every commit through a power cut; tests do without."""

    layout: Layout
    programs: Path
    durable: bool

    @property
    def process(self) -> Process:
        return Process(self.layout, "postgres")

    @property
    def client_environment(self) -> dict[str, str]:
        """What libpq needs to find the cluster."""
        return {"PGHOST": str(self.layout.sockets), "PGPORT": PORT, "PGUSER": OWNER}

    def dsn(self, database: str) -> str:
        return f"host={self.layout.sockets} port={PORT} user={OWNER} dbname={database}"

    def start(self) -> None:
        """Creates the cluster at the first time, starts it, returns when it answers."""
        self._initialise()
        argv: list[str | Path] = [self.programs / "postgres", "-D", self._data, "-k", self.layout.sockets]
        if sys.platform == "linux":
            # after a crash: one call instead of an fsync of each of some ten thousand files
            argv += ["-c", "recovery_init_sync_method=syncfs"]
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave
        self.process.start(argv, clean_environment(), drop_rights=True, stop_signal=signal.SIGINT)
        self._await_answer()

    def stop(self) -> bool:
        return self.process.stop()

    def sql(self, query: str, database: str = "postgres", **variables: str) -> str:
        """Runs one statement; `:'name'` in it stands for a quoted variable."""
        result = self._psql(query, database, variables)
        if result.returncode:
            raise SetupFailure(f"PostgreSQL refused a statement: {result.stderr.strip()}")
        return result.stdout.strip()

    def exists(self, database: str) -> bool:
        return bool(self.sql("SELECT 1 FROM pg_database WHERE datname = :'name'", name=database))

    def is_template(self, database: str) -> bool:
        return bool(self.sql("SELECT 1 FROM pg_database WHERE datname = :'name' AND datistemplate", name=database))

    def databases(self, prefix: str) -> list[str]:
        """Names that begin with the prefix, oldest first."""
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix') ORDER BY oid"
        return self.sql(query, prefix=prefix).split()

    def copy(self, source: str, target: str) -> None:
        """A new database from a template, with the files that belong to it."""
        self.sql('CREATE DATABASE :"target" TEMPLATE :"source"', source=source, target=target)
        if self.durable:
            # until then a crash would set the copy's sequences back: it takes over how many values need no WAL record
            self.sql("CHECKPOINT")
        files = self.layout.filestore / source
        if files.is_dir():
            # attachments are named by their content and never rewritten, so links serve as copies
            shutil.copytree(files, self.layout.filestore / target, copy_function=_link, dirs_exist_ok=True)

    def drop(self, database: str) -> None:
        """Removes a database, a template as well, and its files."""
        if self.is_template(database):
            self.sql('ALTER DATABASE :"name" WITH is_template false', name=database)
        self.sql('DROP DATABASE IF EXISTS :"name" WITH (FORCE)', name=database)
        shutil.rmtree(self.layout.filestore / database, ignore_errors=True)

    def rename(self, source: str, target: str) -> None:
        self.sql('ALTER DATABASE :"source" RENAME TO :"target"', source=source, target=target)
        files = self.layout.filestore / source
        if files.is_dir():
            shutil.rmtree(self.layout.filestore / target, ignore_errors=True)
            files.rename(self.layout.filestore / target)

    @property
    def _data(self) -> Path:
        return self.layout.cluster / "data"

    def _initialise(self) -> None:
        """Builds under another name and renames: an interrupted initdb leaves nothing that looks like a cluster."""
        if (self._data / "PG_VERSION").exists():
            return
        require_space(self.layout.home, 800, "The database")
        partial = self.layout.cluster / "data.part"
        shutil.rmtree(partial, ignore_errors=True)
        run_logged(
            [
                self.programs / "initdb",
                "-D",
                partial,
                "-U",
                OWNER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            log=self.layout.setup_log,
            what="Creating the PostgreSQL cluster",
            account=self.layout.account,
            env=clean_environment(HOME=str(self.layout.cluster)),
            cwd=Path("/"),
        )
        settings = COMMON if self.durable else COMMON | FAST
        with (partial / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{key} = {value}\n" for key, value in settings.items())
        partial.rename(self._data)

    def _await_answer(self, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while self._psql("SELECT 1", "postgres", {}).returncode:
            if time.monotonic() > deadline:
                raise SetupFailure(f"PostgreSQL does not answer; {self.process.quote_log()}")
            time.sleep(0.05)

    def _psql(self, query: str, database: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        settings = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        return subprocess.run(
            [self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, *settings],
            input=query,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(**self.client_environment),
        )


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
