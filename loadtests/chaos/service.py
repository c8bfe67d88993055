"""One service under fire: tills sell and listen, the villain strikes; then every event and penny is counted."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtests.chaos.crew import Attempts, Crew, crew
from loadtests.chaos.ledger import Ledger
from loadtests.chaos.recovery import Recovery, recoveries
from loadtests.chaos.seller import Seller
from loadtests.chaos.verdict import Books, Hearing, Sent, check_books, has_everything, hear, read_sent
from loadtests.chaos.villain import Blow, Struck, Villain
from scripts.till.answer import Unanswered

CAUGHT_UP_WITHIN_S = 240.0


class Restaurant(Protocol):
    """What is attacked."""

    @property
    def url(self) -> str: ...

    def sql(self, query: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much and how hard."""

    seconds: float
    sellers: int
    #: Between two sales of a seller, on average, and between two changes of the menu.
    sale_pause_s: float = 2.0
    menu_pause_s: float = 1.0
    blow_pause_s: tuple[float, float] = (6.0, 18.0)
    seed: int = 1


@dataclass
class Findings:
    """What the fire has done."""

    hearing: Hearing
    books: Books
    recoveries: Sequence[Recovery]
    blows: Sequence[Struck]
    attempts: Attempts
    events: int
    expected: int
    seconds: float
    catching_up_s: float
    connects: int
    restores: int
    refusals: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that must not be, as sentences."""
        counts = {
            "lost": self.hearing.lost,
            "doubled": self.hearing.doubled,
            "out of order": self.hearing.disordered,
            "invented": self.hearing.invented,
        }
        return [
            *(f"{count} events {what}" for what, count in counts.items() if count),
            *self.books.faults,
            *(f"a sale was refused: {reason}" for reason in self.refusals),
        ]


async def serve_under_fire(
    restaurant: Restaurant,
    websocket_urls: Sequence[str],
    location: Mapping[str, Any],
    blows: Mapping[str, Blow],
    plan: Plan,
    say: Callable[[str], None],
) -> Findings:
    """Runs the service and compares. ``location`` is what ``scenes/restaurant.py`` has put there, its drawer open."""
    dice = random.Random(plan.seed)
    villain = Villain(blows, plan.blow_pause_s, dice, say)
    following = crew(restaurant.url, websocket_urls, location)
    dishes, changing = location["dishes"][:-1], location["dishes"][-1]
    sellers = [
        Seller(device, dishes, plan.sale_pause_s, random.Random(f"{plan.seed}/{number}"))
        for number, device in enumerate(following.devices[: plan.sellers])
    ]
    try:
        await following.listen()
        say(f"{len(following.devices)} tills follow, {len(sellers)} of them sell")
        began = time.monotonic()
        await _serve(following, sellers, changing, villain, plan, began + plan.seconds)
        served_s = time.monotonic() - began
        say("the service is over; what is left unanswered is settled, and the tills catch up")
        await asyncio.gather(*(seller.settle() for seller in sellers))
        sent = await _all_caught_up(restaurant, following, str(location["location"]))
        catching_up_s = time.monotonic() - began - served_s
    finally:
        await following.close()
    return _find(restaurant, following, sellers, villain, sent, served_s, catching_up_s)


async def _serve(
    following: Crew,
    sellers: Sequence[Seller],
    changing: Mapping[str, Any],
    villain: Villain,
    plan: Plan,
    end_at: float,
) -> None:
    product_id = await _product_of(following, str(changing["variant_id"]))
    chef = asyncio.create_task(_change_menu(following, product_id, plan.menu_pause_s))
    try:
        async with asyncio.TaskGroup() as service:
            service.create_task(villain.strike_until(end_at))
            for seller in sellers:
                service.create_task(seller.sell_until(end_at))
        following.raise_failure()
    finally:
        chef.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await chef
        await _set_available(following, product_id, True)


async def _change_menu(following: Crew, product_id: str, pause_s: float) -> None:
    """One dish that nobody sells runs out and is there again, for ever: events that cost little."""
    for available in itertools.cycle((False, True)):
        with contextlib.suppress(Unanswered):
            await _set_available(following, product_id, available)
        await asyncio.sleep(pause_s)


async def _set_available(following: Crew, product_id: str, available: bool) -> None:
    await following.devices[-1].api.write(f"/products/{product_id}:set-availability", {"available": available})


async def _product_of(following: Crew, variant_id: str) -> str:
    menu = (await following.devices[-1].api.read("/menu")).body
    products = (
        product for product in menu["products"] for variant in product["variants"] if variant["id"] == variant_id
    )
    return str(next(products)["id"])


async def _all_caught_up(restaurant: Restaurant, following: Crew, location: str) -> Sent:
    """Returns what was sent when every till has it; after the deadline, when some still do not."""
    deadline = time.monotonic() + CAUGHT_UP_WITHIN_S
    while True:
        following.raise_failure()
        sent = await asyncio.to_thread(read_sent, restaurant.sql, location)
        complete = sent is not None and all(has_everything(device.ledger, sent) for device in following.devices)
        if sent is not None and (complete or time.monotonic() > deadline):
            return sent
        if time.monotonic() > deadline:
            raise TimeoutError("events still wait for the relay")
        await asyncio.sleep(0.5)


def _find(
    restaurant: Restaurant,
    following: Crew,
    sellers: Sequence[Seller],
    villain: Villain,
    sent: Sent,
    served_s: float,
    catching_up_s: float,
) -> Findings:
    ledgers = [device.ledger for device in following.devices]
    sales = {order_id: sale for seller in sellers for order_id, sale in seller.sales.items()}
    return Findings(
        hearing=hear(ledgers, sent.events),
        books=check_books(restaurant.sql, following.devices, sales),
        recoveries=recoveries(villain.struck, following.attempts.writes, ledgers, sent.written_at),
        blows=villain.struck,
        attempts=following.attempts,
        events=sum(map(len, sent.events.values())),
        expected=sum(_expected(ledger, sent) for ledger in ledgers),
        seconds=served_s,
        catching_up_s=catching_up_s,
        connects=sum(device.stream.connects for device in following.devices),
        restores=sum(device.stream.losses for device in following.devices),
        refusals=[reason for seller in sellers for reason in seller.refusals],
    )


def _expected(ledger: Ledger, sent: Sent) -> int:
    """How many events were sent after the till began to follow."""
    return sum(
        event.offset > place.offset for topic, place in ledger.began.items() for event in sent.events.get(topic, ())
    )
