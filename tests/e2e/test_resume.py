"""A till that was away catches up: by the stream where it can, by REST where it must."""

import asyncio

import pytest
import redis

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.counter import Counter

from .tills import Tills, sell, until

pytestmark = pytest.mark.asyncio


async def test_missed_events_are_replayed_exactly_once(tills: Tills) -> None:
    seller, away = await tills.open("Soho A"), await tills.open("Soho B")
    await tills.listen(seller, away)
    first = await sell(seller.till)
    await until(lambda: first["id"] in away.has_heard("order.completed"), "the first sale is heard")
    await tills.fall_silent(away)
    missed = {(await sell(seller.till))["id"] for _ in range(3)}
    await tills.restart(away)
    await tills.listen(away)
    await until(lambda: missed <= away.has_heard("order.completed"), "the missed sales are heard")
    assert away.till.stream is not None
    assert away.till.stream.restores == 0
    assert_each_once(away)


async def test_reconnects_in_quick_succession_repeat_nothing(tills: Tills) -> None:
    seller, flaky = await tills.open("Soho A"), await tills.open("Soho B")
    await tills.listen(seller, flaky)
    sold = set()
    for _ in range(4):
        sale = asyncio.create_task(sell(seller.till))
        await tills.fall_silent(flaky)
        await tills.listen(flaky)
        sold.add((await sale)["id"])
    await until(lambda: sold <= flaky.has_heard("order.completed"), "every sale is heard")
    assert_each_once(flaky)


async def test_after_redis_lost_everything_the_till_reads_by_rest_and_goes_on(
    tills: Tills, restaurant: LiveRestaurant
) -> None:
    seller, away = await tills.open("Soho A"), await tills.open("Soho B")
    await tills.listen(seller, away)
    await tills.fall_silent(away)
    missed = await sell(seller.till)
    client = redis.from_url(restaurant.environment["FYNLO_REDIS_URL"])
    client.flushall()
    client.close()
    restaurant.kill("relay")
    await tills.listen(away)
    assert away.till.stream is not None
    stream = away.till.stream
    await until(lambda: away.till.copy.order(missed["id"]) == missed, "the missed sale is known", within_s=40)
    await until(lambda: seller.till.is_following and stream.restores > 0, "both tills follow the new epoch")
    later = await sell(seller.till)
    await until(lambda: later["id"] in away.has_heard("order.completed"), "later sales are heard", within_s=40)


@pytest.mark.parametrize("history", ["kept", "gone"])
async def test_till_that_was_away_longer_than_the_streams_tell_reads_by_rest(
    tills: Tills, restaurant: LiveRestaurant, history: str
) -> None:
    """By the change feed; and the present state when that does not reach back far enough either."""
    seller, away = await tills.open("Soho A"), await tills.open("Soho B")
    await tills.listen(seller, away)
    await tills.fall_silent(seller, away)
    missed = [await sell(seller.till) for _ in range(3)]
    forget_streams(restaurant)
    if history == "gone":
        restaurant.sql("DELETE FROM fynlo_outbox WHERE seq IS NOT NULL")
    await tills.listen(away)
    for order in missed:
        assert away.till.copy.order(order["id"]) == order
    assert away.till.stream is not None
    assert away.till.stream.losses > 0
    assert not away.has_heard("order.completed")
    answers = {status for _method, path, status in away.statuses if path.startswith("/changes?after=")}
    assert answers == ({200, 410} if history == "gone" else {200})
    later = await sell(seller.till)
    await until(lambda: later["id"] in away.has_heard("order.completed"), "later sales are heard")


def forget_streams(restaurant: LiveRestaurant) -> None:
    """What a day does: the topics stand where they stood, but tell nothing that was before. No gateway remembers it."""
    with redis.from_url(restaurant.environment["FYNLO_REDIS_URL"]) as client:
        for stream in client.scan_iter("fynlo:s:l.*"):
            client.xtrim(stream, maxlen=0, approximate=False)
    restaurant.restart("gateway")
    restaurant.await_ready()


def assert_each_once(counter: Counter) -> None:
    """The offsets heard in each topic are a run without gap or repetition."""
    for topic in {event.topic for event in counter.heard}:
        offsets = [event.offset for event in counter.heard if event.topic == topic]
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))
