"""A till with somebody behind it, serving the guests of its location one after the other."""

import asyncio
import contextlib
import random
import time
from collections import Counter as Count
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scripts.till.answer import Refused, Unanswered
from scripts.till.basket import ImpossibleChoice
from scripts.till.connection import Exchange
from scripts.till.event import Event
from scripts.till.till import Till

from .guests import Guest, card, tendered
from .tally import Tally

#: Prices are asked for first this often, and then stated with the order.
ASKS_FIRST = 0.5
STALE = frozenset({"item_unavailable", "unknown_item"})


@dataclass(slots=True)
class Sale:
    """What the till believes of an order; ``step`` is the last one it saw answered."""

    order_id: str
    number: str = ""
    total: int = 0
    change: int = 0
    step: str = "begun"


@dataclass
class Counter:
    """Serves guests and remembers what it sold and heard."""

    till: Till
    person: str
    tally: Tally
    sales: list[Sale] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    statuses: "Count[tuple[str, str, int]]" = field(default_factory=Count)
    turned_away: int = 0
    given_up: int = 0
    takes_cards: bool = False
    declined: int = 0
    busy_with: str = ""

    def hear(self, event: Event) -> None:
        """The till applied an event."""
        self.heard.append(event)
        at = datetime.fromisoformat(event.at).timestamp()
        self.tally.add("event", max(0.0, event.heard_at - at))

    def notice(self, exchange: Exchange) -> None:
        """An HTTP attempt ended."""
        self.statuses[exchange.method, exchange.path, exchange.status] += 1

    @property
    def failed_attempts(self) -> int:
        """Attempts without an answer, or with one that says to try again."""
        return sum(count for (_, _, status), count in self.statuses.items() if status == 0 or status >= 500)

    async def serve(self, queue: "asyncio.Queue[Guest | None]") -> None:
        """Take guests until there is a None in the queue; it is left there for the next counter."""
        while (guest := await queue.get()) is not None:
            await self._serve(guest)
        queue.put_nowait(None)

    async def _serve(self, guest: Guest) -> None:
        for _ in range(3):
            try:
                await self._sell(guest)
            except ImpossibleChoice:
                continue  # it ran out between showing and choosing; the guest chooses again
            except Refused as refused:
                if refused.code not in STALE:
                    raise
                await self.till.copy.read_menu()
                continue
            except Unanswered:
                self.given_up += 1  # the journal holds it: `finish` settles it
            return
        self.turned_away += 1

    async def _sell(self, guest: Guest) -> None:
        dice = random.Random(guest.seed)  # noqa: S311 - a repeatable lunch, no secret
        basket = guest.wishes(self.till.menu)
        expected = None
        if dice.random() < ASKS_FIRST:
            expected = (await self._timed("price", self.till.price(basket)))["totals"]["total"]
        sale = Sale(basket.order_id)
        self.sales.append(sale)
        try:
            order = await self._timed("create", self.till.place(basket, expected))
        except Refused:
            self.sales.remove(sale)
            raise
        sale.number, sale.total, sale.step = order["number"], order["totals"]["total"]["amount"], "created"
        await self._take_money(sale, order, dice)
        await self._timed("complete", self.till.complete(sale.order_id))
        sale.step, self.busy_with = "completed", ""

    async def _take_money(self, sale: Sale, order: dict[str, Any], dice: random.Random) -> None:
        self.busy_with = sale.number
        due, held_out = order["totals"]["due"], card(dice)
        charged = self.takes_cards and held_out and due["amount"] and await self._charge(sale, due, held_out)
        if due["amount"] and not charged:
            given = tendered(due["amount"], dice)
            payment = await self._timed("pay", self.till.pay_cash(sale.order_id, due, given))
            sale.change = payment["change"]["amount"]
        sale.step = "paid"

    async def _charge(self, sale: Sale, due: dict[str, Any], held_out: str) -> bool:
        """Whether the card was charged; else the guest pays the same order in cash."""
        payment = await self._timed("charge", self.till.pay_card(sale.order_id, due, held_out))
        self.declined += payment["state"] != "captured"
        return bool(payment["state"] == "captured")

    async def _timed(self, kind: str, doing: Any) -> dict[str, Any]:
        began = time.perf_counter()
        result: dict[str, Any] = await doing
        self.tally.add(kind, time.perf_counter() - began)
        return result

    async def settle(self) -> None:
        """Bring to an end what was left unanswered."""
        with contextlib.suppress(Unanswered):
            await self.till.finish_journal()

    @property
    def takings(self) -> int:
        """The sum of what was completed here."""
        return sum(sale.total for sale in self.sales if sale.step == "completed")

    @property
    def completed(self) -> set[str]:
        """Ids of the orders completed here."""
        return {sale.order_id for sale in self.sales if sale.step == "completed"}

    def has_heard(self, kind: str) -> set[str]:
        """Ids of the orders of which it heard such an event."""
        return {event.data["id"] for event in self.heard if event.type == kind}
