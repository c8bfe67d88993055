"""The restaurant's database: built aside and renamed when whole, upgraded when the addons' content has changed."""

import json
from collections.abc import Iterable
from pathlib import Path

from scripts.local.command import require_space, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.layout import ROOT, Layout
from scripts.local.modules import fingerprint, with_dependencies
from scripts.local.postgres import Cluster

ENTRYPOINT = ROOT / "deploy" / "entrypoint.sh"


def run_odoo(
    layout: Layout, env: dict[str, str], database: str, action: str, modules: Iterable[str], what: str
) -> None:
    """Installs (`-i`) or upgrades (`-u`) modules in a database and ends."""
    run_logged(
        [
            ENTRYPOINT,
            "odoo",
            "-d",
            database,
            action,
            ",".join(modules),
            "--stop-after-init",
            "--no-http",
            "--workers=0",
            "--max-cron-threads=0",
            "--log-level=warn",
        ],
        log=layout.setup_log,
        env=env,
        what=what,
    )


def require_installed(cluster: Cluster, database: str, modules: Iterable[str]) -> None:
    """Odoo only warns of a module that it cannot find or install; this makes it a failure."""
    query = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    missing = set(modules) - set(cluster.sql(query, database).split())
    if missing:
        raise SetupFailure(
            f"Odoo did not install {', '.join(sorted(missing))}; see {cluster.layout.setup_log}.",
            "correct the module's manifest, then try again.",
        )


class RestaurantDatabase:
    """The database of `make run` and the record of what it was made from."""

    def __init__(self, cluster: Cluster, name: str, module: str) -> None:
        self._cluster = cluster
        self._name = name
        self._module = module
        self._record = cluster.layout.home / "installed.json"

    @property
    def changed(self) -> list[str]:
        """Modules whose content differs from what the database was made from."""
        recorded = self._recorded()
        return [module for module, content in self._current().items() if recorded.get(module) != content]

    def ensure(self, env: dict[str, str]) -> str:
        """Creates or upgrades the database; says in a word what it did."""
        if not self._cluster.exists(self._name):
            self._create(env)
            return "created"
        changed = self.changed
        if not changed:
            return "unchanged"
        new = [module for module in changed if module not in self._recorded()]
        old = [module for module in changed if module not in new]
        layout = self._cluster.layout
        if old:
            run_odoo(layout, env, self._name, "-u", old, "The upgrade of the database")
        if new:
            run_odoo(layout, env, self._name, "-i", new, "The installation of new modules")
        self._write_record()
        return f"upgraded {', '.join(changed)}"

    def upgrade(self, env: dict[str, str]) -> None:
        """Upgrades every module of ours, changed or not."""
        modules = with_dependencies(self._module)
        run_odoo(self._cluster.layout, env, self._name, "-u", modules, "The upgrade of the database")
        self._write_record()

    def _create(self, env: dict[str, str]) -> None:
        layout = self._cluster.layout
        require_space(layout.home, 600, "The database")
        partial = f"{self._name}_new"
        self._cluster.drop(partial)
        self._cluster.sql('CREATE DATABASE :"name" TEMPLATE template0', name=partial)
        run_odoo(layout, env, partial, "-i", [self._module], "The creation of the database")
        require_installed(self._cluster, partial, with_dependencies(self._module))
        self._cluster.rename(partial, self._name)
        self._write_record()

    def _current(self) -> dict[str, str]:
        return {module: fingerprint(module) for module in with_dependencies(self._module)}

    def _recorded(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._record.read_text()))
        except (OSError, ValueError):
            return {}

    def _write_record(self) -> None:
        write_atomically(self._record, json.dumps(self._current(), indent=1))


def write_atomically(file: Path, text: str) -> None:
    """Readers see the old content or the new, never half of it."""
    partial = file.with_name(f".{file.name}.part")
    partial.write_text(text)
    partial.replace(file)
