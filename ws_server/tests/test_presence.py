"""Who is online: told live, without ghosts and without flapping, across gateway processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis
from websockets.asyncio.client import ClientConnection, connect

from .gateway_host import GatewayHost, StreamWriter, hosted_gateway
from .processes import free_port, start_gateway, wait_ready
from .signer import Signer
from .till import ask, closed, receive, say

pytestmark = pytest.mark.asyncio

PRESENCE = "l.location-1.presence"


@pytest_asyncio.fixture
async def host(writer: StreamWriter, prefix: str, jwks_url: str) -> AsyncIterator[GatewayHost]:
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_PRESENCE_GRACE_S="0") as running:
        yield running


def token(signer: Signer, number: int, **changes: Any) -> str:
    who = {"sub": f"employee-{number}", "device": f"device-{number}", "topics": [PRESENCE]}
    return signer.token(**{**who, **changes})


async def online(socket: ClientConnection) -> set[str]:
    """Who the answer to a subscription says is there."""
    answer = await ask(socket, op="subscribe", topic=PRESENCE)
    assert (answer["op"], answer["topic"]) == ("presence", PRESENCE)
    return {one["device"] for one in answer["devices"]}


async def changes(
    socket: ClientConnection, *, until_left: str = "", until_joined: str = "", timeout_s: float = 15
) -> list[Any]:
    """What is told until the named device left or joined, itself included."""
    told: list[Any] = []
    while True:
        message = await receive(socket, timeout_s)
        assert message["op"] == "presence_changed"
        told += [("joined", one["device"]) for one in message["joined"]]
        told += [("left", device) for device in message["left"]]
        if ("left", until_left) in told or ("joined", until_joined) in told:
            return told


async def follow(socket: ClientConnection, device: str) -> None:
    """Follow the location, and wait until ``device`` is known to be there."""
    if device not in await online(socket):
        await changes(socket, until_joined=device)


async def test_whole_list_then_who_comes_and_goes(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(token(signer, 1)) as watcher:
        await follow(watcher, "device-1")
        async with host.connected(token(signer, 2)):
            assert await changes(watcher, until_joined="device-2") == [("joined", "device-2")]
            async with host.connected(token(signer, 3)) as late:
                await changes(watcher, until_joined="device-3")
                assert await online(late) == {"device-1", "device-2", "device-3"}
        await changes(watcher, until_left="device-2")
        assert await online(watcher) == {"device-1"}


async def test_other_locations_and_clients_without_a_device_are_not_told_of(host: GatewayHost, signer: Signer) -> None:
    elsewhere = token(signer, 4, location="location-2")
    async with (
        host.connected(token(signer, 1)) as watcher,
        host.connected(elsewhere),
        host.connected(token(signer, 5, device=None)),
    ):
        await follow(watcher, "device-1")
        async with host.connected(token(signer, 2)):
            assert await changes(watcher, until_joined="device-2") == [("joined", "device-2")]
        forbidden = await ask(watcher, op="subscribe", topic="l.location-2.presence")
        while forbidden["op"] == "presence_changed":
            forbidden = await receive(watcher)
        assert forbidden["code"] == "forbidden_topic"


async def test_processes_see_each_others_devices(host: GatewayHost, signer: Signer, prefix: str, jwks_url: str) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_PRESENCE_GRACE_S="0") as second,
        host.connected(token(signer, 1)) as watcher,
    ):
        await follow(watcher, "device-1")
        async with second.connected(token(signer, 2)) as other:
            assert await changes(watcher, until_joined="device-2") == [("joined", "device-2")]
            await follow(other, "device-1")
        assert await changes(watcher, until_left="device-2") == [("left", "device-2")]


async def test_device_that_is_back_at_once_never_left(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_PRESENCE_GRACE_S="5") as host,
        hosted_gateway(prefix, jwks_url, FYNLO_WS_PRESENCE_GRACE_S="5") as second,
        host.connected(token(signer, 1)) as watcher,
    ):
        await follow(watcher, "device-1")
        for place in (host, second, host, second):
            async with place.connected(token(signer, 2)):
                pass
        async with host.connected(token(signer, 3)):
            pass
        told = await changes(watcher, until_left="device-3")
        assert told.count(("joined", "device-2")) == 1
        assert ("left", "device-2") not in told[: told.index(("joined", "device-3"))]


async def test_another_employee_on_the_device_is_told(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(token(signer, 1)) as watcher:
        await follow(watcher, "device-1")
        async with host.connected(token(signer, 2)):
            await changes(watcher, until_joined="device-2")
            async with host.connected(token(signer, 2, sub="employee-9")):
                message = await receive(watcher)
                assert [(one["device"], one["employee"]) for one in message["joined"]] == [("device-2", "employee-9")]
                assert message["left"] == []


async def test_killed_process_leaves_no_ghost(
    host: GatewayHost, signer: Signer, prefix: str, shared_redis: redis.Redis
) -> None:
    ghost = {"device": "device-7", "employee": "employee-7", "since": "2026-11-22T19:02:11.123Z"}
    shared_redis.set(f"{prefix}alive:killed", b"", ex=2)
    shared_redis.hset(f"{prefix}presence:location-1", "killed/device-7", json.dumps(ghost))
    long_dead = {**ghost, "device": "device-8"}
    shared_redis.hset(f"{prefix}presence:location-1", "long-dead/device-8", json.dumps(long_dead))
    async with host.connected(token(signer, 1)) as watcher:
        first = await online(watcher)
        assert "device-7" in first and "device-8" not in first
        await changes(watcher, until_left="device-7")
        assert shared_redis.hget(f"{prefix}presence:location-1", "killed/device-7") is None


async def test_gateway_killed_with_its_clients_leaves_no_ghost_for_longer_than_promised(
    host: GatewayHost, signer: Signer, prefix: str, jwks_url: str, tmp_path: Path
) -> None:
    port = free_port()
    env = {"FYNLO_REDIS_URL": os.environ["REDIS_URL"], "FYNLO_STREAM_PREFIX": prefix, "FYNLO_JWKS_URL": jwks_url}
    other = start_gateway(tmp_path, {**env, "FYNLO_WS_PORT": str(port)})
    try:
        await asyncio.to_thread(wait_ready, port)
        async with host.connected(token(signer, 1)) as watcher:
            await follow(watcher, "device-1")
            headers = {"Authorization": f"Bearer {token(signer, 2)}"}
            async with connect(f"ws://127.0.0.1:{port}/ws/v1", additional_headers=headers, compression=None):
                await changes(watcher, until_joined="device-2")
                other.end(signal.SIGKILL)
                async with asyncio.timeout(30):
                    assert await changes(watcher, until_left="device-2", timeout_s=30) == [("left", "device-2")]
    finally:
        other.end(signal.SIGKILL)


async def test_life_signs_end_by_themselves(
    host: GatewayHost, signer: Signer, prefix: str, shared_redis: redis.Redis
) -> None:
    async with host.connected(token(signer, 1)) as watcher:
        await follow(watcher, "device-1")
        (sign,) = shared_redis.keys(f"{prefix}alive:*")
        assert 0 < shared_redis.ttl(sign) <= 15
        assert 0 < shared_redis.ttl(f"{prefix}presence:location-1") <= 60


async def test_emptied_redis_is_filled_again(
    host: GatewayHost, signer: Signer, shared_redis: redis.Redis, prefix: str
) -> None:
    async with host.connected(token(signer, 1)) as watcher:
        await follow(watcher, "device-1")
        shared_redis.delete(f"{prefix}presence:location-1", *shared_redis.keys(f"{prefix}alive:*"))
        async with asyncio.timeout(15):
            while not shared_redis.exists(f"{prefix}presence:location-1"):
                await asyncio.sleep(0.05)
        assert "device-1" in await online_after_changes(watcher)


async def online_after_changes(socket: ClientConnection) -> set[str]:
    await say(socket, op="subscribe", topic=PRESENCE)
    answer = await receive(socket)
    while answer["op"] != "presence":
        answer = await receive(socket)
    return {one["device"] for one in answer["devices"]}


async def test_lost_permission_ends_presence(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(token(signer, 1)) as watcher:
        await follow(watcher, "device-1")
        writer.change_permissions(2, {"server": []})
        assert await receive(watcher) == {"op": "permissions_changed", "removed_topics": [PRESENCE]}
        async with host.connected(token(signer, 2, perm_version=2)) as other:
            await follow(other, "device-2")
            assert await ask(watcher, op="ping") == {"op": "pong"}
            await say(other, op="unsubscribe", topic=PRESENCE)
            while (await receive(other))["op"] != "unsubscribed":
                pass
        assert not host.gateway._attendance.presence._online


async def test_without_redis_followers_are_sent_elsewhere(host: GatewayHost, signer: Signer) -> None:
    host.gateway._presence_store._redis.connection_pool.connection_kwargs["path"] = "/nowhere"
    await host.gateway._presence_store._redis.connection_pool.disconnect()
    async with host.connected(token(signer, 1)) as watcher:
        await say(watcher, op="subscribe", topic=PRESENCE)
        assert await closed(watcher) == (1013, "streams unavailable")
