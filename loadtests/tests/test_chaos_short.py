"""The chaos in less than a minute: every kind of death once, nothing lost, nothing doubled, to the penny."""

from collections.abc import Callable
from typing import Any

import pytest

from loadtests.chaos.service import Plan, serve_under_fire
from loadtests.chaos.villain import Blow
from loadtests.load_till import LoadTill
from loadtests.odoo_shell import ask_odoo
from scripts.local.end_to_end import LiveRestaurant
from scripts.local.failure import SetupFailure

#: PostgreSQL belongs to other tests too: here it only ends every connection to this database.
CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
PLAN = Plan(seconds=12, sellers=4, sale_pause_s=0.5, menu_pause_s=0.5, blow_pause_s=(1.5, 3.0))


def blow(kill: Callable[[], object]) -> Blow:
    """A kill of the end to end restaurant, which refuses to kill what is not up."""

    def strike() -> bool:
        try:
            kill()
        except SetupFailure:
            return False
        return True

    return strike


@pytest.fixture
def own_tills(restaurant: LiveRestaurant, tills: list[LoadTill]) -> dict[str, Any]:
    """Eight tills of this test's own, at the open drawer: a second sign-in would end the other tests' first."""
    return ask_odoo(
        restaurant.environment, restaurant.database, "restaurant", "open_location", tills=8, menu_products=0
    )


@pytest.mark.asyncio
async def test_nothing_is_lost_while_everything_is_killed(
    restaurant: LiveRestaurant, own_tills: dict[str, Any]
) -> None:
    blows = {
        "Odoo worker": blow(restaurant.kill_odoo_worker),
        "database": blow(lambda: restaurant.sql(CUT)),
        **{name: blow(lambda name=name: restaurant.kill(name)) for name in ("relay", "gateway", "redis")},
    }
    said: list[str] = []
    try:
        findings = await serve_under_fire(restaurant, [restaurant.websocket_url], own_tills, blows, PLAN, said.append)
    finally:
        restaurant.await_ready()
    assert findings.faults == [], said
    assert {name for struck in findings.blows for name in struck.targets} == set(blows)
    assert findings.books.orders > 4
    assert (
        findings.hearing.deliveries + findings.hearing.read_by_rest == findings.expected > 8 * 4 * findings.books.orders
    )
    assert findings.connects > 8
