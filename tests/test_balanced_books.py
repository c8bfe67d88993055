"""Tests of addons fail when they leave a ledger that differs from its payments."""

from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest

from scripts.local.balanced_books import CHECK, differences, pytest_runtest_call

DIFFERENCE = {"payment_uuid": "p1", "expected": 1200, "entered": 1300}


class Books:
    """An environment of two companies, one of which has ``found``; ``broken`` as after a refused statement."""

    def __init__(self, *found: Any, broken: bool = False, installed: bool = True) -> None:
        self.found, self.broken, self.installed = list(found), broken, installed
        self.cr = self

    def execute(self, _query: str) -> None:
        if self.broken:
            raise psycopg2.errors.InFailedSqlTransaction

    def fetchall(self) -> list[tuple[int]]:
        return [(1,), (2,)]

    def __contains__(self, name: str) -> bool:
        return self.installed and name == CHECK

    def __getitem__(self, _name: str) -> "Books":
        return self

    def _differences(self, company: int, _since: str) -> list[Any]:
        return self.found if company == 2 else []


def run(case: Any) -> list[str]:
    """Runs a test of ``case`` as pytest does with the plugin; what it did."""
    done: list[str] = []
    item = SimpleNamespace(instance=case, obj=lambda: done.append("tested"))
    around = pytest_runtest_call(item)  # type: ignore[arg-type]
    next(around)
    item.obj()
    return done


def test_a_ledger_that_differs_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="1300"):
        run(SimpleNamespace(env=Books(DIFFERENCE)))


@pytest.mark.parametrize(
    "case",
    [
        SimpleNamespace(env=Books()),
        SimpleNamespace(env=Books(DIFFERENCE), leaves_ledger_broken=True),
        SimpleNamespace(env=Books(DIFFERENCE, broken=True)),
        SimpleNamespace(env=Books(DIFFERENCE, installed=False)),
        SimpleNamespace(env=None),
        SimpleNamespace(),
    ],
)
def test_others_pass(case: Any) -> None:
    assert run(case) == ["tested"]


def test_all_companies_are_looked_at() -> None:
    assert differences(SimpleNamespace(env=Books(DIFFERENCE))) == [DIFFERENCE]
