"""Rights that change under a live connection, and one connection per device, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
import redis
from websockets.exceptions import InvalidStatus

from .gateway_host import ORDERS, GatewayHost, StreamWriter, hosted_gateway
from .signer import Signer
from .till import ask, closed, receive, say

pytestmark = pytest.mark.asyncio

MENU = "l.location-1.menu"
SERVER = {"server": ["l.{location}.orders", "l.{location}.menu", "d.{device}"]}
SERVER_WITHOUT_ORDERS = {"server": ["l.{location}.menu", "d.{device}"]}


# Permissions


async def test_topics_end_within_a_second_and_the_connection_stays(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    stranger = signer.token(company="company-2", device="device-2")
    async with host.connected(signer.token()) as socket, host.connected(stranger) as elsewhere:
        for one in (socket, elsewhere):
            await ask(one, op="subscribe", topic=ORDERS)
            await ask(one, op="subscribe", topic=MENU)
        began = time.monotonic()
        writer.change_permissions(2, SERVER_WITHOUT_ORDERS)
        told = await receive(socket)
        assert time.monotonic() - began < 1
        assert told == {"op": "permissions_changed", "removed_topics": [ORDERS]}
        writer.publish(ORDERS, "unheard")
        writer.publish(MENU, "heard")
        assert (await receive(socket))["data"] == "heard"
        assert {(await receive(elsewhere))["data"] for _ in range(2)} == {"unheard", "heard"}
        error = await ask(socket, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=0)
        assert error["code"] == "forbidden_topic"


async def test_an_older_token_brings_nothing_back(
    host: GatewayHost, signer: Signer, writer: StreamWriter, prefix: str, jwks_url: str
) -> None:
    old, other_old = signer.token(), signer.token()
    async with host.connected(old) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        writer.change_permissions(2, SERVER_WITHOUT_ORDERS)
        await receive(socket)
        assert (await ask(socket, op="refresh", token=other_old))["op"] == "refreshed"
        assert (await ask(socket, op="subscribe", topic=ORDERS))["code"] == "forbidden_topic"
        newer = signer.token(perm_version=2)
        assert (await ask(socket, op="refresh", token=newer))["op"] == "refreshed"
        assert (await ask(socket, op="subscribe", topic=ORDERS))["op"] == "subscribed"
    async with host.connected(other_old) as again:
        assert (await ask(again, op="subscribe", topic=ORDERS))["code"] == "forbidden_topic"
    async with hosted_gateway(prefix, jwks_url) as restarted, restarted.connected() as socket:
        await ask(socket, op="auth", token=old)
        assert (await ask(socket, op="subscribe", topic=ORDERS))["code"] == "forbidden_topic"
        assert (await ask(socket, op="subscribe", topic=MENU))["op"] == "subscribed"


async def test_one_event_tells_of_a_whole_staff_and_touches_nobody_else(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    topics = {**SERVER, "kitchen": ["l.{location}.menu"]}
    demoted = signer.token()
    kept = signer.token(sub="employee-2", device="device-2", topics=[ORDERS, MENU, "d.device-2"])
    async with host.connected(demoted) as loser, host.connected(kept) as keeper:
        for socket in (loser, keeper):
            await ask(socket, op="subscribe", topic=ORDERS)
        employees = {f"employee-{number}": "kitchen" for number in range(100, 400)}
        writer.change_permissions(2, topics, **employees, **{"employee-1": "kitchen"})
        assert (await receive(loser))["removed_topics"] == [ORDERS]
        writer.publish(ORDERS, "for the keeper")
        assert (await receive(keeper))["data"] == "for the keeper"
        assert host.gateway._metrics.value("fynlo_ws_narrowed_total") == 1


async def test_whoever_may_gain_is_told_to_fetch_a_token(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    async with host.connected(signer.token(topics=[MENU])) as socket:
        writer.change_permissions(2, SERVER)
        assert await receive(socket) == {"op": "permissions_changed", "removed_topics": []}
        assert (await ask(socket, op="subscribe", topic=ORDERS))["code"] == "forbidden_topic"


async def test_topics_that_end_while_they_are_being_opened_stay_ended(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    async with host.connected(signer.token()) as socket:
        await say(socket, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=3)  # ahead: waits for a refill
        while not host.gateway._hub.topics:
            await asyncio.sleep(0.01)
        writer.change_permissions(2, SERVER_WITHOUT_ORDERS)
        assert await receive(socket) == {"op": "permissions_changed", "removed_topics": [ORDERS]}
        writer.publish(ORDERS, *range(5))
        assert await ask(socket, op="ping") == {"op": "pong"}
        assert not host.gateway._hub.topics[ORDERS].live


# One connection per device


async def test_newest_connection_of_a_token_wins(host: GatewayHost, signer: Signer) -> None:
    token = signer.token()
    async with (
        host.connected(token) as old,
        host.connected(signer.token(device="device-2")) as other,
        host.connected(token) as new,
    ):
        assert await closed(old) == (4409, "replaced")
        assert await ask(new, op="ping") == await ask(other, op="ping") == {"op": "pong"}


async def test_newest_wins_across_processes(
    host: GatewayHost, signer: Signer, prefix: str, jwks_url: str, shared_redis: redis.Redis
) -> None:
    token = signer.token()
    async with hosted_gateway(prefix, jwks_url) as second:
        await listening(shared_redis, prefix, 2)
        async with host.connected(token) as old, second.connected(token) as new:
            assert await closed(old) == (4409, "replaced")
            assert await ask(new, op="ping") == {"op": "pong"}


async def listening(client: redis.Redis, prefix: str, processes: int) -> None:
    async with asyncio.timeout(10):
        while client.pubsub_numsub(f"{prefix}peers")[0][1] < processes:
            await asyncio.sleep(0.02)


async def test_too_many_connections_of_an_employee(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_MAX_PER_EMPLOYEE="2") as host:
        async with (
            host.connected(signer.token()) as first,
            host.connected(signer.token(device="device-2")) as second,
            host.connected() as third,
        ):
            await say(third, op="auth", token=signer.token(device="device-3"))
            assert await closed(third) == (4430, "too many connections of this employee")
            with pytest.raises(InvalidStatus) as caught:
                async with host.connected(signer.token(device="device-3")):
                    raise AssertionError("the handshake was accepted")
            assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "30")
            assert await ask(first, op="ping") == await ask(second, op="ping") == {"op": "pong"}
        async with host.connected(signer.token(device="device-3")) as again:
            assert await ask(again, op="ping") == {"op": "pong"}


async def test_two_sockets_that_come_back_whatever_they_are_told_do_not_storm(
    host: GatewayHost, signer: Signer
) -> None:
    token, codes = signer.token(), list[int | None]()

    async def stubborn() -> None:
        while True:
            async with host.connected() as socket:
                await say(socket, op="auth", token=token)
                codes.append((await closed(socket, timeout_s=30))[0])

    chase = [asyncio.create_task(stubborn()) for _ in range(2)]
    try:
        async with asyncio.timeout(20):
            while 4430 not in codes:
                await asyncio.sleep(0.02)
    finally:
        for task in chase:
            task.cancel()
        await asyncio.gather(*chase, return_exceptions=True)
    assert codes.count(4409) <= 12


# Silence


async def test_client_whose_protocol_is_silent_is_closed(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_SILENCE_S="2") as host,
        host.connected(signer.token(device="device-2")) as good,
        host.connected(signer.token()) as dead,
    ):
        dead.transport.pause_reading()
        async with asyncio.timeout(10):
            while len(host.gateway._hub.connections) == 2:
                await asyncio.sleep(0.05)
        assert await ask(good, op="ping") == {"op": "pong"}
        dead.transport.resume_reading()
        assert (await closed(dead))[0] == 1011


async def test_token_ids_and_versions_must_be_there(host: GatewayHost, signer: Signer) -> None:
    for changes in ({"perm_version": ...}, {"perm_version": "1"}, {"role": None}, {"location": ...}, {"company": 5}):
        with pytest.raises(InvalidStatus) as caught:
            async with host.connected(signer.token(**changes)):
                raise AssertionError("the handshake was accepted")
        assert json.loads(caught.value.response.body or b"")["code"] == "token_invalid"
