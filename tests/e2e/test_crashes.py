"""kill -9 in the middle of selling: nothing lost, nothing doubled, every event exactly once."""

import asyncio
import random
from collections.abc import Callable

import pytest

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.card_books import charged_since
from scripts.lunch.guests import Guest
from scripts.lunch.reckoning import reckon

from .tills import Tills, until

pytestmark = pytest.mark.asyncio
GUESTS = 24
BLOWS_S = (1.0, 3.0)

CRASHES: dict[str, Callable[[LiveRestaurant], object]] = {
    "odoo worker": lambda restaurant: restaurant.kill_odoo_worker(),
    "relay": lambda restaurant: restaurant.kill("relay"),
    "gateway": lambda restaurant: restaurant.kill("gateway"),
    "gateway, gracefully": lambda restaurant: restaurant.restart("gateway"),
    "redis": lambda restaurant: restaurant.kill("redis"),
}


@pytest.mark.parametrize("victim", CRASHES)
async def test_crash_while_selling(tills: Tills, restaurant: LiveRestaurant, victim: str) -> None:
    counters = [await tills.open("Soho A"), await tills.open("Soho B")]
    await tills.listen(*counters)
    queue: asyncio.Queue[Guest | None] = asyncio.Queue()
    dice = random.Random(victim)
    for number in range(GUESTS):
        queue.put_nowait(Guest(number, dice.getrandbits(32)))
    queue.put_nowait(None)
    async with asyncio.TaskGroup() as service:
        for counter in counters:
            service.create_task(counter.serve(queue))
        for pause_s in BLOWS_S:
            await asyncio.sleep(pause_s - BLOWS_S[0] + 0.5)
            await asyncio.to_thread(CRASHES[victim], restaurant)
    completed = counters[0].completed | counters[1].completed
    assert len(completed) == GUESTS
    for counter in counters:
        await until(
            lambda c=counter: completed <= c.has_heard("order.completed"), "every completion is heard", within_s=60
        )
    charged = await asyncio.to_thread(charged_since, tills.began_at, restaurant.environment)
    result = await reckon(counters, tills.began_at, charged)
    assert result.disagreements == []
    assert (result.orders, result.payments) == (GUESTS, GUESTS)
    assert 0 < result.by_card < GUESTS
