"""Each event counts once and in order, whatever the gateway repeats, leaves out or says."""

import json

import pytest
from websockets.asyncio.server import ServerConnection

from scripts.till.event import Place, Verdict, judge
from scripts.till.event_stream import StreamEnded

from .scripted_gateway import TOPIC, listening, said, say, subscribed, tell, until


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

    async with listening(gateway) as till:
        await until(lambda: till.copy.place(TOPIC) == Place("e1", 16))
        assert [event.offset for event in till.heard] == [11, 12, 13, 14, 15, 16]
        assert till.copy.till_session == {"id": "16"}
        assert till.stream.following.is_set()
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

    async with listening(gateway) as till:
        await until(lambda: till.copy.place(TOPIC) == Place("e2", 3))
        assert till.copy.restored == [Place("e1", 4), Place("e2", 2)]
        assert [event.offset for event in till.heard] == [5, 3]
        assert till.stream.connects == 2


@pytest.mark.asyncio
async def test_position_that_is_not_ours_leads_to_a_new_subscription() -> None:
    asked = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 4)
        for offset in (4, 6):
            await say(socket, op="position", topic=TOPIC, epoch="e1", offset=offset)
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
        await say(socket, op="ping")
        answers.append(await said(socket))
        await say(socket, op="token_expiring", expires_at="2026-11-22T19:00:00Z")
        answers.append(await said(socket))
        await socket.wait_closed()

    async with listening(gateway):
        await until(lambda: len(answers) == 2)
    assert answers == [{"op": "pong"}, {"op": "refresh", "token": "token-1"}]


@pytest.mark.asyncio
async def test_close_codes_say_what_to_do() -> None:
    async def gateway(socket: ServerConnection, number: int) -> None:
        await socket.close({1: 1012, 2: 4401}.get(number, 4403))

    async with listening(gateway) as till:
        with pytest.raises(StreamEnded, match="4403"):
            await till.task
        assert (till.stream.connects, till.tokens.renewals) == (3, 1)


@pytest.mark.asyncio
async def test_one_gap_is_asked_for_once_however_many_events_follow_it() -> None:
    asked = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 1)
        await tell(socket, *range(5, 50))
        await say(socket, op="ping")
        while (message := await said(socket))["op"] != "pong":
            asked.append(message)
        await socket.wait_closed()

    async with listening(gateway) as till:
        await until(lambda: asked)
        assert [(message["op"], message["offset"]) for message in asked] == [("subscribe", 1)]
        assert till.heard == []


@pytest.mark.asyncio
async def test_event_without_its_data_is_read_by_rest() -> None:
    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 1)
        frame = {"topic": TOPIC, "offset": 2, "id": "id-2", "type": "till_session.updated"}
        await say(socket, **frame, at="2026-11-22T19:00:00.000Z", data=None)
        await tell(socket, 3)
        await socket.wait_closed()

    async with listening(gateway) as till:
        await until(lambda: len(till.heard) == 2)
        assert till.copy.restored == [Place("e1", 1), Place("e1", 2)]
        assert till.copy.place(TOPIC) == Place("e1", 3)


@pytest.mark.asyncio
async def test_what_was_applied_is_acknowledged_in_few_messages() -> None:
    acknowledged = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 0)
        await tell(socket, *range(1, 101))
        while not acknowledged or acknowledged[-1]["offset"] < 100:
            acknowledged.append(json.loads(await socket.recv()))
        await socket.wait_closed()

    async with listening(gateway):
        await until(lambda: acknowledged and acknowledged[-1]["offset"] == 100)
    assert acknowledged[-1] == {"op": "ack", "topic": TOPIC, "offset": 100}
    assert len(acknowledged) < 10


@pytest.mark.asyncio
async def test_event_that_comes_again_is_acknowledged_again() -> None:
    acknowledged = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        assert (await said(socket))["ack"] is True
        await subscribed(socket, 0)
        for _ in range(2):
            await tell(socket, 1)
            acknowledged.append(json.loads(await socket.recv()))
        await socket.wait_closed()

    async with listening(gateway) as till:
        await until(lambda: len(acknowledged) == 2)
        assert len(till.heard) == 1
    assert acknowledged == [{"op": "ack", "topic": TOPIC, "offset": 1}] * 2
