"""Whatever a client sends, it ends or is answered, and the other tills notice nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from ws_server.gateway.client_messages import _READERS
from ws_server.gateway.session import Close, Send
from ws_server.gateway.wire_frame import json_frame

from .gateway_host import ORDERS, GatewayHost, StreamWriter
from .signer import Signer
from .test_session import NOW, signed_in
from .till import ask, closed, receive, say

ODD = [None, True, -1, 0, 1.5, 1e308, 10**30, "", "x", "\ud800", "\x00", "é" * 150, [], {}, [[]], {"$ne": 1}]
json_values = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["op", "type", "topic", "epoch", "offset", "token", "ack", "id", "data"])
bodies = st.dictionaries(fields, json_values, max_size=6)
odd_fields = st.fixed_dictionaries(
    {"op": st.sampled_from(sorted(_READERS))},
    optional={name: st.sampled_from(ODD) for name in ("topic", "epoch", "offset", "token", "ack")},
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(bodies, odd_fields, json_values).map(json.dumps) | st.text(max_size=50))
def test_any_text_is_answered_closed_or_acted_on(text: str) -> None:
    """Nothing raises, and every answer can be sent."""
    session = signed_in()
    for action in session.received(text, NOW):
        if isinstance(action, Send):
            json_frame(action.message)
    assert session.topics <= {"l.1.orders", "l.1.menu"}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=50))
def test_any_bytes_close(data: bytes) -> None:
    (close,) = signed_in().received(data, NOW)
    assert isinstance(close, Close)


# Over real sockets


SUBSCRIBE = {"op": "subscribe", "topic": ORDERS}
CLOSED = {
    "garbage": ("\x00\x01{", 4400),
    "binary": (b"\xff" * 100, 4400),
    "an array": ("[1,2,3]", 4400),
    "deep": ('{"op":' + "[" * 8000 + "]" * 8000 + "}", 4400),
    "deep arrays": ("[" * 16_000, 4400),
    "a number without end": ('{"op":"ack","topic":"t","offset":' + "9" * 16_000 + "}", 4400),
    "no op": ('{"offset": 1}', 4400),
    "op of another type": ('{"op": {"op": "ping"}}', 4400),
    "huge": ('{"op":"ping","padding":"' + "x" * 17_000 + '"}', 1009),
}
ANSWERED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown op": ({"op": "drop_table"}, "unknown_op"),
    "a python name": ({"op": "__init__"}, "unknown_op"),
    "another company's topic": ({"op": "subscribe", "topic": "c.company-2.dashboard"}, "forbidden_topic"),
    "another location's topic": ({"op": "subscribe", "topic": "l.location-2.orders"}, "forbidden_topic"),
    "a pattern": ({"op": "subscribe", "topic": "l.*.orders"}, "forbidden_topic"),
    "our own streams": ({"op": "subscribe", "topic": "_ctl"}, "forbidden_topic"),
    "half a surrogate": ({"op": "subscribe", "topic": "\ud800"}, "invalid_message"),
    "offset as text": ({**SUBSCRIBE, "epoch": "epoch-1", "offset": "1"}, "invalid_message"),
    "negative offset": ({**SUBSCRIBE, "epoch": "epoch-1", "offset": -1}, "invalid_message"),
    "offset above every number type": ({**SUBSCRIBE, "epoch": "epoch-1", "offset": 2**53}, "invalid_message"),
    "fraction": ({**SUBSCRIBE, "epoch": "epoch-1", "offset": 0.5}, "invalid_message"),
    "topic of 10,000 letters": ({"op": "subscribe", "topic": "l" * 10_000}, "invalid_message"),
    "topics in a list": ({"op": "subscribe", "topic": [ORDERS, ORDERS]}, "invalid_message"),
    "not even a token": ({"op": "refresh", "token": "a.b.c"}, "token_invalid"),
    "a token of half a surrogate": ({"op": "refresh", "token": "\udfff.b.c"}, "token_invalid"),
    "ack of what is not followed": ({"op": "ack", "topic": "l.location-1.menu", "offset": 1}, "not_subscribed"),
}


async def till_that_must_not_notice(host: GatewayHost, writer: StreamWriter, signer: Signer) -> AsyncIterator[None]:
    """A bystander that hears an event before and after, in order, on one connection."""
    async with host.connected(signer.token(device="good", sub="good")) as good:
        await ask(good, **SUBSCRIBE)
        writer.publish(ORDERS, "before")
        assert (await receive(good))["data"] == "before"
        yield
        writer.publish(ORDERS, "after")
        event = await receive(good)
        assert (event["data"], event["offset"]) == ("after", 2)
        assert await ask(good, op="ping") == {"op": "pong"}


bystander = pytest_asyncio.fixture(till_that_must_not_notice)


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("name", CLOSED)
async def test_closes_its_sender(host: GatewayHost, signer: Signer, name: str) -> None:
    message, code = CLOSED[name]
    async with host.connected(signer.token()) as bad:
        await bad.send(message)
        assert (await closed(bad))[0] == code


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("name", ANSWERED)
async def test_is_answered_and_stays(host: GatewayHost, signer: Signer, name: str) -> None:
    message, code = ANSWERED[name]
    async with host.connected(signer.token()) as bad:
        assert (await ask(bad, **message))["code"] == code
        assert await ask(bad, op="ping") == {"op": "pong"}
        assert not host.gateway._hub.topics.keys() - {ORDERS}


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize(
    "since", [{"epoch": "epoch-0", "offset": 1}, {"epoch": "epoch-1", "offset": 2**53 - 1}], ids=["epoch", "future"]
)
async def test_position_that_cannot_be(host: GatewayHost, signer: Signer, since: dict[str, Any]) -> None:
    async with host.connected(signer.token()) as bad:
        reply = await ask(bad, **SUBSCRIBE, **since)
        assert (reply["recovered"], reply["epoch"], reply["offset"]) == (False, "epoch-1", 1)


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
async def test_ten_thousand_subscriptions(host: GatewayHost, signer: Signer) -> None:
    topics = [f"l.location-1.t{number}" for number in range(200)]
    async with host.connected(signer.token(topics=[*topics, ORDERS])) as bad:
        answers = [await ask(bad, op="subscribe", topic=topic) for topic in topics[:34]]
        assert [answer["op"] for answer in answers] == ["subscribed"] * 32 + ["error"] * 2
        assert {answer.get("code") for answer in answers[32:]} == {"too_many_topics"}
        with contextlib.suppress(ConnectionClosed):
            for number in range(10_000):
                await say(bad, op="subscribe", topic=f"l.location-1.t{number}")
        assert (await closed(bad))[0] == 4429
        assert len(host.gateway._hub.topics) <= 33


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("changes", [{"exp": 1_700_000_000}, {"aud": "fynlo-api"}, {"iat": 4_000_000_000}])
async def test_worthless_token_by_message(host: GatewayHost, signer: Signer, changes: dict[str, Any]) -> None:
    async with host.connected() as bad:
        await say(bad, op="auth", token=signer.token(**changes))
        assert (await closed(bad))[0] == 4401


@pytest.mark.asyncio
@pytest.mark.usefixtures("bystander")
async def test_refresh_to_a_smaller_role_and_with_an_expired_token(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(signer.token()) as socket:
        await ask(socket, **SUBSCRIBE)
        expired = await ask(socket, op="refresh", token=signer.token(exp=1_700_000_000))
        assert expired["code"] == "token_expired"
        smaller = await ask(socket, op="refresh", token=signer.token(role="kitchen", topics=["l.location-1.menu"]))
        assert smaller["removed_topics"] == [ORDERS]
        assert (await ask(socket, **SUBSCRIBE))["code"] == "forbidden_topic"
