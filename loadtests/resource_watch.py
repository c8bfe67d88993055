"""What the processes of a load test use while it runs: CPU, memory, disk and network, read once a second."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

import psutil

#: Pids whose families are a group, asked anew at every reading: processes die and come back. What descends from
#: this very process is no family of its own: those are servers too, so its own helpers are named one by one.
Roots = Callable[[], Iterable[int]]
#: One process: its pid, and when it began, as pids are given again.
Who = tuple[int, float]

EVERY_S = 1.0
#: PSS walks all pages of a process, so it is read less often: it may take this share of the time.
PSS_SHARE = 0.05
READINGS_TO_PSS = 5
MEGABYTE = 1_000_000
LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """What one group used. Memory is the sum over its processes: RSS counts shared pages in each of them, PSS once.

    ``None`` is what this account may not read of other accounts' processes, or what was over too soon to be read.
    """

    name: str
    cpu_s: float
    cores_mean: float
    cores_max: float
    rss_first_mb: float
    rss_max_mb: float
    rss_last_mb: float
    pss_max_mb: float | None
    disk_read_mb: float | None
    disk_written_mb: float | None
    processes_max: int

    def row(self) -> list[str]:
        memory = (self.rss_first_mb, self.rss_max_mb, self.rss_last_mb, self.pss_max_mb)
        disk = (self.disk_read_mb, self.disk_written_mb)
        cpu = [f"{self.cpu_s:.1f}", f"{self.cores_mean:.2f}", f"{self.cores_max:.2f}"]
        return [self.name, *cpu, *map(_whole, memory), *map(_whole, disk), str(self.processes_max)]


HEADINGS = (
    *("resources", "CPU s", "cores mean", "max", "RSS MB first", "max", "last", "PSS max"),
    *("disk read MB", "written", "processes"),
)


@dataclass(frozen=True, slots=True)
class Usage:
    """A whole run: each group's use, megabytes by network interface of the machine, and the course of both."""

    seconds: float
    groups: list[GroupUsage]
    #: Unix sockets, which the servers of a stage are spoken to by, are no interface.
    network_mb: dict[str, float]
    at_s: list[float]
    cores: dict[str, list[float]]
    rss_mb: dict[str, list[float]]

    def figures(self) -> dict[str, Any]:
        """What the JSON output keeps."""
        return asdict(self)


@dataclass
class _Group:
    """The readings of one group so far."""

    cpu: dict[Who, float] = field(default_factory=dict)
    read: dict[Who, int] = field(default_factory=dict)
    written: dict[Who, int] = field(default_factory=dict)
    first_cpu: dict[Who, float] = field(default_factory=dict)
    first_read: dict[Who, int] = field(default_factory=dict)
    first_written: dict[Who, int] = field(default_factory=dict)
    spent_s: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    pss_max: int = 0
    processes_max: int = 0


class ResourceWatch:
    """Reads groups of processes from ``start`` to ``stop``; a context manager does both.

    A process that lives for less than a second may not be seen at all.
    """

    def __init__(self, groups: Mapping[str, Roots], every_s: float = EVERY_S) -> None:
        self._roots = dict(groups)
        self._every_s = every_s
        self._groups = {name: _Group() for name in groups}
        self._at: list[float] = []
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="resource watch", daemon=True)
        self._pss_due = 0.0

    def start(self) -> None:
        """Takes the first reading; what was used before does not count."""
        self._began = time.monotonic()
        self._network = _network()
        self._read(first=True)
        self._thread.start()

    def stop(self) -> None:
        """Takes the last reading. May be repeated."""
        if not self._over.is_set():
            self._over.set()
            self._thread.join()
            self._read()

    def __enter__(self) -> "ResourceWatch":
        self.start()
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.stop()

    def usage(self) -> Usage:
        """What was used so far."""
        with self._lock:
            names = [name for name, group in self._groups.items() if group.processes_max]
            cores = {name: self._cores(self._groups[name]) for name in names}
            moved = {name: now - self._network.get(name, now) for name, now in self._network_now.items()}
            return Usage(
                seconds=round(self._at[-1], 1),
                groups=[_summary(name, self._groups[name], cores[name], self._at[-1]) for name in names],
                network_mb={name: round(moved[name] / MEGABYTE, 2) for name in moved if moved[name]},
                at_s=[round(at, 1) for at in self._at],
                cores=cores,
                rss_mb={name: [round(rss / MEGABYTE, 1) for rss in self._groups[name].rss] for name in names},
            )

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            self._read()

    def _read(self, *, first: bool = False) -> None:
        with self._lock:
            self._at.append(time.monotonic() - self._began)
            self._network_now = _network()
            with_pss = self._at[-1] >= self._pss_due
            for name, group in self._groups.items():
                _read_group(group, self._roots[name](), first=first, with_pss=with_pss)
            if with_pss:
                took = time.monotonic() - self._began - self._at[-1]
                self._pss_due = self._at[-1] + max(READINGS_TO_PSS * self._every_s, took / PSS_SHARE)

    def _cores(self, group: _Group) -> list[float]:
        """CPUs in use between two readings, the first of them being zero."""
        spans = [later - earlier for earlier, later in zip(self._at, self._at[1:], strict=False)]
        spent = [later - earlier for earlier, later in zip(group.spent_s, group.spent_s[1:], strict=False)]
        return [0.0, *(round(cpu / span, 3) if span > 0 else 0.0 for cpu, span in zip(spent, spans, strict=True))]


