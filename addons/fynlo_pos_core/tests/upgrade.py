"""Upgrades for tests: the script that brings what was there before up to date."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def run_migration(cr, addon, version):
    """Run the script of an addon by which it became ``version``. Safe to repeat when the script is."""
    path = Path(__file__).parents[2] / addon / "migrations" / version / "post-migrate.py"
    spec = spec_from_file_location("migration_under_test", path)
    migration = module_from_spec(spec)
    spec.loader.exec_module(migration)
    migration.migrate(cr, "of before")
