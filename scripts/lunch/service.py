"""One lunch: opens the tills, lets the guests in, shows a dish running out, closes and reckons up."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.till.answer import Unanswered

from .board import Board
from .card_books import charged_since
from .counter import Counter
from .guests import Guest, arrivals
from .reckoning import Reckoning, by_location, reckon
from .staff import Welcome, open_counters
from .tally import Tally
from .trouble import make_trouble

LONGEST_LISTENING_S = 60.0
OFF_THE_MENU_WITHIN_S = 10.0
AT_MOST_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How the lunch goes. ``rate_per_s`` is of guests at each location, before and after the peak."""

    duration_s: float = 60.0
    most_orders: int | None = None
    rate_per_s: float = 0.5
    seed: int = 1
    chaos: bool = False


class LunchService:
    """Runs once."""

    def __init__(self, plan: Plan, welcome: Welcome, board: Board, tally: Tally) -> None:
        self._plan = plan
        self._welcome = welcome
        self._board = board
        self._tally = tally
        self._dice = random.Random(plan.seed)  # noqa: S311 - a repeatable lunch, no secret
        self._guests = 0
        self._problems: list[str] = []

    async def run(self, folder: Path) -> Reckoning:
        """The whole lunch; ``folder`` keeps the tills' memories."""
        began_at = datetime.now(UTC) - timedelta(seconds=5)
        counters = await open_counters(self._welcome, folder, self._tally)
        try:
            async with self._listening(counters):
                await self._serve_everybody(counters)
                await self._hear_everything(counters)
            charged = await asyncio.to_thread(charged_since, began_at, os.environ)
            result = await reckon(counters, began_at, charged)
        finally:
            for counter in counters:
                await counter.till.close()
        result.note(self._problems)
        return result

    @asynccontextmanager
    async def _listening(self, counters: Sequence[Counter]) -> AsyncIterator[None]:
        listeners = [asyncio.create_task(counter.till.listen(), name=counter.till.name) for counter in counters]
        try:
            async with asyncio.timeout(LONGEST_LISTENING_S):
                while not all(counter.till.is_following for counter in counters):
                    _raise_failure(listeners)
                    await asyncio.sleep(0.05)
            self._board.open(counters)
            yield
            _raise_failure(listeners)
        finally:
            self._board.close()
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)

    async def _serve_everybody(self, counters: Sequence[Counter]) -> None:
        trouble = [asyncio.create_task(make_trouble(self._dice, self._board.say))] if self._plan.chaos else []
        painter = asyncio.create_task(self._print_sales())
        try:
            async with asyncio.TaskGroup() as lunch:
                for neighbours in by_location(counters):
                    queue: asyncio.Queue[Guest | None] = asyncio.Queue()
                    lunch.create_task(self._let_in(queue, random.Random(self._dice.random())))  # noqa: S311
                    for counter in neighbours:
                        lunch.create_task(counter.serve(queue))
                lunch.create_task(self._run_out(by_location(counters)[0]))
        finally:
            for task in (*trouble, painter):
                task.cancel()
            await asyncio.gather(*trouble, painter, return_exceptions=True)
            self._board.print_sales()

    async def _let_in(self, queue: "asyncio.Queue[Guest | None]", dice: random.Random) -> None:
        began = time.monotonic()
        for moment in arrivals(self._plan.rate_per_s, self._plan.duration_s, dice):
            if self._plan.most_orders is not None and self._guests >= self._plan.most_orders:
                break
            self._guests += 1
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            queue.put_nowait(Guest(self._guests, dice.getrandbits(32)))
        queue.put_nowait(None)

    async def _print_sales(self) -> None:
        while True:
            self._board.print_sales()
            await asyncio.sleep(0.5)

    # --- a dish runs out -----------------------------------------------------------------

    async def _run_out(self, neighbours: Sequence[Counter]) -> None:
        """In the middle of lunch the manager takes a product off one location's menu, and puts it back."""
        await asyncio.sleep(self._plan.duration_s / 3)
        till = neighbours[0].till
        product, _variant = self._dice.choice(till.menu.on_offer())
        desk = self._welcome.desk(till.location_name)
        try:
            with contextlib.suppress(Unanswered):
                await desk.sign_in.token()
                for available, words in ((False, "has run out"), (True, "is there again")):
                    await desk.set_availability(product.id, available)
                    took_s = await _menus_say(neighbours, product.variants[0].id, available)
                    what = f"{product.name} {words} at {till.location_name}"
                    self._board.say(f"{what}: on every menu there after {took_s * 1000:.0f} ms")
                    if not available:
                        self._judge(what, took_s)
                    await asyncio.sleep(2)
        finally:
            await desk.close()

    def _judge(self, what: str, took_s: float) -> None:
        self._tally.add("menu", took_s)
        if took_s > AT_MOST_S and not self._plan.chaos:
            self._problems.append(f"{what}: the tills' menus said so only after {took_s:.1f} s")

    # --- the end -------------------------------------------------------------------------

    async def _hear_everything(self, counters: Sequence[Counter]) -> None:
        """Settle what is unanswered, then wait until each till has heard its location's sales."""
        for counter in counters:
            await counter.settle()
        deadline = time.monotonic() + LONGEST_LISTENING_S
        while not _all_heard(counters) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        turned_away = sum(counter.turned_away for counter in counters)
        if turned_away:
            self._board.say(f"{turned_away} guests left: what they wanted kept running out")


def _all_heard(counters: Sequence[Counter]) -> bool:
    for neighbours in by_location(counters):
        completed = set().union(*(counter.completed for counter in neighbours))
        if any(completed - counter.has_heard("order.completed") for counter in neighbours):
            return False
    return True


async def _menus_say(counters: Sequence[Counter], variant_id: str, available: bool) -> float:
    """Seconds until every till's menu has the variant so."""
    began = time.monotonic()
    while any(counter.till.menu.offers(variant_id) is not available for counter in counters):
        if time.monotonic() > began + OFF_THE_MENU_WITHIN_S:
            break
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def _raise_failure(listeners: Sequence["asyncio.Task[None]"]) -> None:
    for listener in listeners:
        if listener.done():
            listener.result()
