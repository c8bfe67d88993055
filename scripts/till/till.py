"""One till: what a waiter does with it, on top of API, journal, copy and event stream."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .answer import Answer, Refused, Unanswered
from .api_client import PATIENCE_S, ApiClient
from .basket import Basket
from .connection import ANSWER_TIMEOUT_S, Connection, Exchange
from .event import Event
from .event_stream import EventStream
from .identifiers import uuid7
from .journal import Journal, Write
from .location_copy import TOPICS, LocationCopy
from .menu import Menu
from .pause import Pause
from .sign_in import AskPin, SignIn
from .store import Store

#: States of a payment of which the provider has not said the last word.
UNDER_WAY = frozenset({"sent", "unknown", "action_required"})


@dataclass(frozen=True, slots=True)
class Server:
    """Where the restaurant answers."""

    url: str
    websocket_url: str


def _ignore(_thing: object) -> None:
    """Observes nothing."""


class Till:
    """Everything it knows is in the file at ``memory``: a new Till on the same file goes on from there."""

    def __init__(
        self,
        server: Server,
        memory: Path | str,
        *,
        ask_pin: AskPin | None = None,
        on_event: Callable[[Event], None] = _ignore,
        on_exchange: Callable[[Exchange], None] = _ignore,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._server = server
        self._patience_s = patience_s
        self._store = Store(memory)
        self._connection = Connection(server.url, answer_timeout_s=answer_timeout_s, observe=on_exchange)
        self._on_event = on_event
        self.sign_in = SignIn(self._connection, self._store, ask_pin)
        self.journal = Journal(self._store)
        self.api = ApiClient(self._connection, self.sign_in, self.journal, patience_s)
        self.copy = LocationCopy(self.api, self._store)
        self.stream: EventStream | None = None

    @property
    def name(self) -> str:
        device = self.sign_in.device
        return str(device["name"]) if device else "unpaired"

    @property
    def location_id(self) -> str:
        """The location of the paired device."""
        device = self.sign_in.device
        if device is None:
            raise LookupError("the till is not paired")
        return str(device["location"]["id"])

    @property
    def location_name(self) -> str:
        device = self.sign_in.device
        return str(device["location"]["name"]) if device else ""

    @property
    def is_following(self) -> bool:
        """Whether every topic is subscribed just now."""
        return self.stream is not None and self.stream.following.is_set()

    @property
    def menu(self) -> Menu:
        return self.copy.menu

    async def close(self) -> None:
        """Give up sockets and the file; unanswered writes stay in the journal."""
        await self._connection.close()
        self._store.close()

    # --- selling -------------------------------------------------------------------------

    async def finish_journal(self) -> list[tuple[Write, Answer]]:
        """After a restart: settle what was not answered, and take over the orders it tells of."""
        outcomes = await self.api.finish_journal()
        for _write, answer in outcomes:
            if answer.is_success:
                self._keep_order_in(answer.body)
        return outcomes

    async def open_till_session(self, float_minor: int) -> dict[str, Any]:
        """Open the location's drawer with its float. Raises ``Refused`` with ``session_already_open``."""
        amount = {"amount": float_minor, "currency": self.menu.currency}
        return await self.api.write("/till-sessions", {"id": uuid7(), "float": amount})

    async def price(self, basket: Basket) -> dict[str, Any]:
        """What the order would be, without making it."""
        return await self.api.ask("/orders:calculate", basket.order())

    async def place(self, basket: Basket, expected_total: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make the order."""
        order = await self.api.write("/orders", basket.order(expected_total))
        self.copy.keep_order(order)
        return order

    async def pay_cash(self, order_id: str, amount: dict[str, Any], tendered_minor: int) -> dict[str, Any]:
        """Take cash for an order; the answer says how much change is due."""
        tendered = {"amount": tendered_minor, "currency": amount["currency"]}
        wish = {"id": uuid7(), "method": "cash", "amount": amount, "tendered": tendered}
        payment = await self.api.write(f"/orders/{order_id}/payments", wish)
        self._keep_order_in(payment)
        return payment

    async def pay_card(self, order_id: str, amount: dict[str, Any], card: str) -> dict[str, Any]:
        """Charge a card; the payment as it is once the provider has said what became of it.

        Raises ``Refused`` when no charge was begun, and ``Unanswered`` when the provider has said nothing within
        the till's patience: the payment is still under way, and no other tender may be taken.
        """
        wish = {"id": uuid7(), "method": "stripe", "amount": amount, "details": {"payment_method": card}}
        payment = await self._begin_charge(f"/orders/{order_id}/payments", wish)
        pause, give_up_at = Pause(), time.monotonic() + self._patience_s
        while payment["state"] in UNDER_WAY:
            if time.monotonic() > give_up_at:
                raise Unanswered(f"the card payment is {payment['state']}")
            await pause.wait()
            payment = await self.api.ask(f"/payments/{payment['id']}:refresh")
        self._keep_order_in(payment)
        return payment

    async def _begin_charge(self, path: str, wish: dict[str, Any]) -> dict[str, Any]:
        """The payment, also when the answer is that no money was taken by it."""
        try:
            return await self.api.write(path, wish)
        except Refused as refused:
            payment: dict[str, Any] | None = refused.answer.body.get("payment")
            if payment is None:
                raise
            return payment

    async def complete(self, order_id: str) -> dict[str, Any]:
        """Close a paid order."""
        order = await self.api.write(f"/orders/{order_id}:complete")
        self.copy.keep_order(order)
        return order

    def _keep_order_in(self, body: dict[str, Any]) -> None:
        document = body.get("order", body)
        if "lines" in document:
            self.copy.keep_order(document)

    # --- listening -----------------------------------------------------------------------

    async def listen(self) -> None:
        """Follow the location until cancelled; the menu is read again as soon as it changes."""
        topics = [f"l.{self.location_id}.{kind}" for kind in TOPICS]
        self.stream = EventStream(self._server.websocket_url, self.sign_in, self.copy, topics, observe=self._on_event)
        tasks = [asyncio.create_task(self.stream.run()), asyncio.create_task(self._keep_menu_fresh())]
        try:
            done, _running = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_menu_fresh(self) -> None:
        while True:
            await self.copy.menu_is_stale.wait()
            with contextlib.suppress(Unanswered):  # it stays stale, so it is read in the next round
                await self.copy.read_menu()
