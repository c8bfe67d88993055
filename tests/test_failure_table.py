"""The failure table of docs/payments.md names tests that exist, and a run that lacks one of them does not pass."""

import ast
from pathlib import Path

import pytest

from scripts.local.failure_table import ADDON, Danger, dangers, shortcomings
from scripts.local.layout import ROOT

ROWS = 26
DANGER = Danger(3, "kill -9", ((f"{ADDON}test_a.py", "test_one"), ("tests/e2e/test_b.py", "")))
RUN = [f"{ADDON}test_a.py::TestA::test_one[bank]", "tests/e2e/test_b.py::test_any"]


def test_each_danger_has_a_test_that_exists() -> None:
    rows = dangers()
    assert [danger.number for danger in rows] == list(range(1, ROWS + 1))
    for danger in rows:
        assert danger.tests, danger
        for file, test in danger.tests:
            path = ROOT / file
            assert path.is_file(), f"{danger}\n{path} is missing"
            assert not test or test in _tests(path), f"{danger}\n{file} has no {test}"


def test_a_run_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert shortcomings(RUN, [DANGER]) == []
    assert capsys.readouterr().out == "  docs/payments.md: 1 of 1 dangers shown to be met\n"


@pytest.mark.parametrize("place", [0, 1])
def test_a_run_that_lacks_one(place: int) -> None:
    (sentence,) = shortcomings([RUN[1 - place]], [DANGER])
    assert sentence.startswith("danger 3, kill -9: not passed: ")
    assert DANGER.tests[place][0] in sentence
    assert DANGER.tests[1 - place][0] not in sentence


def _tests(path: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, functions)}
