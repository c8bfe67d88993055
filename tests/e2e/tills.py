"""Paired tills with somebody signed in, for end to end tests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.lunch.counter import Counter
from scripts.lunch.staff import FLOAT_MINOR, Welcome, open_counter
from scripts.lunch.tally import Tally
from scripts.till.basket import Basket, fewest_answers
from scripts.till.manager_desk import ManagerDesk
from scripts.till.till import Till

PATIENCE_S = 20.0


@dataclass
class Tills:
    """Opens counters at a location; all of them are closed at the test's end."""

    welcome: Welcome
    folder: Path
    counters: list[Counter] = field(default_factory=list)
    listeners: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    desks: dict[str, ManagerDesk] = field(default_factory=dict)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=5))

    async def open(self, name: str, location: str = "Soho", url: str | None = None) -> Counter:
        """A new till at a location whose drawer is open, by another way when ``url`` is given."""
        desk = await self.desk(location)
        server = replace(self.welcome.server, url=url) if url else self.welcome.server
        code = await desk.pairing_code(self.welcome.locations[location], name)
        seller = self.welcome.sellers(location)[0]
        counter = await open_counter(server, name, code, seller, self.folder, Tally())
        self.counters.append(counter)
        await desk.open_drawer(FLOAT_MINOR, counter.till.menu.currency)
        return counter

    async def desk(self, location: str = "Soho") -> ManagerDesk:
        """The manager, signed in at a location."""
        if location not in self.desks:
            self.desks[location] = self.welcome.desk(location)
            await self.desks[location].sign_in.token()
        return self.desks[location]

    async def listen(self, *counters: Counter) -> None:
        """Let tills follow their location; returns when they do."""
        for counter in counters:
            self.listeners[counter.till.name] = asyncio.create_task(counter.till.listen())
        await until(lambda: all(counter.till.is_following for counter in counters), "the tills follow")

    async def fall_silent(self, *counters: Counter) -> None:
        """Cut tills off from the events."""
        for counter in counters:
            listener = self.listeners.pop(counter.till.name)
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def restart(self, counter: Counter, url: str | None = None) -> Till:
        """The app starts again on the same memory, as after a crash."""
        name = counter.till.name
        await counter.till.close()
        server = replace(self.welcome.server, url=url) if url else self.welcome.server
        counter.till = Till(server, self.folder / f"{name}.sqlite", on_event=counter.hear)
        return counter.till

    async def close(self) -> None:
        """Everything ends."""
        for listener in self.listeners.values():
            listener.cancel()
        await asyncio.gather(*self.listeners.values(), return_exceptions=True)
        for counter in self.counters:
            await counter.till.close()
        for desk in self.desks.values():
            await desk.close()


def basket_of(till: Till, count: int = 1) -> Basket:
    """Some plain products of the menu."""
    basket = Basket(till.menu)
    plain = [pair for pair in till.menu.on_offer() if not pair[0].choices and pair[1].price]
    for product, variant in plain[:count]:
        basket.add(variant.id, modifiers=fewest_answers(product))
    return basket


async def sell(till: Till, count: int = 1) -> dict[str, Any]:
    """One whole sale for cash; the completed order."""
    order = await till.place(basket_of(till, count))
    due = order["totals"]["due"]
    await till.pay_cash(order["id"], due, due["amount"] + 500)
    return await till.complete(order["id"])


async def until(happened: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait for something that must happen soon."""
    try:
        async with asyncio.timeout(within_s):
            while not happened():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"within {within_s} s it did not happen that {what}") from None
