"""Template databases keyed by content: Odoo's own modules, ours above them, the demo restaurant above those."""

import hashlib
import os

from scripts.local.database import require_installed, run_odoo
from scripts.local.layout import LOCK_FILE
from scripts.local.modules import DEMO, fingerprint, foreign_modules, our_modules
from scripts.local.odoo_tree import OdooTree
from scripts.local.postgres import Cluster

KEPT_OF_A_LEVEL = 3


class Templates:
    """Builds what is missing, gives names of what is there, forgets what is old."""

    def __init__(self, cluster: Cluster, env: dict[str, str], tree: OdooTree) -> None:
        self._cluster = cluster
        self._env = env
        self._tree = tree

    def addons(self) -> str:
        """A database with every addon of ours but the demo restaurant."""
        modules = [module for module in our_modules() if module != DEMO]
        base = self._template("odoo", foreign_modules(our_modules()), None, b"")
        content = "".join(fingerprint(module) for module in modules).encode()
        return self._template("ours", modules, base, content)

    def demo(self) -> str:
        """The same with the demo restaurant."""
        return self._template("demo", [DEMO], self.addons(), fingerprint(DEMO).encode())

    def fresh(self, template: str, suffix: str) -> str:
        """A new database of a template, for one test run."""
        name = f"run_{os.getpid()}_{suffix}"
        self._cluster.drop(name)
        self._cluster.copy(template, name)
        return name

    def drop_runs(self) -> None:
        """Removes the databases of earlier runs."""
        for name in self._cluster.databases("run_"):
            self._cluster.drop(name)

    def _template(self, level: str, modules: list[str], base: str | None, content: bytes) -> str:
        name = f"tpl_{level}_{self._key(modules, base, content)}"
        # it becomes a template as the very last step: an interrupted build is never taken for a good one
        if self._cluster.is_template(name):
            return name
        self._cluster.drop(name)
        if base:
            self._cluster.copy(base, name)
        else:
            self._cluster.sql('CREATE DATABASE :"name" TEMPLATE template0', name=name)
        run_odoo(self._cluster.layout, self._env, name, "-i", modules, f"Building the template database '{level}'")
        require_installed(self._cluster, name, modules)
        self._cluster.sql('ALTER DATABASE :"name" WITH is_template true allow_connections false', name=name)
        self._forget_old(level)
        return name

    def _key(self, modules: list[str], base: str | None, content: bytes) -> str:
        parts = (repr(modules), base or "", str(self._tree.python_path), LOCK_FILE.read_text())
        return hashlib.sha256("\0".join(parts).encode() + content).hexdigest()[:16]

    def _forget_old(self, level: str) -> None:
        for name in self._cluster.databases(f"tpl_{level}_")[:-KEPT_OF_A_LEVEL]:
            self._cluster.drop(name)
