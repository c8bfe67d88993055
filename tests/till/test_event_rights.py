"""Rights that change while the till listens: topics go and come back, tokens are renewed, somebody else signs in."""

import asyncio
import re

import pytest
from websockets.asyncio.server import ServerConnection

from scripts.local.layout import ROOT
from scripts.till.answer import Answer, SignedOut, Unanswered
from scripts.till.event import Place
from scripts.till.event_stream import CLOSE_CODES, Advice, StreamEnded
from scripts.till.pause import Pause

from .scripted_gateway import TOPIC, Tokens, listening, said, say, subscribed, tell, until

PAYMENTS = "l.1.payments"
BOTH = (TOPIC, PAYMENTS)
ENDS = {"token_expiring": {"expires_at": "2026-11-22T19:00:00Z"}, "permissions_changed": {}}


class FailingTokens(Tokens):
    """Renewing ends as the test wants."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def renew(self, rejected: str) -> str:
        self.renewals += 1
        raise self.failure


class SlowTokens(Tokens):
    """Renewing takes until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def renew(self, rejected: str) -> str:
        await self.go.wait()
        return await super().renew(rejected)


async def refuse(socket: ServerConnection, topic: str, code: str = "forbidden_topic") -> None:
    await say(socket, op="error", code=code, detail=code, topic=topic)


@pytest.mark.asyncio
async def test_topic_that_may_not_be_followed_does_not_keep_the_others_from_being_followed() -> None:
    async def gateway(socket: ServerConnection, _number: int) -> None:
        for _ in BOTH:
            await said(socket)
        await subscribed(socket, 3)
        await refuse(socket, PAYMENTS)
        await tell(socket, 4)
        await socket.wait_closed()

    async with listening(gateway, BOTH) as till:
        await until(lambda: till.heard)
        assert till.stream.following.is_set()
        assert till.copy.place(PAYMENTS) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("reason", ENDS)
async def test_topic_that_is_lost_and_comes_back_goes_on_where_it_was_left(reason: str) -> None:
    asked = []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        for topic in BOTH:
            await said(socket)
            await subscribed(socket, 3, topic=topic)
        for removed in ([PAYMENTS], []):
            await say(socket, op=reason, **ENDS[reason])
            asked.append(await said(socket))
            await say(socket, op="refreshed", expires_at="2026-11-22T19:00:00Z", removed_topics=removed)
            await tell(socket, 5 - len(removed))
        asked.append(await said(socket))
        await subscribed(socket, 5, topic=PAYMENTS)
        await tell(socket, 4, 5, topic=PAYMENTS)
        await socket.wait_closed()

    async with listening(gateway, BOTH) as till:
        await until(lambda: till.copy.place(PAYMENTS) == Place("e1", 5))
        assert till.copy.restored == [Place("e1", 3), Place("e1", 3)]
    assert asked[:2] == [{"op": "refresh", "token": "token-1"}, {"op": "refresh", "token": "token-2"}]
    assert asked[2] == {"op": "subscribe", "topic": PAYMENTS, "ack": True, "epoch": "e1", "offset": 3}


@pytest.mark.asyncio
async def test_topic_that_a_change_of_rights_ends_is_not_applied_any_more() -> None:
    async def gateway(socket: ServerConnection, _number: int) -> None:
        for topic in BOTH:
            await said(socket)
            await subscribed(socket, 3, topic=topic)
        await say(socket, op="permissions_changed", removed_topics=[PAYMENTS])
        await tell(socket, 4, topic=PAYMENTS)
        await tell(socket, 4, topic=TOPIC)
        await socket.wait_closed()

    async with listening(gateway, BOTH) as till:
        await until(lambda: till.copy.place(TOPIC) == Place("e1", 4))
        assert till.copy.place(PAYMENTS) == Place("e1", 3)


