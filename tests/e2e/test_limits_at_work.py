"""A till that asks for twice what it may is refused with the moment to come again; the tills beside it notice nothing."""

import os
from collections.abc import Iterator

import pytest

from loadtests.endpoints.limits import BURST, LIMITS, ask_for_twice
from loadtests.load_till import sign_in
from loadtests.odoo_shell import ask_odoo
from scripts.local.end_to_end import LiveRestaurant


@pytest.fixture
def limited(restaurant: LiveRestaurant) -> Iterator[LiveRestaurant]:
    """Odoo started again with low limits, and as it was afterwards."""
    usual = os.environ["FYNLO_RATE_LIMITS"]
    try:
        os.environ["FYNLO_RATE_LIMITS"] = LIMITS
        restaurant.restart("odoo")
        restaurant.await_ready()
        yield restaurant
    finally:
        os.environ["FYNLO_RATE_LIMITS"] = usual
        restaurant.restart("odoo")


def test_twice_the_limit(limited: LiveRestaurant) -> None:
    location = ask_odoo(
        *(limited.environment, limited.database, "restaurant", "open_location"), tills=4, menu_products=0
    )
    greedy, *polite = sign_in(limited.url, location)
    limiting = ask_for_twice(greedy, polite, seconds=5)
    assert limiting.faults == []
    assert limiting.refused
    assert limiting.accepted >= BURST
