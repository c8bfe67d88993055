"""Our addons: which there are, what they depend on, and a fingerprint of what a database is made from."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from scripts.local.layout import ADDONS

DEMO = "fynlo_demo"
# a change in these needs no new database: tests and static files are read from disk
NOT_IN_DATABASE = {"tests", "static", "__pycache__"}


def our_modules(addons: Path = ADDONS) -> list[str]:
    """Names of the addons of this repository."""
    return sorted(manifest.parent.name for manifest in addons.glob("*/__manifest__.py"))


def depends(module: str, addons: Path = ADDONS) -> list[str]:
    """What the module's manifest names."""
    manifest = ast.literal_eval((addons / module / "__manifest__.py").read_text())
    return list(manifest.get("depends", ["base"]))


def foreign_modules(modules: Iterable[str], addons: Path = ADDONS) -> list[str]:
    """Odoo's own modules that ours name directly; they change only with Odoo itself."""
    ours = set(our_modules(addons))
    return sorted({name for module in modules for name in depends(module, addons)} - ours)


def with_dependencies(module: str, addons: Path = ADDONS) -> list[str]:
    """The module and all of our modules below it."""
    ours, found, waiting = set(our_modules(addons)), set(), [module]
    while waiting:
        name = waiting.pop()
        if name in ours and name not in found:
            found.add(name)
            waiting += depends(name, addons)
    return sorted(found)


def fingerprint(module: str, addons: Path = ADDONS) -> str:
    """A hash of every file of the module that ends up in a database or in its behaviour."""
    digest = hashlib.sha256()
    home = addons / module
    for file in sorted(path for path in home.rglob("*") if path.is_file()):
        parts = file.relative_to(home).parts
        if not NOT_IN_DATABASE & set(parts):
            digest.update("/".join(parts).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
