"""The failure table of docs/payments.md names tests that exist."""

import ast
import re

from scripts.local.layout import ROOT

TABLE = ROOT / "docs" / "payments.md"
ADDON = ROOT / "addons" / "fynlo_payments" / "tests"
NAMED = re.compile(r"`((?:tests/e2e/)?test_\w+\.py)(?:::(test_\w+))?`")
ROWS = 26


def test_each_danger_has_a_test_that_exists() -> None:
    rows = [row for row in TABLE.read_text().splitlines() if re.match(r"\| \d+ \|", row)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, ROWS + 1))
    for row in rows:
        named = NAMED.findall(row.rpartition(" | ")[2])
        assert named, row
        for file, test in named:
            path = ROOT / file if "/" in file else ADDON / file
            assert path.is_file(), f"{row}\n{path} is missing"
            assert not test or test in _tests(path.read_text()), f"{row}\n{file} has no {test}"


def _tests(source: str) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, functions)}
