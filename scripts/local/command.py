"""Running other programs: their output goes to a log, a failure quotes the end of it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.local.account import Account
from scripts.local.failure import SetupFailure

TAIL_LINES = 15


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, indented for quoting below a sentence."""
    if not log.exists():
        return ""
    rows = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {row}" for row in rows)


def run_logged(
    argv: Sequence[str | Path],
    *,
    log: Path,
    what: str,
    remedy: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
) -> None:
    """Runs a program to its end; raises `SetupFailure` with the end of its log when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"$ {' '.join(map(str, argv))}\n".encode())
        out.flush()
        result = subprocess.run(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            check=False,
            **identity(account),
        )
    if result.returncode:
        raise SetupFailure(f"{what} failed (exit {result.returncode}); the end of {log}:\n{tail(log)}", remedy)


def output(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """The standard output of a short program; raises `SetupFailure` with its error text."""
    result = subprocess.run(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        check=False,
    )
    if result.returncode:
        raise SetupFailure(f"{argv[0]} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout.strip()


def identity(account: Account | None) -> dict[str, Any]:
    """Arguments for `subprocess` that drop root's rights to the account's."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def require_space(path: Path, megabytes: int, purpose: str) -> None:
    """Refuses to begin what would fill the disk."""
    existing = path
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < megabytes:
        raise SetupFailure(
            f"{purpose} needs {megabytes} MB below {path}, but only {free} MB are free.",
            "free some space, or point FYNLO_CACHE (downloads) at a larger disk.",
        )


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would leak into children (PYTHON*, virtual environments)."""
    leaks = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "ODOO_RC", "OPENERP_SERVER"}
    return {key: value for key, value in os.environ.items() if key not in leaks} | extra
