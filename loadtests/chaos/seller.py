"""Sales through the journal: whatever dies meanwhile, each is made and paid once."""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.chaos.crew import Device
from loadtests.load_till import order_of
from scripts.till.answer import Answer, Refused, Unanswered
from scripts.till.identifiers import uuid7
from scripts.till.journal import Write

MOST_LINES = 3


@dataclass(slots=True)
class Sale:
    """What the till was told of an order."""

    order_id: str
    total: int = 0
    is_paid: bool = False


@dataclass
class Seller:
    """Sells at one device, one order after the other; pauses for ``pause_s`` on average."""

    device: Device
    dishes: Sequence[Mapping[str, Any]]
    pause_s: float
    dice: random.Random
    sales: dict[str, Sale] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    async def sell_until(self, end_at: float) -> None:
        """Work until the monotonic time ``end_at``."""
        while time.monotonic() < end_at:
            await asyncio.sleep(self.dice.uniform(0, 2 * self.pause_s))
            try:
                await self._sell()
            except Unanswered:
                pass  # the journal holds it: `settle` brings it to its end
            except Refused as refused:
                self.refusals.append(str(refused))

    async def settle(self) -> None:
        """Finish what was begun. Raises ``Unanswered`` when the server does not come back."""
        for write, answer in await self.device.api.finish_journal():
            self._note(write, answer)
        for sale in [sale for sale in self.sales.values() if not sale.is_paid]:
            order = (await self.device.api.read(f"/orders/{sale.order_id}")).body
            await self._take_cash(sale, order)

    async def _sell(self) -> None:
        dishes = self.dice.sample(list(self.dishes), self.dice.randint(1, MOST_LINES))
        body = order_of([(dish, self.dice.randint(1, 2)) for dish in dishes])
        sale = self.sales[body["id"]] = Sale(body["id"])
        try:
            order = await self.device.api.write("/orders", body)
        except Refused:
            del self.sales[body["id"]]
            raise
        await self._take_cash(sale, order)

    async def _take_cash(self, sale: Sale, order: Mapping[str, Any]) -> None:
        sale.total = order["totals"]["total"]["amount"]
        if order["state"] != "completed":
            due = order["totals"]["due"]
            wish = {"id": uuid7(), "method": "cash", "amount": due, "tendered": due, "complete": True}
            await self.device.api.write(f"/orders/{sale.order_id}/payments", wish)
        sale.is_paid = True

    def _note(self, write: Write, answer: Answer) -> None:
        if not answer.is_success:
            self.refusals.append(f"{write.path}: {answer.code}")
            if write.path == "/orders":
                self.sales.pop(json.loads(write.text)["id"], None)
