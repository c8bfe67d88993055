"""Outbox to till through real processes, with kill -9 in between: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from websockets.asyncio.client import connect

from ws_server.relay.outbox import Outbox

from .outbox_tables import OutboxTables
from .processes import (
    Child,
    PrivateRedis,
    free_port,
    get_json,
    start_gateway,
    start_relay,
    wait_ready,
    wait_until,
)
from .signer import Signer
from .till import Till, ask, closed, receive

pytestmark = pytest.mark.asyncio

ORDERS = "l.location-1.orders"
TILLS = 8


class Stage:
    """Redis, relay and gateway of one test, on an outbox of its own."""

    def __init__(self, folder: Path, outbox: OutboxTables, jwks_url: str) -> None:
        self.outbox = outbox
        self.folder = folder
        self.port, self.relay_port = free_port(), free_port()
        self.url = f"ws://127.0.0.1:{self.port}/ws/v1"
        self.env = {
            "FYNLO_DATABASE_DSN": outbox.dsn,
            "FYNLO_STREAM_PREFIX": "t:",
            "FYNLO_JWKS_URL": jwks_url,
            "FYNLO_WS_PORT": str(self.port),
            "FYNLO_WS_DRAIN_S": "0",
            "FYNLO_WS_MAX_PER_DEVICE": "0",
            "FYNLO_WS_MAX_PER_EMPLOYEE": "100",
            "FYNLO_WS_CONNECTS_PER_IP_PER_S": "1000",
            "FYNLO_WS_CONNECT_BURST_PER_IP": "1000",
            "FYNLO_RELAY_HEALTH_PORT": str(self.relay_port),
        }
        self.children: list[Child] = []
        self.spared_backends: list[int] = []
        self.redis: PrivateRedis
        self.relay: Child
        self.gateway: Child

    def start(self, *, keeps: bool) -> None:
        self.redis = PrivateRedis(self.folder, keeps=keeps)
        self.env["FYNLO_REDIS_URL"] = self.redis.url
        self.relay = start_relay(self.folder, self.env)
        self.gateway = start_gateway(self.folder, self.env)
        self.children = [self.redis, self.relay, self.gateway]
        wait_ready(self.relay_port)
        wait_ready(self.port)

    def close(self) -> None:
        for child in self.children:
            child.end()

    @property
    def lag(self) -> dict[str, Any]:
        report: dict[str, Any] = get_json(f"http://127.0.0.1:{self.relay_port}/health/ready")[1]
        return report or {}

    def cut_database(self) -> None:
        """End the relay process' sessions; the test's own keep theirs."""
        self.outbox.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            "  WHERE datname = current_database() AND application_name = 'fynlo-relay'"
            "    AND pid <> ALL(%s)",
            self.spared_backends,
        )

    @contextlib.asynccontextmanager
    async def following(self, token: str, count: int, *, drops: bool = False) -> AsyncIterator[list[Till]]:
        """Tills that follow the orders until the block ends; all have joined when it begins."""
        tills = [Till(self.url, token, ORDERS) for _ in range(count)]
        tasks = [asyncio.create_task(till.follow(drops=drops)) for till in tills]
        await until(lambda: all(till.is_joined for till in tills))
        try:
            yield tills
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], Any], timeout_s: float = 20) -> None:
    await asyncio.to_thread(wait_until, condition, timeout_s)


@pytest.fixture
def stage(tmp_path: Path, outbox: OutboxTables, jwks_url: str) -> Iterator[Stage]:
    stage = Stage(tmp_path, outbox, jwks_url)
    yield stage
    stage.close()


async def sell(stage: Stage, numbers: Iterator[int], seconds: float) -> int:
    """Commit events, some transactions with several; returns how many.

    Some 130 a second, so that even a till that is away all the time of a test is replayed to and not sent elsewhere.
    """
    sent, end_at = 0, time.monotonic() + seconds
    for size in itertools.cycle([1, 1, 3, 1, 7]):
        if time.monotonic() >= end_at:
            return sent
        await asyncio.to_thread(stage.outbox.emit, ORDERS, *itertools.islice(numbers, size))
        sent += size
        await asyncio.sleep(0.02)
    return sent


async def test_nothing_is_lost_doubled_or_reordered_while_everything_is_killed(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    numbers = itertools.count(1)
    async with stage.following(signer.token(), TILLS, drops=True) as tills:
        sent = await sell(stage, numbers, 1)
        for victims in ([stage.relay], [stage.redis], [stage.gateway], [*stage.children]):
            for child in victims:
                child.end(signal.SIGKILL)
            sent += await sell(stage, numbers, 0.5)
            for child in victims:
                await asyncio.to_thread(child.start)
            sent += await sell(stage, numbers, 1)
        await until(lambda: all(till.offset == sent for till in tills))
    for till in tills:
        assert till.applied == list(range(1, sent + 1))
        assert till.values == list(range(1, sent + 1))
        assert (till.repeats, till.gaps, till.resyncs) == (0, 0, 0)
    assert sent > 300
    assert sum(till.reconnects for till in tills) > TILLS


async def test_emptied_redis_is_told_and_refilled(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=False)
    stage.outbox.emit(ORDERS, *range(1, 11))
    async with stage.following(signer.token(), 3) as tills:
        await until(lambda: stage.lag["lag_s"] == 0)
        before = tills[0].epoch
        stage.redis.end(signal.SIGKILL)
        stage.outbox.emit(ORDERS, 11, 12)
        await asyncio.to_thread(stage.redis.start)
        await until(lambda: all(till.resyncs == 1 for till in tills))
        stage.outbox.emit(ORDERS, 13)
        await until(lambda: all(till.offset == 13 for till in tills))
        assert all(till.gaps == 0 for till in tills)
        assert len({till.epoch for till in tills} | {before}) == 2
        epoch = tills[0].epoch
    with redis.Redis.from_url(stage.redis.url) as client:
        assert client.xlen(f"t:s:{ORDERS}") == 13
    late = Till(stage.url, signer.token(), ORDERS)
    late.epoch, late.offset = epoch, 4
    task = asyncio.create_task(late.follow())
    await until(lambda: late.offset == 13)
    assert (late.values, late.resyncs) == (list(range(5, 14)), 0)
    task.cancel()


async def test_flushed_redis_is_noticed_without_a_reconnect(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    async with stage.following(signer.token(), 2) as tills:
        stage.outbox.emit(ORDERS, 1, 2, 3)
        await until(lambda: all(till.offset == 3 for till in tills))
        with redis.Redis.from_url(stage.redis.url) as client:
            client.flushall()
            stage.outbox.emit(ORDERS, 4)
            await until(lambda: all(till.resyncs == 1 for till in tills))
            await until(lambda: client.xlen(f"t:s:{ORDERS}") == 4)
        stage.outbox.emit(ORDERS, 5)
        await until(lambda: all(till.offset == 5 for till in tills))
        assert all(till.gaps == till.repeats == 0 for till in tills)


async def test_relay_survives_losing_both_sides_in_any_order(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)

    async with stage.following(signer.token(), 2) as tills:
        stage.cut_database()
        stage.redis.end(signal.SIGKILL)
        stage.outbox.emit(ORDERS, 1, 2)
        await until(lambda: stage.lag.get("redis") is False and stage.lag["lag_s"] > 0)
        numbered = "SELECT count(*) FROM fynlo_outbox WHERE seq IS NOT NULL"
        await until(lambda: stage.outbox.query(numbered) == [(2,)])
        stage.cut_database()
        await asyncio.to_thread(stage.redis.start)
        stage.outbox.emit(ORDERS, 3)
        await until(lambda: all(till.values == [1, 2, 3] for till in tills))
        await until(lambda: stage.lag["ready"] and stage.lag["lag_s"] == 0)
    assert stage.relay.end(signal.SIGTERM) == 0


async def test_relay_that_leads_again_publishes_what_another_left_behind(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    other = Outbox(stage.outbox.dsn)
    stage.spared_backends = [connection.get_backend_pid() for connection in (other._work, other._listen)]

    def lead_is_taken_away() -> bool:
        stage.cut_database()
        return other.take_lead()

    async with stage.following(signer.token(), 1) as tills:
        stage.outbox.emit(ORDERS, 1)
        await until(lambda: tills[0].offset == 1)
        await until(lead_is_taken_away)
        stage.outbox.emit(ORDERS, 2)
        assert [event.offset for event in other.number(500)] == [2]
        other.close()
        stage.outbox.emit(ORDERS, 3)
        await until(lambda: tills[0].values == [1, 2, 3])
        assert (tills[0].gaps, tills[0].resyncs) == (0, 0)


async def test_standby_takes_over(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    second = {**stage.env, "FYNLO_RELAY_HEALTH_PORT": str(free_port())}
    standby = start_relay(stage.folder, second)
    stage.children.append(standby)
    health = f"http://127.0.0.1:{second['FYNLO_RELAY_HEALTH_PORT']}/health/ready"
    await until(lambda: (get_json(health)[1] or {}).get("role") == "standby")
    async with stage.following(signer.token(), 2) as tills:
        stage.outbox.emit(ORDERS, 1)
        await until(lambda: all(till.offset == 1 for till in tills))
        stage.relay.end(signal.SIGKILL)
        stage.outbox.emit(ORDERS, 2, 3)
        await until(lambda: all(till.values == [1, 2, 3] for till in tills))
    assert get_json(health)[1]["role"] == "active"


async def test_revoked_device_is_cut_within_a_second_of_the_commit(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    token = signer.token()
    till = Till(stage.url, token, ORDERS)
    async with stage.following(signer.token(device="device-2"), 1) as others:
        async with connect(
            till._url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None
        ) as socket:
            await receive(socket)
            await ask(socket, op="subscribe", topic=ORDERS)
            stage.outbox.emit("d.device-1", {"reason": "lost"}, type="device.revoked")
            assert await closed(socket, timeout_s=1) == (4403, "device_revoked")
        stage.outbox.emit(ORDERS, 1)
        await until(lambda: others[0].offset == 1)
        assert others[0].reconnects == 0


async def test_logs_are_json_and_hold_no_token(stage: Stage, signer: Signer) -> None:
    stage.start(keeps=True)
    token = signer.token()
    async with stage.following(token, 1) as tills:
        stage.outbox.emit(ORDERS, 1)
        await until(lambda: tills[0].offset == 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/metrics") as answer:
            assert "fynlo_ws_connections 1\n" in answer.read().decode()
    assert stage.gateway.end(signal.SIGTERM) == 0
    lines = stage.gateway.log_lines + stage.relay.log_lines
    assert {json.loads(line)["process"] for line in lines} == {"gateway", "relay"}
    assert "connection ended" in {json.loads(line)["message"] for line in lines}
    assert not any(part in line for line in lines for part in token.split("."))
