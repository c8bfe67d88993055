"""Devices of one location, each signed in and listening with the reference till's own parts."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.chaos.ledger import Ledger
from scripts.till.api_client import ApiClient
from scripts.till.change_feed import ChangeFeed
from scripts.till.connection import Connection, Exchange
from scripts.till.event_stream import EventStream
from scripts.till.journal import Journal
from scripts.till.location_copy import TOPICS
from scripts.till.sign_in import SignIn
from scripts.till.store import Store

#: Whatever is killed is back long before; then the journal settles what is left.
PATIENCE_S = 180.0
FOLLOWING_WITHIN_S = 120.0


@dataclass(slots=True)
class Answered:
    """A write that was answered with success, and when it was sent."""

    sent_at: float
    answered_at: float


@dataclass
class Attempts:
    """What became of the HTTP attempts of all devices."""

    writes: list[Answered] = field(default_factory=list)
    failed: int = 0

    def notice(self, exchange: Exchange) -> None:
        """An attempt ended."""
        now = time.time()
        if exchange.status == 0 or exchange.status >= 500:
            self.failed += 1
        elif exchange.method == "POST" and exchange.status in {200, 201}:
            self.writes.append(Answered(now - exchange.took_s, now))


class Device:
    """A till without a screen. Its memory is as long as the run."""

    def __init__(
        self, url: str, websocket_url: str, location: Mapping[str, Any], number: int, attempts: Attempts
    ) -> None:
        credentials = location["tills"][number]
        self.id = str(credentials["device_id"])
        self._pin = (str(credentials["employee_id"]), str(location["pin"]))
        self._store = Store(":memory:")
        self._store.keep(device_key=credentials["device_key"])
        self._connection = Connection(url, observe=attempts.notice)
        self.sign_in = SignIn(self._connection, self._store, ask_pin=self._ask_pin)
        self.api = ApiClient(self._connection, self.sign_in, Journal(self._store), patience_s=PATIENCE_S)
        self.ledger = Ledger(ChangeFeed(self.api))
        topics = [f"l.{location['location']}.{kind}" for kind in TOPICS]
        self.stream = EventStream(websocket_url, self.sign_in, self.ledger, topics, observe=lambda _event: None)

    async def close(self) -> None:
        """Give up the sockets."""
        await self._connection.close()
        self._store.close()

    async def _ask_pin(self) -> tuple[str, str]:
        return self._pin


@dataclass
class Crew:
    """All devices; they follow their location until the end."""

    devices: Sequence[Device]
    attempts: Attempts
    _listening: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def listen(self) -> None:
        """Sign in and follow; returns when all do."""
        for device in self.devices:
            await device.sign_in.token()
        self._listening = [asyncio.create_task(device.stream.run()) for device in self.devices]
        async with asyncio.timeout(FOLLOWING_WITHIN_S):
            while not all(device.stream.following.is_set() for device in self.devices):
                self.raise_failure()
                await asyncio.sleep(0.05)

    def raise_failure(self) -> None:
        """A stream that ended by itself is a failure: it was told to stay away, or is broken."""
        for task in self._listening:
            if task.done():
                task.result()

    async def close(self) -> None:
        """Stop listening."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for device in self.devices:
            await device.close()


def crew(url: str, websocket_urls: Sequence[str], location: Mapping[str, Any]) -> Crew:
    """A device for each paired till of the location, spread over the gateways."""
    attempts = Attempts()
    numbers = range(len(location["tills"]))
    gateway = [websocket_urls[number % len(websocket_urls)] for number in numbers]
    return Crew([Device(url, gateway[number], location, number, attempts) for number in numbers], attempts)
