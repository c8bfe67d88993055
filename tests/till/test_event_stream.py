"""Each event counts once and in order, whatever the gateway repeats, leaves out or says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from scripts.till.event import Event, Place, Verdict, judge
from scripts.till.event_stream import EventStream, StreamEnded
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


@asynccontextmanager
async def listening(
    gateway: Callable[[ServerConnection, int], Awaitable[None]],
) -> AsyncIterator[tuple[EventStream, Copy, list[Event], Tokens, "asyncio.Task[None]"]]:
    """A till that listens to a gateway whose every connection is handled by ``gateway``."""
    heard: list[Event] = []
    connections = 0

    async def handle(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await gateway(socket, connections)

    async with serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        copy, tokens = Copy(), Tokens()
        url = f"ws://127.0.0.1:{port}/ws/v1"
        stream = EventStream(url, tokens, copy, [TOPIC], heard.append, Pause(0.01, 0.02))  # type: ignore[arg-type]
        task = asyncio.create_task(stream.run())
        try:
            yield stream, copy, heard, tokens, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def said(socket: ServerConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def subscribed(socket: ServerConnection, offset: int, recovered: bool = True, epoch: str = "e1") -> None:
    message = {"op": "subscribed", "topic": TOPIC, "epoch": epoch, "offset": offset, "recovered": recovered}
    await socket.send(json.dumps(message))


async def tell(socket: ServerConnection, *offsets: int) -> None:
    for offset in offsets:
        frame = {"topic": TOPIC, "offset": offset, "id": f"id-{offset}", "type": "till_session.updated"}
        await socket.send(json.dumps({**frame, "at": "2026-11-22T19:00:00.000Z", "data": {"id": str(offset)}}))


async def until(happened: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0.005)


def test_only_the_next_offset_is_applied() -> None:
    assert [judge(Place("e", 4), offset) for offset in (3, 4, 5, 6)] == [
        Verdict.IGNORE,
        Verdict.IGNORE,
        Verdict.APPLY,
        Verdict.GAP,
    ]


@pytest.mark.asyncio
async def test_repeated_events_are_ignored_and_a_gap_is_asked_for_again() -> None:
    asked = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        asked.append(await said(socket))
        await subscribed(socket, 10)
        await tell(socket, 11, 11, 10, 12, 15)
        asked.append(await said(socket))
        await subscribed(socket, 15)
        await tell(socket, 13, 14, 15, 16)
        await socket.wait_closed()

    async with listening(gateway) as (stream, copy, heard, _tokens, _task):
        await until(lambda: copy.place(TOPIC) == Place("e1", 16))
        assert [event.offset for event in heard] == [11, 12, 13, 14, 15, 16]
        assert copy.till_session == {"id": "16"}
        assert stream.following.is_set()
    assert "epoch" not in asked[0]
    assert (asked[1]["epoch"], asked[1]["offset"]) == ("e1", 12)


@pytest.mark.asyncio
async def test_what_cannot_be_replayed_is_read_by_rest() -> None:
    async def gateway(socket: ServerConnection, number: int) -> None:
        asked = await said(socket)
        if number == 1:
            await subscribed(socket, 4)
            await tell(socket, 5)
            await socket.close(1012)
            return
        assert (asked["epoch"], asked["offset"]) == ("e1", 5)
        await subscribed(socket, 2, recovered=False, epoch="e2")
        await tell(socket, 3)
        await socket.wait_closed()

    async with listening(gateway) as (stream, copy, heard, _tokens, _task):
        await until(lambda: copy.place(TOPIC) == Place("e2", 3))
        assert copy.restored == [Place("e1", 4), Place("e2", 2)]
        assert [event.offset for event in heard] == [5, 3]
        assert stream.connects == 2


@pytest.mark.asyncio
async def test_position_that_is_not_ours_leads_to_a_new_subscription() -> None:
    asked = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 4)
        for offset in (4, 6):
            await socket.send(json.dumps({"op": "position", "topic": TOPIC, "epoch": "e1", "offset": offset}))
        asked.append(await said(socket))
        await socket.wait_closed()

    async with listening(gateway):
        await until(lambda: asked)
    assert (asked[0]["op"], asked[0]["offset"]) == ("subscribe", 4)


@pytest.mark.asyncio
async def test_expiring_token_is_refreshed_in_band_and_pings_are_answered() -> None:
    answers = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 0)
        await socket.send('{"op": "ping"}')
        answers.append(await said(socket))
        await socket.send('{"op": "token_expiring", "expires_at": "2026-11-22T19:00:00Z"}')
        answers.append(await said(socket))
        await socket.wait_closed()

    async with listening(gateway):
        await until(lambda: len(answers) == 2)
    assert answers == [{"op": "pong"}, {"op": "refresh", "token": "token-1"}]


@pytest.mark.asyncio
async def test_close_codes_say_what_to_do() -> None:
    async def gateway(socket: ServerConnection, number: int) -> None:
        await socket.close({1: 1012, 2: 4401}.get(number, 4403))

    async with listening(gateway) as (stream, _copy, _heard, tokens, task):
        with pytest.raises(StreamEnded, match="4403"):
            await task
        assert (stream.connects, tokens.renewals) == (3, 1)
