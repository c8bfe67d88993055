"""The running restaurant of the short load tests, with tills signed in."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from loadtests.load_till import LoadTill, sign_in
from loadtests.odoo_shell import ask_odoo
from loadtests.stage import NO_LIMITS
from scripts.local.end_to_end import LiveRestaurant, live_restaurant

TILLS = 16


@pytest.fixture(scope="session")
def restaurant() -> Iterator[LiveRestaurant]:
    """All processes on a fresh demo restaurant; one address plays all tills, so nothing is limited by address."""
    earlier = os.environ.get("FYNLO_RATE_LIMITS", "")
    os.environ["FYNLO_RATE_LIMITS"] = NO_LIMITS
    try:
        with live_restaurant() as running:
            yield running
    finally:
        os.environ["FYNLO_RATE_LIMITS"] = earlier


@pytest.fixture(scope="session")
def location(restaurant: LiveRestaurant) -> dict[str, Any]:
    """What ``scenes/restaurant.py`` has put there."""
    return ask_odoo(
        restaurant.environment, restaurant.database, "restaurant", "open_location", tills=TILLS, menu_products=0
    )


@pytest.fixture(scope="session")
def tills(restaurant: LiveRestaurant, location: dict[str, Any]) -> list[LoadTill]:
    """Sixteen tills, the drawer open."""
    return sign_in(restaurant.url, location)