@pytest.mark.asyncio
async def test_events_are_applied_while_the_token_is_renewed() -> None:
    tokens, answers = SlowTokens(), []

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 0)
        await say(socket, op="token_expiring", expires_at="2026-11-22T19:00:00Z")
        await tell(socket, 1, 2)
        answers.append(await said(socket))
        await socket.wait_closed()

    async with listening(gateway, tokens=tokens) as till:
        await until(lambda: len(till.heard) == 2)
        assert answers == []
        tokens.go.set()
        await until(lambda: answers)
    assert answers == [{"op": "refresh", "token": "token-1"}]


@pytest.mark.asyncio
async def test_renewal_without_an_answer_leaves_the_connection_alone() -> None:
    tokens = FailingTokens(Unanswered("server away"))

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 0)
        await say(socket, op="token_expiring", expires_at="2026-11-22T19:00:00Z")
        while not tokens.renewals:
            await asyncio.sleep(0.005)
        await tell(socket, 1)
        await socket.wait_closed()

    async with listening(gateway, tokens=tokens) as till:
        await until(lambda: till.heard)
        assert till.stream.connects == 1


@pytest.mark.asyncio
async def test_who_is_signed_out_listens_no_more() -> None:
    refused = SignedOut(Answer(401, {}, {"code": "token_invalid", "detail": "Sign in."}))

    async def gateway(socket: ServerConnection, _number: int) -> None:
        await said(socket)
        await subscribed(socket, 0)
        await say(socket, op="permissions_changed")
        await socket.wait_closed()

    async with listening(gateway, tokens=FailingTokens(refused)) as till:
        with pytest.raises(SignedOut):
            await asyncio.wait_for(till.task, 20)
        assert till.stream.connects == 1


@pytest.mark.asyncio
async def test_next_person_at_the_till_is_connected_under_the_own_token() -> None:
    """A PIN ends the sign-in before: its connection is closed as revoked, or a refresh does not match it."""
    headers = []
    tokens = Tokens()

    async def gateway(socket: ServerConnection, number: int) -> None:
        assert socket.request is not None
        headers.append(socket.request.headers["Authorization"])
        await said(socket)
        if number == 1:
            tokens.renewals = 7
            await socket.close(4403)
        elif number == 2:
            await say(socket, op="error", code="token_mismatch", detail="somebody else")
            await socket.wait_closed()
        else:
            await subscribed(socket, 0)
            await socket.wait_closed()

    async with listening(gateway, tokens=tokens) as till:
        await until(lambda: till.stream.following.is_set())
    assert headers == ["Bearer token-0", "Bearer token-7", "Bearer token-7"]


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [4403, 4409, 4400, 1009])
async def test_till_that_is_told_to_stay_away_does(code: int) -> None:
    async def gateway(socket: ServerConnection, _number: int) -> None:
        await socket.close(code)

    async with listening(gateway) as till:
        with pytest.raises(StreamEnded, match=str(code)):
            await asyncio.wait_for(till.task, 20)
        assert till.stream.connects == 1


def test_advice_is_that_of_the_protocol_document() -> None:
    text = (ROOT / "docs" / "events.md").read_text().partition("## Close codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d{4}) \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    assert len(rows) >= 9
    for code, advice in rows:
        wanted = next(kind for kind in Advice if advice.startswith(kind.value.partition(",")[0]))
        assert CLOSE_CODES.get(int(code), Advice.RECONNECT) is wanted, code


def test_pauses_are_random_from_nothing_up_to_a_ceiling_that_doubles() -> None:
    pause, draws = Pause(1.0, 30.0, least_share=0.0), []
    for ceiling in (1, 2, 4, 8, 16, 30, 30):
        drawn = [Pause(1.0, 30.0, least_share=0.0, _failures=pause._failures).next_s() for _ in range(300)]
        assert max(drawn) <= ceiling
        assert max(drawn) > ceiling * 0.8
        assert min(drawn) < ceiling * 0.2
        draws.append(pause.next_s(wanted_s=5))
    assert min(draws) >= 5
