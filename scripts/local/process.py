"""A supervised process of a stack: start, stop, look, and make sure that a port is answered by it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local.command import tail
from scripts.local.failure import SetupFailure
from scripts.local.layout import ROOT, Layout

SUPERVISOR = ROOT / "scripts" / "supervise.py"
LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """One named, supervised program; its pids are in `<pids>/<name>.json` while it runs."""

    layout: Layout
    name: str

    @property
    def log(self) -> Path:
        return self.layout.logs / f"{self.name}.log"

    @property
    def _state(self) -> Path:
        return self.layout.pids / f"{self.name}.json"

    def start(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        drop_rights: bool = False,
        stop_signal: int = signal.SIGTERM,
        grace_s: int = 30,
    ) -> None:
        """Starts the program under its supervisor; does nothing when it runs already."""
        if self.supervisor is not None:
            return
        self._end_orphan()
        account = self.layout.account if drop_rights else None
        options = [
            "--name",
            self.name,
            "--state",
            self._state,
            "--log",
            self.log,
            "--stop-signal",
            int(stop_signal),
            "--grace",
            grace_s,
        ]
        if account:
            options += ["--account", f"{account.uid}:{account.gid}"]
        supervisor = subprocess.Popen(
            [sys.executable, str(SUPERVISOR), *map(str, options), "--", *map(str, argv)],
            env=dict(env),
            cwd=ROOT if account is None else "/",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await_state(supervisor)

    def stop(self, timeout_s: float = 60) -> bool:
        """Ends the program gracefully and waits for it; tells whether there was something to end."""
        supervisor = self.supervisor
        if supervisor is None:
            self._end_orphan()
            return False
        os.kill(supervisor, signal.SIGTERM)
        if not _gone_within(supervisor, timeout_s):
            raise SetupFailure(
                f"{self.name} (pid {supervisor}) does not end.", f"look at {self.log}, then kill {supervisor}."
            )
        return True

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signals the program itself, not its supervisor: what a crash looks like."""
        child = self.child
        if child is None:
            raise SetupFailure(f"{self.name} is not running.")
        os.kill(child, number)

    @property
    def supervisor(self) -> int | None:
        """The pid of the living supervisor."""
        pid = self._recorded("supervisor")
        return pid if pid and _runs(pid, self._state) else None

    @property
    def child(self) -> int | None:
        """The pid of the program itself, None while it is down."""
        pid = self._recorded("child")
        return pid if pid and self.supervisor and _alive(pid) else None

    def children(self) -> list[int]:
        """Pids of what the program itself has started, for example Odoo's workers."""
        child = self.child
        return sorted(_family(child) - {child}) if child else []

    @property
    def restarts(self) -> int:
        return self._recorded("restarts") or 0

    def owns_port(self, port: int) -> bool:
        """Whether this program or a child of it listens on the port: an answer alone may come from a stranger."""
        child = self.child
        sockets = _listening_sockets(port)
        return child is not None and any(_open_sockets(pid) & sockets for pid in _family(child))

    def quote_log(self) -> str:
        return f"the end of {self.log}:\n{tail(self.log)}"

    def _recorded(self, key: str) -> int | None:
        try:
            value = json.loads(self._state.read_text())[key]
        except (OSError, ValueError, KeyError):
            return None
        return int(value) if value is not None else None

    def _end_orphan(self) -> None:
        """Ends a program whose supervisor was killed: it would hold the port or the data folder."""
        child = self._recorded("child")
        if child and _alive(child) and _leads_session(child):
            os.kill(child, signal.SIGTERM)
            if not _gone_within(child, 20):
                os.kill(child, signal.SIGKILL)
        self._state.unlink(missing_ok=True)

    def _await_state(self, supervisor: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + 10
        while self.supervisor is None:
            if supervisor.poll() is not None or time.monotonic() > deadline:
                raise SetupFailure(f"{self.name} could not be started; {self.quote_log()}")
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _runs(pid: int, state: Path) -> bool:
    """Whether the pid is a supervisor of this very state file, and not a stranger that got the number later."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(state) in command and _alive(pid)


def _leads_session(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(pid) == pid
    return False


def _gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _family(pid: int) -> set[int]:
    """The process and all that descend from it."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while found := {child for child, parent in parents.items() if parent in family} - family:
        family |= found
    return family


def _listening_sockets(port: int) -> set[str]:
    wanted = f":{port:04X}"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[1].endswith(wanted) and fields[3] == LISTENING:
                    inodes.add(fields[9])
    return inodes


def _open_sockets(pid: int) -> set[str]:
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            target = str(handle.readlink())
            if target.startswith("socket:["):
                inodes.add(target[len("socket:[") : -1])
    return inodes
