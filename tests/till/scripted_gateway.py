"""A gateway that says what a test wants, and a till that listens to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from scripts.till.event import Event, Place
from scripts.till.event_stream import EventStream
from scripts.till.location_copy import LocationCopy
from scripts.till.pause import Pause
from scripts.till.store import Store

TOPIC = "l.1.till"


class Tokens:
    """Counts renewals."""

    renewals = 0

    async def token(self) -> str:
        return f"token-{self.renewals}"

    async def renew(self, rejected: str) -> str:
        self.renewals += 1
        return await self.token()


class Copy(LocationCopy):
    """A copy whose REST reading only counts."""

    def __init__(self) -> None:
        super().__init__(api=None, store=Store(":memory:"))  # type: ignore[arg-type]
        self.restored: list[Place] = []

    async def restore(self, topic: str, place: Place) -> None:
        self.restored.append(place)
        with self._moving(topic, place):
            pass


@dataclass
class Listening:
    """The till's parts, to look into."""

    stream: EventStream
    task: "asyncio.Task[None]"
    copy: Copy
    tokens: Tokens
    heard: list[Event] = field(default_factory=list)


@asynccontextmanager
async def listening(
    gateway: Callable[[ServerConnection, int], Awaitable[None]],
    topics: Sequence[str] = (TOPIC,),
    tokens: Tokens | None = None,
) -> AsyncIterator[Listening]:
    """A till at a gateway whose every connection is handled by ``gateway``, which is told its number."""
    heard: list[Event] = []
    connections = 0

    async def handle(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await gateway(socket, connections)

    async with serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        copy, tokens = Copy(), tokens or Tokens()
        stream = EventStream(f"ws://127.0.0.1:{port}/ws/v1", tokens, copy, topics, heard.append, Pause(0.01, 0.02))
        task = asyncio.create_task(stream.run())
        try:
            yield Listening(stream, task, copy, tokens, heard)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def said(socket: ServerConnection) -> dict[str, Any]:
    """The till's next message that is no acknowledgement."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["op"] != "ack":
            return message


async def say(socket: ServerConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def subscribed(
    socket: ServerConnection, offset: int, recovered: bool = True, epoch: str = "e1", topic: str = TOPIC
) -> None:
    await say(socket, op="subscribed", topic=topic, epoch=epoch, offset=offset, recovered=recovered)


async def tell(socket: ServerConnection, *offsets: int, topic: str = TOPIC) -> None:
    for offset in offsets:
        frame = {"topic": topic, "offset": offset, "id": f"id-{offset}", "type": "till_session.updated"}
        await say(socket, **frame, at="2026-11-22T19:00:00.000Z", data={"id": str(offset)})


async def until(happened: Callable[[], Any]) -> None:
    """Wait for something that must happen soon, on a slow machine too."""
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.005)