def _read_group(group: _Group, roots: Iterable[int], *, first: bool, with_pss: bool) -> None:
    rss, pss, count = 0, 0, 0
    for process in _families(roots):
        try:
            with process.oneshot():
                who = (process.pid, process.create_time())
                times = process.cpu_times()
                group.cpu[who] = times.user + times.system
                rss += process.memory_info().rss
                count += 1
            _read_disk(group, who, process)
            pss += process.memory_full_info().pss if with_pss else 0
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    if first:
        group.first_cpu, group.first_read, group.first_written = dict(group.cpu), dict(group.read), dict(group.written)
    group.spent_s.append(_grown(group.cpu, group.first_cpu))
    group.rss.append(rss)
    group.pss_max = max(group.pss_max, pss)
    group.processes_max = max(group.processes_max, count)


def _read_disk(group: _Group, who: Who, process: psutil.Process) -> None:
    try:
        counters = process.io_counters()
    except psutil.AccessDenied:
        return
    group.read[who], group.written[who] = counters.read_bytes, counters.write_bytes


def _families(roots: Iterable[int]) -> list[psutil.Process]:
    """The roots that live, with all that descend from them."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        try:
            root = psutil.Process(pid)
            descendants = [] if pid == os.getpid() else root.children(recursive=True)
            found |= {process.pid: process for process in (root, *descendants)}
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def _grown(now: Mapping[Who, float], before: Mapping[Who, float]) -> float:
    """The sum over all processes, also those that have ended, since the first reading."""
    return sum(value - before.get(who, 0) for who, value in now.items())


def _summary(name: str, group: _Group, cores: list[float], seconds: float) -> GroupUsage:
    spent, alive = group.spent_s[-1], [rss for rss in group.rss if rss] or [0]
    disk = (
        (_grown(group.read, group.first_read), _grown(group.written, group.first_written))
        if group.read
        else (None,) * 2
    )
    return GroupUsage(
        name=name,
        cpu_s=round(spent, 2),
        cores_mean=round(spent / seconds, 3) if seconds > 0 else 0.0,
        cores_max=max(cores),
        rss_first_mb=_megabytes(alive[0]) or 0.0,
        rss_max_mb=_megabytes(max(alive)) or 0.0,
        rss_last_mb=_megabytes(alive[-1]) or 0.0,
        pss_max_mb=_megabytes(group.pss_max or None),
        disk_read_mb=_megabytes(disk[0]),
        disk_written_mb=_megabytes(disk[1]),
        processes_max=group.processes_max,
    )


def _network() -> dict[str, int]:
    """Bytes of each interface, both ways; on the loopback each byte is sent and received, and counted once."""
    return {
        name: counters.bytes_sent + (0 if name == LOOPBACK else counters.bytes_recv)
        for name, counters in psutil.net_io_counters(pernic=True).items()
    }


def _megabytes(count: float | None) -> float | None:
    return None if count is None else round(count / MEGABYTE, 2)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
