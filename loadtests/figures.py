"""Percentiles, and the line that says what a figure was measured on."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from loadtests.stage import Stage
from scripts.local.layout import ROOT

OUT = ROOT / "loadtests" / "out"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def machine(redis_server: Path) -> dict[str, str]:
    """What every run tells of where it ran: machine, Python, Redis and commit."""
    load = os.getloadavg()[0]
    return {
        "cpu": f"{os.cpu_count()} × {_processor()}",
        "ram": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load": f"{load:.1f} at the start",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "redis": _redis(redis_server),
        "commit": _commit(),
    }


def environment(stage: Stage) -> dict[str, str]:
    """The machine, and the versions of the whole restaurant."""
    return {
        **machine(stage.stack.redis.program),
        "odoo": stage.stack.installation.tree.version,
        "postgresql": stage.sql("SHOW server_version").split()[0],
        "fsync": stage.sql("SHOW fsync"),
    }


def environment_line(facts: dict[str, str]) -> str:
    return " · ".join(f"{name} {value}" for name, value in facts.items())


def _processor() -> str:
    for row in Path("/proc/cpuinfo").read_text().splitlines():
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.machine()


def _redis(program: Path) -> str:
    """``7.0.15`` of ``Redis server v=7.0.15 sha=…``."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return told.partition("v=")[2].partition(" ")[0] or "unknown"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" + changes" if git("status", "--porcelain") else "")
