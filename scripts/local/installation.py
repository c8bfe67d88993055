"""Everything that must be on the machine before anything can run: programs, Odoo, Python packages."""

from dataclasses import dataclass

from scripts.local.layout import RUN, cache_directory
from scripts.local.odoo_source import odoo
from scripts.local.odoo_tree import OdooTree
from scripts.local.programs import Programs, programs
from scripts.local.progress import Progress
from scripts.local.python_environment import PythonEnvironment, python_environment

STEPS = 3


@dataclass(frozen=True)
class Installation:
    """What the set-up found or fetched."""

    programs: Programs
    tree: OdooTree
    environment: PythonEnvironment


def install(progress: Progress, *, browser: bool = False) -> Installation:
    """Finds or fetches all of it; quick when it is there already."""
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    RUN.home.mkdir(exist_ok=True)
    log = RUN.setup_log
    with progress.step("PostgreSQL and Redis programs" + (", Chromium" if browser else "")):
        found = programs(cache, log, browser=browser)
        progress.note(str(found.postgres))
    with progress.step("Odoo 19"):
        tree = odoo(cache, log)
        progress.note(str(tree.python_path))
    with progress.step("Python environment"):
        environment, built = python_environment(cache, tree, log)
        progress.note("built" if built else "unchanged")
    return Installation(found, tree, environment)
