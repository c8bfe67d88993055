"""The running restaurant that end to end tests share."""

from collections.abc import Iterator

import pytest

from scripts.local.end_to_end import LiveRestaurant, live_restaurant


@pytest.fixture(scope="session")
def restaurant() -> Iterator[LiveRestaurant]:
    """Odoo with its workers, relay, gateway, Redis and PostgreSQL on a fresh demo restaurant."""
    with live_restaurant() as running:
        yield running


@pytest.fixture(autouse=True)
def restaurant_is_well(restaurant: LiveRestaurant) -> None:
    """Each test begins with everything up, whatever the one before has killed."""
    restaurant.await_ready()
