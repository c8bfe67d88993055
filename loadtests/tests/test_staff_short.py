"""More and more staff in a few seconds: nothing fails, and the books say what the staff was told."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from loadtests.locust_run import LocustRun
from loadtests.odoo_shell import ask_odoo
from loadtests.resource_watch import rss_mb
from loadtests.staff.evening import Evening, differences, work_an_evening
from loadtests.steps import ALL
from scripts.local.end_to_end import LiveRestaurant

STEPS = [(3, 3.0), (10, 6.0)]
SESSIONS = 4


@pytest.fixture(scope="module")
def evening(restaurant: LiveRestaurant) -> Iterator[Evening]:
    """Tills of its own, as signing in and out would disturb those of the other tests; every fifth by password."""
    location: dict[str, Any] = ask_odoo(
        *(restaurant.environment, restaurant.database, "restaurant", "open_location"),
        tills=12,
        menu_products=0,
        passwords_every=5,
    )
    yield work_an_evening(restaurant, location, STEPS, SESSIONS, partial(rss_mb, restaurant.workers))


def test_nothing_fails_and_the_books_agree(evening: Evening) -> None:
    assert [step.errors for step in evening.run.steps] == [[], []]
    assert evening.run.failures == 0
    assert evening.faults == []


def test_every_step_is_measured_with_all_its_users(evening: Evening) -> None:
    assert [step.users for step in evening.run.steps] == [3, 10]
    for step, (_users, seconds) in zip(evening.run.steps, STEPS, strict=True):
        assert step.seconds >= seconds
        assert step.all.requests == sum(one.requests for name, one in step.requests.items() if name != ALL) > 0


def test_a_session_is_a_handful_of_rows_and_ends_with_signing_out(evening: Evening) -> None:
    assert evening.session.sessions == SESSIONS
    assert evening.session.rows["fynlo_session"] == 1
    assert evening.session.rows_in_all <= 8
    assert evening.session.active_after_logout == 0


def test_money_that_is_not_in_the_books_is_told() -> None:
    run = LocustRun([], 0, orders_paid=3, taken=4200)
    assert differences(run, "5|1000|1000", "8|5200|5200") == []
    assert differences(run, "5|1000|1000", "8|5100|5200") == ["sold: 4100 in the books, 4200 told"]
