"""What Odoo knows of tills' connections: online, gone, cut off by a gateway that was killed, and back."""

import asyncio
from typing import Any

import pytest
import redis

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.counter import Counter
from ws_server.stream_keys import StreamKeys

from .tills import Tills, until

pytestmark = pytest.mark.asyncio
#: A killed gateway's sign of life outlives it by 15 s.
PATIENCE_S = 60.0


async def connections(tills: Tills, counter: Counter) -> list[dict[str, Any]]:
    """The till's connections as the manager reads them, the latest first."""
    device = counter.till.sign_in.device
    assert device is not None
    desk = await tills.desk()
    return list((await desk.api.read(f"/devices/{device['id']}/connections")).body["items"])


async def endings(tills: Tills, counter: Counter, *expected: str | None) -> list[dict[str, Any]]:
    """Wait until the till's connections ended like this, the latest first; None is one that is open."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await connections(tills, counter)
            if [one["ending"] for one in found] == list(expected):
                return found
            await asyncio.sleep(0.5)


async def test_a_till_comes_and_goes(tills: Tills, restaurant: LiveRestaurant) -> None:
    counter = await tills.open("Soho A")
    assert await connections(tills, counter) == []
    await tills.listen(counter)
    (here,) = await endings(tills, counter, None)
    assert here["employee"]["name"]
    assert (here["location"]["name"], here["closed_at"], here["address"]) == ("Soho", None, "127.0.0.1")
    desk = await tills.desk()
    online = (await desk.api.read("/devices?presence=online&limit=500")).body["items"]
    assert here["device"]["id"] in {one["id"] for one in online}
    await tills.fall_silent(counter)
    (gone,) = await endings(tills, counter, "left")
    assert (gone["id"], gone["closed_by"], gone["topics"] > 0, gone["kilobytes_sent"] > 0) == (
        here["id"],
        "client",
        True,
        True,
    )


async def test_a_killed_gateway_loses_its_connections_and_the_next_one_has_them(
    tills: Tills, restaurant: LiveRestaurant
) -> None:
    counter = await tills.open("Soho A")
    await tills.listen(counter)
    await endings(tills, counter, None)
    restaurant.kill("gateway")
    again, lost = await endings(tills, counter, None, "lost")
    assert (lost["closed_by"], lost["closed_at"]) == ("lost", lost["last_seen_at"])
    assert again["opened_at"] > lost["last_seen_at"]
    restaurant.restart("gateway")
    _now, restarted, _lost = await endings(tills, counter, None, "restart", "lost")
    assert (restarted["closed_by"], restarted["code"]) == ("server", 1012)


def epoch_of(counter: Counter) -> bytes | None:
    """Under which numbering of events the till follows the orders of its location."""
    place = counter.till.copy.place(f"l.{counter.till.location_id}.orders")
    return place.epoch.encode() if place else None


async def test_an_emptied_redis_ends_with_the_truth(tills: Tills, restaurant: LiveRestaurant) -> None:
    counter = await tills.open("Soho A")
    await tills.listen(counter)
    (before,) = await endings(tills, counter, None)
    with redis.Redis.from_url(restaurant.environment["FYNLO_REDIS_URL"]) as client:
        client.flushall()
        keys = StreamKeys(restaurant.environment.get("FYNLO_STREAM_PREFIX", "fynlo:"))
        try:
            await until(lambda: client.xlen(keys.connections), "the gateway tells anew")
        except AssertionError as failure:
            signs = {name: client.get(name) for name in client.scan_iter("*gateway:*")}
            raise AssertionError(f"{failure}; signs of life: {signs}") from None
        await until(lambda: client.get(keys.epoch) == epoch_of(counter), "relay, gateway and till are in a new epoch")
    (after,) = await endings(tills, counter, None)
    assert after["id"] == before["id"]
    await tills.fall_silent(counter)
    await endings(tills, counter, "left")
