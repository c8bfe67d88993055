"""The failure table of docs/payments.md: which danger is shown to be met by which tests, and whether these passed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.local.layout import ROOT

TABLE = ROOT / "docs" / "payments.md"
ADDON = "addons/fynlo_payments/tests/"
ROW = re.compile(r"^\| (\d+) \| (.+) \|$")
NAMED = re.compile(r"`((?:tests/e2e/)?test_\w+\.py)(?:::(test_\w+))?`")


@dataclass(frozen=True, slots=True)
class Danger:
    """A row; ``tests`` are files with the name of a test in it, or with none for all of the file's."""

    number: int
    name: str
    tests: tuple[tuple[str, str], ...]

    def missing_in(self, passed: Iterable[str]) -> Iterator[str]:
        """The tests of which none of ``passed`` (file::class::name[parameters]) is a run."""
        ran = {(name.partition("::")[0], name.rpartition("::")[2].partition("[")[0]) for name in passed}
        files = {file for file, _test in ran}
        for file, test in self.tests:
            if (file, test) not in ran if test else file not in files:
                yield f"{file}::{test}" if test else file


def dangers(table: Path = TABLE) -> list[Danger]:
    """The rows in their order."""
    return [_danger(found) for found in map(ROW.match, table.read_text().splitlines()) if found]


def shortcomings(passed: Iterable[str], rows: Iterable[Danger]) -> list[str]:
    """A sentence for each row that the run does not bear out; prints how many it does."""
    known, told = list(passed), list(rows)
    open_rows = [(danger, ", ".join(gone)) for danger in told if (gone := list(danger.missing_in(known)))]
    print(f"  {TABLE.relative_to(ROOT)}: {len(told) - len(open_rows)} of {len(told)} dangers shown to be met")
    return [f"danger {danger.number}, {danger.name}: not passed: {gone}" for danger, gone in open_rows]


def _danger(found: re.Match[str]) -> Danger:
    name, _does, tests = found[2].split(" | ", 2)
    named = tuple((file if "/" in file else ADDON + file, test) for file, test in NAMED.findall(tests))
    return Danger(int(found[1]), name, named)
