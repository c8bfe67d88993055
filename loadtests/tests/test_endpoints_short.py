"""The API at a steady rate, in a burst and without Redis, in some seconds each: nothing fails."""

from typing import Any

import pytest

from loadtests.endpoints.calls import reads, writes
from loadtests.endpoints.outages import redis_hangs, redis_stops
from loadtests.load_till import LoadTill, sign_in
from loadtests.odoo_shell import ask_odoo
from loadtests.pacing import pace
from scripts.local.end_to_end import LiveRestaurant

RATE_PER_S = 8.0
BURST = 120
AWAY_S = 2.5


@pytest.fixture(scope="module")
def scene(restaurant: LiveRestaurant) -> dict[str, Any]:
    """Tills of its own: a second sign-in at a till would end that of another test."""
    return ask_odoo(
        *(restaurant.environment, restaurant.database, "restaurant", "open_location"), tills=4, menu_products=0
    )


@pytest.fixture(scope="module")
def own_tills(restaurant: LiveRestaurant, scene: dict[str, Any]) -> list[LoadTill]:
    return sign_in(restaurant.url, scene)


def test_every_endpoint_answers_at_a_steady_rate(own_tills: list[LoadTill], scene: dict[str, Any]) -> None:
    seconds = 1.0
    endpoints = [
        *reads(own_tills, scene["dishes"]),
        *writes(own_tills, scene["dishes"], payments=round(RATE_PER_S * seconds)),
    ]
    assert len(endpoints) == 13
    for endpoint in endpoints:
        paced = pace(endpoint.name, endpoint.send, RATE_PER_S, seconds)
        assert paced.failures(endpoint.status) == []
        assert len(paced.replies) == paced.wanted == 8


def test_a_burst_is_answered_to_the_last(own_tills: list[LoadTill], scene: dict[str, Any]) -> None:
    """All at once, far more than two workers and Odoo's own queue take."""
    menu = reads(own_tills, scene["dishes"])[0]
    burst = pace(menu.name, menu.send, rate_per_s=10_000, seconds=BURST / 10_000, threads=BURST)
    assert burst.wanted == BURST
    assert burst.failures(menu.status) == []


def test_selling_goes_on_while_redis_is_stopped(
    restaurant: LiveRestaurant, own_tills: list[LoadTill], scene: dict[str, Any]
) -> None:
    outage = redis_stops(restaurant, own_tills, scene["dishes"], AWAY_S)
    assert outage.faults == []
    assert outage.sales > 0


def test_selling_goes_on_while_redis_hangs(
    restaurant: LiveRestaurant, own_tills: list[LoadTill], scene: dict[str, Any]
) -> None:
    outage = redis_hangs(restaurant, own_tills, scene["dishes"], AWAY_S)
    assert outage.faults == []
    assert outage.sales > 0
