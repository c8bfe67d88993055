"""A pytest plugin: after every test of an addon, and before it is undone, the ledger says what the payments say.

A test that breaks the ledger on purpose says so: ``self.leaves_ledger_broken = True``.
"""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest

CHECK = "fynlo.ledger.check"
EVER = "1970-01-01"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Look at the ledger as the last step of the test itself: its clean-up takes everything back."""
    case = getattr(item, "instance", None)
    if hasattr(case, "env"):
        item.obj = _then_balanced(case, item.obj)  # type: ignore[attr-defined]  # unittest's items have one
    return (yield)


def _then_balanced(case: Any, test: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        test()
        if found := differences(case):
            pytest.fail(f"the ledger differs from the payments: {found}")

    return run


def differences(case: Any) -> list[dict[str, Any]]:
    """Payments of any company of which the ledger holds something else; nothing where there is no ledger."""
    env = case.env
    if env is None or CHECK not in env or getattr(case, "leaves_ledger_broken", False):
        return []
    try:
        env.cr.execute("SELECT DISTINCT company_id FROM fynlo_payment")
    except psycopg2.errors.InFailedSqlTransaction:
        return []  # the test ended in a statement that was to be refused
    companies = [company for (company,) in env.cr.fetchall()]
    return [one for company in companies for one in env[CHECK]._differences(company, EVER)]
