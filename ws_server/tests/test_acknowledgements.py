"""Redelivery until acknowledged: the rule, and over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ws_server.gateway.acknowledgements import Acknowledgements, Overdue
from ws_server.gateway.fan_out import NO_LANE
from ws_server.gateway.topic import Topic

from .gateway_host import GatewayHost, StreamWriter, hosted_gateway
from .signer import Signer
from .till import ask, closed, receive, say

KITCHEN = "l.location-1.kitchen"
ORDERS = "l.location-1.orders"


def following(offset: int = 5) -> tuple[Acknowledgements[str], dict[str, Topic[str]]]:
    topic = Topic[str](KITCHEN, 5, [(4, b"4"), (5, b"5")], 0.0)
    topic.go_live("till", NO_LANE)
    acknowledgements = Acknowledgements[str]({"kitchen"}, within_s=10, attempts=2)
    acknowledgements.begin("till", KITCHEN, offset)
    return acknowledgements, {KITCHEN: topic}


def test_nothing_is_owed_before_something_was_sent() -> None:
    acknowledgements, topics = following()
    assert acknowledgements.overdue(topics, 0) == acknowledgements.overdue(topics, 100) == []


def test_sent_again_then_sent_away() -> None:
    acknowledgements, topics = following()
    topics[KITCHEN].advance([(6, b"6"), (7, b"7")], 1.0)
    assert acknowledgements.overdue(topics, 1) == acknowledgements.overdue(topics, 10) == []
    again = [Overdue("till", (b"6", b"7"))]
    assert acknowledgements.overdue(topics, 11) == again
    assert acknowledgements.overdue(topics, 20) == []
    assert acknowledgements.overdue(topics, 21) == again
    assert acknowledgements.overdue(topics, 31) == [Overdue("till", None)]


def test_progress_begins_anew() -> None:
    acknowledgements, topics = following()
    topics[KITCHEN].advance([(6, b"6"), (7, b"7")], 1.0)
    acknowledgements.overdue(topics, 1)
    acknowledgements.overdue(topics, 11)
    acknowledgements.acknowledged("till", KITCHEN, 6)
    assert acknowledgements.overdue(topics, 12) == acknowledgements.overdue(topics, 21) == []
    assert acknowledgements.overdue(topics, 22) == [Overdue("till", (b"7",))]
    acknowledgements.acknowledged("till", KITCHEN, 3)
    acknowledgements.acknowledged("till", KITCHEN, 7)
    assert acknowledgements.overdue(topics, 100) == []


def test_who_resumed_owes_what_was_replayed() -> None:
    acknowledgements, topics = following(offset=3)
    acknowledgements.overdue(topics, 0)
    assert acknowledgements.overdue(topics, 10) == [Overdue("till", (b"4", b"5"))]


def test_what_is_no_longer_remembered_sends_away() -> None:
    acknowledgements, topics = following(offset=2)
    acknowledgements.overdue(topics, 0)
    assert acknowledgements.overdue(topics, 10) == [Overdue("till", None)]


def test_a_replay_under_way_is_not_judged() -> None:
    acknowledgements, topics = following(offset=3)
    topics[KITCHEN].live.clear()
    assert acknowledgements.overdue(topics, 0) == acknowledgements.overdue(topics, 100) == []
    topics[KITCHEN].go_live("till", NO_LANE)
    assert acknowledgements.overdue(topics, 101) == []
    assert len(acknowledgements.overdue(topics, 111)) == 1


def test_a_new_numbering_forgets_what_was_owed() -> None:
    acknowledgements, topics = following(offset=3)
    topics[KITCHEN].restart(1, 0.0)
    acknowledgements.restart(KITCHEN, 1)
    assert acknowledgements.overdue(topics, 0) == acknowledgements.overdue(topics, 100) == []
    topics[KITCHEN].advance([(2, b"new")], 101)
    acknowledgements.overdue(topics, 101)
    assert acknowledgements.overdue(topics, 111) == [Overdue("till", (b"new",))]


def test_the_end_and_other_topics() -> None:
    acknowledgements, topics = following(offset=3)
    acknowledgements.end("till", KITCHEN)
    acknowledgements.end("till", KITCHEN)
    acknowledgements.begin("till", ORDERS, 0)
    topics[ORDERS] = Topic(ORDERS, 9, [], 0.0)
    topics[ORDERS].go_live("till", NO_LANE)
    acknowledgements.overdue(topics, 0)
    assert acknowledgements.overdue(topics, 100) == []


# Over real sockets


@pytest_asyncio.fixture
async def host(writer: StreamWriter, prefix: str, jwks_url: str) -> AsyncIterator[GatewayHost]:
    hasty = {"FYNLO_WS_ACK_WITHIN_S": "1", "FYNLO_WS_ACK_ATTEMPTS": "2"}
    async with hosted_gateway(prefix, jwks_url, **hasty) as running:
        yield running


def token(signer: Signer, device: str) -> str:
    return signer.token(device=device, topics=[KITCHEN, ORDERS])


@pytest.mark.asyncio
async def test_unacknowledged_ticket_comes_again_until_the_client_is_sent_to_resume(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    async with (
        host.connected(token(signer, "d1")) as deaf,
        host.connected(token(signer, "d2")) as good,
        host.connected(token(signer, "d3")) as plain,
    ):
        for socket, acks in ((deaf, True), (good, True), (plain, False)):
            await ask(socket, op="subscribe", topic=KITCHEN, ack=acks)
        writer.publish(KITCHEN, "one", "two", type="kitchen.ticket.created")
        for socket in (deaf, good, plain):
            assert [(await receive(socket))["offset"] for _ in range(2)] == [1, 2]
        await say(good, op="ack", topic=KITCHEN, offset=2)
        assert [(await receive(deaf))["offset"] for _ in range(4)] == [1, 2, 1, 2]
        assert await closed(deaf) == (4408, "not acknowledged")
        assert await ask(good, op="ping") == await ask(plain, op="ping") == {"op": "pong"}
        assert host.gateway._metrics.value("fynlo_ws_redeliveries_total") == 4
    async with host.connected(token(signer, "d1")) as again:
        reply = await ask(again, op="subscribe", topic=KITCHEN, ack=True, epoch="epoch-1", offset=0)
        assert reply["recovered"]
        assert [(await receive(again))["offset"] for _ in range(2)] == [1, 2]


@pytest.mark.asyncio
async def test_ack_of_what_was_never_sent_hides_nothing(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    async with host.connected(token(signer, "d1")) as socket:
        await ask(socket, op="subscribe", topic=KITCHEN, ack=True)
        await say(socket, op="ack", topic=KITCHEN, offset=2**53 - 1)
        await ask(socket, op="ping")
        writer.publish(KITCHEN, "one")
        assert [(await receive(socket))["offset"] for _ in range(2)] == [1, 1]
