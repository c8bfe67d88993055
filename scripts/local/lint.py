"""`make lint`: every static check, each on all of its files."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.local.command import clean_environment
from scripts.local.installation import STEPS, Installation, install
from scripts.local.junit import Results
from scripts.local.layout import ADDONS, ROOT
from scripts.local.progress import Progress

PYTHON_FOLDERS = ("addons", "ws_server", "loadtests", "simulators", "scripts", "tests", "deploy")
# the project is no OCA repository, several of Odoo's hooks return nothing, pure tools do not import odoo,
# small configuration tables are read whole, and a model is extended in one file a concern
PYLINT_ODOO = (
    "--disable=all",
    "--enable=odoolint",
    "--disable=manifest-required-author,missing-readme,missing-return,bad-builtin-groupby,no-search-all,consider-merging-classes-inherited",
)
SHELL_FOLDERS = (".ci", "deploy", "scripts")
STRICT_IN_ADDONS = ("tools", "rest")


def lint() -> Results:
    """Runs all checks; each one is counted as passed or failed."""
    installation = install(Progress(STEPS))
    results = Results()
    for name, argv in _checks(installation):
        result = subprocess.run(argv, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
        print(f"  {name:24} {'ok' if not result.returncode else 'FAILED'}", flush=True)
        if result.returncode:
            results.failed.append(f"lint: {name}")
            print(result.stdout + result.stderr, flush=True)
        else:
            results.passed += 1
    return results


def _checks(installation: Installation) -> Iterator[tuple[str, list[str]]]:
    def tool(name: str) -> str:
        return str(installation.environment.tool(name))

    folders = [folder for folder in PYTHON_FOLDERS if any((ROOT / folder).rglob("*.py"))]
    addons = sorted(str(manifest.parent.relative_to(ROOT)) for manifest in ADDONS.glob("*/__manifest__.py"))
    yield "ruff check", [tool("ruff"), "check", *folders]
    yield "ruff format", [tool("ruff"), "format", "--check", *folders]
    if addons:
        yield "pylint-odoo", [tool("pylint"), *PYLINT_ODOO, *addons]
        yield "oca-checks-odoo-module", [tool("oca-checks-odoo-module"), "--disable=xml-header-wrong", *addons]
    if typed := typed_folders():
        yield "mypy addons", [tool("mypy"), *typed]
    for package in ("ws_server", "loadtests", "simulators"):
        if any((ROOT / package).glob("*.py")):
            yield f"mypy {package}", [tool("mypy"), "-p", package]
    yield "mypy scripts", [tool("mypy"), "-p", "scripts"]
    yield "mypy deploy", [tool("mypy"), "deploy"]
    yield "shellcheck", [tool("shellcheck"), *_shell_scripts()]
    yield "yamllint", [tool("yamllint"), "--strict", "."]


def typed_folders() -> list[str]:
    """Folders of the addons whose code is pure Python and therefore checked strictly."""
    return sorted(
        str(folder.relative_to(ROOT))
        for name in STRICT_IN_ADDONS
        for folder in ADDONS.glob(f"*/{name}")
        if folder.is_dir()
    )


def _shell_scripts() -> list[str]:
    """Every file of the folders for scripts that begins with a shell's name."""
    files = (file for folder in SHELL_FOLDERS for file in (ROOT / folder).rglob("*"))
    return sorted(str(file.relative_to(ROOT)) for file in files if _is_shell(file))


def _is_shell(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as content:
        first = content.readline(80)
    return first.startswith(b"#!") and first.rstrip().endswith((b"sh", b"bash"))
