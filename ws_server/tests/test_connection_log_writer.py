"""The connection log of a real gateway in a real Redis: over sockets, with Redis killed and emptied."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from websockets.asyncio.client import ClientConnection

from ws_server.gateway import connection_log, connection_log_writer
from ws_server.gateway.connection_log import ConnectionLog, Opening
from ws_server.gateway.connection_log_writer import ConnectionLogWriter
from ws_server.gateway.metrics import Metrics
from ws_server.stream_keys import StreamKeys

from .gateway_host import ORDERS, StreamWriter, hosted_gateway
from .processes import PrivateRedis, wait_until
from .signer import Signer
from .till import ask, closed

pytestmark = pytest.mark.asyncio


def records(client: redis.Redis, prefix: str) -> list[dict[str, Any]]:
    entries: Any = client.xrange(f"{prefix}connections")
    return [json.loads(fields[b"r"]) for _, fields in entries]


def signs_of_life(client: redis.Redis, prefix: str) -> list[dict[str, Any]]:
    return [json.loads(client.get(key) or b"{}") for key in client.scan_iter(f"{prefix}gateway:*")]  # type: ignore[arg-type]


async def until(condition: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(wait_until, condition, 20)


async def test_a_connection_is_told_from_its_start_to_its_end(
    shared_redis: redis.Redis, prefix: str, jwks_url: str, signer: Signer
) -> None:
    StreamWriter(shared_redis, prefix).begin_epoch("epoch-1")
    token = signer.token(sid="session-1")
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_TRUSTED_PROXIES="127.0.0.1") as host:
        headers = {"X-Forwarded-For": "203.0.113.9"}
        async with host.connected(token, headers=headers, user_agent_header="FynloTill/2.1 (iPadOS)") as socket:
            (opened,) = await until(lambda: records(shared_redis, prefix))
            assert opened["kind"] == "opened"
            assert (opened["employee"], opened["device"], opened["session"]) == ("employee-1", "device-1", "session-1")
            assert (opened["address"], opened["agent"]) == ("203.0.113.9", "FynloTill/2.1 (iPadOS)")
            await until(lambda: [one["connections"] for one in signs_of_life(shared_redis, prefix)] == [1])
            await ask(socket, op="subscribe", topic=ORDERS)
        _, ended = await until(lambda: len(records(shared_redis, prefix)) == 2 and records(shared_redis, prefix))
        assert (ended["id"], ended["code"], ended["by"], ended["topics"]) == (opened["id"], 1000, "client", 1)
        assert (ended["received"], ended["bytes_sent"] > 100) == (1, True)
        assert ended["opened_at"] == opened["opened_at"] <= ended["closed_at"]
    assert signs_of_life(shared_redis, prefix) == []
    written = json.dumps(records(shared_redis, prefix))
    assert not any(part in written for part in token.split("."))


async def test_one_who_never_signs_in_leaves_no_record(
    shared_redis: redis.Redis, prefix: str, jwks_url: str, signer: Signer
) -> None:
    StreamWriter(shared_redis, prefix).begin_epoch("epoch-1")
    async with hosted_gateway(prefix, jwks_url) as host, host.connected() as stranger:
        await stranger.send(json.dumps({"op": "auth", "token": "nonsense"}))
        assert (await closed(stranger))[0] == 4401
        async with host.connected(signer.token()):
            pass
        await until(lambda: records(shared_redis, prefix))
    assert [one["code"] for one in records(shared_redis, prefix) if one["kind"] == "closed"] == [1000]


async def test_the_drain_and_a_cut_line_are_told(
    shared_redis: redis.Redis, prefix: str, jwks_url: str, signer: Signer
) -> None:
    StreamWriter(shared_redis, prefix).begin_epoch("epoch-1")
    async with hosted_gateway(prefix, jwks_url) as host:
        async with host.connected(signer.token(device="cut")) as cut:
            cut.transport.abort()
        await until(lambda: any(one["kind"] == "closed" for one in records(shared_redis, prefix)))
        sockets = contextlib.AsyncExitStack()
        drained: list[ClientConnection] = [
            await sockets.enter_async_context(host.connected(signer.token(device=f"device-{number}")))
            for number in range(5)
        ]
        host.stop.set()
        assert {(await closed(socket))[0] for socket in drained} == {1012}
        await sockets.aclose()
    ends = [(one["device"], one["code"], one["by"]) for one in records(shared_redis, prefix) if one["kind"] == "closed"]
    assert sorted(ends) == [("cut", 1006, "network")] + [(f"device-{n}", 1012, "server") for n in range(5)]


@pytest.fixture
def log() -> ConnectionLog:
    return ConnectionLog("process-1", 0.0)


def opening(name: str) -> Opening:
    return Opening(name, "employee-1", "device-1", None, "192.0.2.1", "", 1.0)


async def test_redis_killed_and_emptied(
    tmp_path: Path, log: ConnectionLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_log, "SWEEP_S", 1e12)
    server = PrivateRedis(tmp_path, keeps=False)
    writer = ConnectionLogWriter(server.url, StreamKeys("t:"), "process-1", log, Metrics())
    try:
        log.opened(opening("a"))
        assert await writer.write()
        server.end(signal.SIGKILL)
        log.opened(opening("b"))
        assert not await writer.write()
        assert not await writer.write()
        assert log.waiting == 1
        assert [record.message for record in caplog.records] == ["connection log not written"]  # once an outage
        await asyncio.to_thread(server.start)
        assert await writer.write()
        with redis.Redis.from_url(server.url) as client:
            # b waited; a was written to the Redis that is no more, and is told again
            assert [one["id"] for one in records(client, "t:")] == ["b", "a", "b"]
            assert await writer.write()
            assert len(records(client, "t:")) == 3
            client.flushall()
            assert await writer.write()
            assert [one["id"] for one in records(client, "t:")] == ["a", "b"]
            assert client.ttl("t:gateway:process-1") > 0
            await writer.finish()
            assert client.get("t:gateway:process-1") is None
    finally:
        server.end()


async def test_the_end_does_not_wait_long_for_a_redis_that_is_away(tmp_path: Path, log: ConnectionLog) -> None:
    log.opened(opening("a"))
    url = f"unix://{tmp_path}/nobody.sock"
    writer = ConnectionLogWriter(url, StreamKeys("t:"), "process-1", log, Metrics())
    async with asyncio.timeout(30):
        await writer.finish()
    assert log.waiting == 1


async def test_a_cancellation_at_any_moment_ends_it_and_loses_nothing(
    shared_redis: redis.Redis, prefix: str, log: ConnectionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_log_writer, "EVERY_S", 0)
    url = os.environ["REDIS_URL"]
    writer = ConnectionLogWriter(url, StreamKeys(prefix), "process-1", log, Metrics())
    for steps in range(40):
        log.opened(opening(str(steps)))
        task = asyncio.create_task(writer.run())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait_for(asyncio.wait([task]), 20)
    assert await writer.write()
    announced = [one for one in records(shared_redis, prefix) if one["kind"] == "opened"]
    assert {one["id"] for one in announced} == {str(steps) for steps in range(40)}
    await writer.finish()
