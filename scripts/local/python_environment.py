"""The one locked Python environment: built once per lock, shared by all checkouts of a user, linked as .venv."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from scripts.local.command import clean_environment, require_space, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.layout import LOCK_FILE, ROOT
from scripts.local.odoo_tree import OdooTree

LINK = ROOT / ".venv"


@dataclass(frozen=True)
class PythonEnvironment:
    """A built environment."""

    home: Path

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    def tool(self, name: str) -> Path:
        """A program that the lock installs, for example `pytest`."""
        return self.home / "bin" / name


def python_environment(cache: Path, tree: OdooTree, log: Path) -> tuple[PythonEnvironment, bool]:
    """The environment for this lock, this Python and this Odoo, and whether it had to be built."""
    home = cache / f"venv-{_key(tree)}"
    built = not (home / ".complete").exists()
    if built:
        _build(home, tree, log)
    _link(home)
    return PythonEnvironment(home), built


def _key(tree: OdooTree) -> str:
    parts = (LOCK_FILE.read_text(), sys.version, os.path.realpath(sys.executable), str(tree.python_path))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _build(home: Path, tree: OdooTree, log: Path) -> None:
    require_space(home.parent, 900, "The Python environment")
    # an environment cannot be moved, so the mark at its end says that it is whole
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    env = clean_environment(PIP_DISABLE_PIP_VERSION_CHECK="1")
    pip = _create(home, log)
    network = "check the network and pip's configuration (pip config list), then try again."
    run_logged(
        [*pip, "install", "--no-deps", "--no-input", "-r", LOCK_FILE],
        log=log,
        env=env,
        what="Installing the Python packages",
        remedy=network,
    )
    run_logged([*pip, "check"], log=log, env=env, what="The check of the Python packages")
    (_site_packages(home) / "odoo19.pth").write_text(f"{tree.python_path}\n")
    (home / ".complete").touch()


def _create(home: Path, log: Path) -> list[str]:
    """Makes an empty environment and returns how to call pip for it."""
    interpreter = os.path.realpath(sys.executable)
    if _has_module("ensurepip"):
        run_logged([interpreter, "-m", "venv", home], log=log, what="Creating the Python environment")
        return [str(home / "bin/python"), "-m", "pip"]
    if not _has_module("pip"):
        raise SetupFailure(
            "This Python can make no environment: it has neither ensurepip nor pip.", "apt-get install python3-venv"
        )
    run_logged([interpreter, "-m", "venv", "--without-pip", home], log=log, what="Creating the Python environment")
    return [interpreter, "-m", "pip", "--python", str(home / "bin/python")]


def _has_module(name: str) -> bool:
    probe = [sys.executable, "-c", f"import {name}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _site_packages(home: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))


def _link(home: Path) -> None:
    if LINK.is_symlink():
        if LINK.readlink() == home:
            return
        LINK.unlink()
    elif LINK.exists():
        raise SetupFailure(".venv is a folder that the set-up did not make.", "move it away; the set-up links its own.")
    LINK.symlink_to(home)
