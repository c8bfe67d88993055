"""An Odoo 19 on disk: recognises the Debian layout and a git checkout, and says what to put on which path."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.local.failure import SetupFailure

SERIES = "19.0"


@dataclass(frozen=True)
class OdooTree:
    """Where one Odoo lies: its program, the folder to import it from, its addons folders, its version."""

    program: Path
    python_path: Path
    addons: tuple[Path, ...]
    version: str


def recognise(home: Path) -> OdooTree:
    """The Odoo tree at `home`; raises `SetupFailure` when there is none of the right series."""
    for candidate in (_debian_layout(home), _checkout_layout(home)):
        if candidate is not None:
            return _require_series(candidate, home)
    raise SetupFailure(f"{home} holds no Odoo (neither a Debian tree nor a git checkout).", "correct ODOO_HOME.")


def _debian_layout(home: Path) -> OdooTree | None:
    packages = home / "usr/lib/python3/dist-packages"
    program = home / "usr/bin/odoo"
    if not (packages / "odoo/release.py").exists() or not program.exists():
        return None
    return OdooTree(program, packages, (packages / "odoo/addons",), _version(packages))


def _checkout_layout(home: Path) -> OdooTree | None:
    if not (home / "odoo-bin").exists() or not (home / "odoo/release.py").exists():
        return None
    return OdooTree(home / "odoo-bin", home, (home / "odoo/addons", home / "addons"), _version(home))


def _version(python_path: Path) -> str:
    text = (python_path / "odoo/release.py").read_text()
    numbers = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", text, re.MULTILINE)
    return f"{numbers[1]}.{numbers[2]}" if numbers else "unknown"


def _require_series(tree: OdooTree, home: Path) -> OdooTree:
    if tree.version != SERIES:
        raise SetupFailure(
            f"{home} is Odoo {tree.version}; Fynlo needs {SERIES}.", "point ODOO_HOME at an Odoo 19 tree."
        )
    return tree
