"""The running restaurant that end to end tests share, and tills at it."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from scripts.local.end_to_end import LiveRestaurant, live_restaurant
from scripts.lunch.staff import Welcome
from scripts.till.till import Server

from .tills import Tills

#: The tests send what a whole street of tills would; the limits themselves are tested with the addons.
WIDE_LIMITS = "default=500/5000,money=500/5000,auth=200/2000,address=2000/20000"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What sends anything that the API allows renames places and ends sign-ins: it comes after all others."""
    items.sort(key=lambda item: "test_contract" in item.nodeid)


@pytest.fixture(scope="session")
def restaurant() -> Iterator[LiveRestaurant]:
    """Odoo with its workers, relay, gateway, Redis and PostgreSQL on a fresh demo restaurant."""
    os.environ.setdefault("FYNLO_RATE_LIMITS", WIDE_LIMITS)
    with live_restaurant() as running:
        yield running


@pytest.fixture(autouse=True)
def restaurant_is_well(restaurant: LiveRestaurant) -> None:
    """Each test begins with everything up, whatever the one before has killed."""
    restaurant.await_ready()


@pytest.fixture(scope="session")
def welcome(restaurant: LiveRestaurant) -> Welcome:
    """Who may sign in at the demo restaurant."""
    return Welcome.told(Server(restaurant.url, restaurant.websocket_url), restaurant.welcome())


@pytest_asyncio.fixture
async def tills(welcome: Welcome, tmp_path: Path) -> AsyncIterator[Tills]:
    """Opens tills that are closed at the test's end."""
    opened = Tills(welcome, tmp_path)
    yield opened
    await opened.close()
