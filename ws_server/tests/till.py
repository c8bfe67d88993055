"""A till as the protocol document describes it: applies last+1, ignores older, resumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .protocol_document import check_from_gateway


async def receive(socket: ClientConnection, timeout_s: float = 15) -> dict[str, Any]:
    """The next message that is not a heartbeat; all are such as the protocol document describes.

    Waits longer than the gateway waits for a refill.
    """
    while True:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), timeout_s))
        check_from_gateway(message)
        if message.get("op") != "ping":
            return message


async def say(socket: ClientConnection, **message: Any) -> None:
    """Send one message."""
    await socket.send(json.dumps(message))


async def ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    """Send one message and return the next answer."""
    await say(socket, **message)
    return await receive(socket)


async def closed(socket: ClientConnection, timeout_s: float = 5) -> tuple[int | None, str | None]:
    """Read until the server closes; code and reason."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(timeout_s):
            while True:
                await socket.recv()
    return socket.close_code, socket.close_reason


class Till:
    """Follows one topic across every interruption and notes what it applied."""

    def __init__(self, url: str, token: str, topic: str) -> None:
        self._url, self._token, self._topic = url, token, topic
        self.epoch: str | None = None
        self.offset = 0
        self.applied: list[int] = []
        self.values: list[Any] = []
        self.repeats = 0
        self.gaps = 0
        self.resyncs = 0
        self.reconnects = 0
        self._joined = False

    async def follow(self, *, drops: bool = False) -> None:
        """Run for ever; with ``drops`` the till also hangs up at random."""
        headers = {"Authorization": f"Bearer {self._token}"}
        while True:
            try:
                async with connect(self._url, additional_headers=headers, compression=None, open_timeout=3) as socket:
                    await self._listen(socket, random.uniform(0.3, 1.5) if drops else None)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                self.reconnects += 1
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _listen(self, socket: ClientConnection, hang_up_after_s: float | None) -> None:
        subscribe: dict[str, Any] = {"op": "subscribe", "topic": self._topic}
        if self.epoch is not None:
            subscribe |= {"epoch": self.epoch, "offset": self.offset}
        await socket.send(json.dumps(subscribe))
        async with asyncio.timeout(hang_up_after_s):
            async for raw in socket:
                self._take(json.loads(raw))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("op") == "subscribed":
            self._joined = True
            if self.epoch is None or not message["recovered"]:
                self.resyncs += self.epoch is not None
                self.epoch, self.offset = message["epoch"], message["offset"]
        elif "offset" in message and "type" in message:
            self._apply(message)

    def _apply(self, event: dict[str, Any]) -> None:
        if event["offset"] <= self.offset:
            self.repeats += 1
        elif event["offset"] > self.offset + 1:
            self.gaps += 1
        else:
            self.offset = event["offset"]
            self.applied.append(event["offset"])
            self.values.append(event["data"])

    @property
    def is_joined(self) -> bool:
        return self._joined
