"""Rights that were taken stay taken, whatever is lost: Redis with all it holds, and the gateway with its memory."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from .outbox_tables import OutboxTables
from .processes import wait_ready
from .signer import Signer
from .test_end_to_end import ORDERS, Stage, until
from .till import ask, closed, receive

pytestmark = pytest.mark.asyncio


async def test_emptied_redis_and_a_new_gateway(
    tmp_path: Path, outbox: OutboxTables, jwks_url: str, signer: Signer
) -> None:
    stage = Stage(tmp_path, outbox, jwks_url)
    try:
        stage.start(keeps=False)
        demoted, revoked = signer.token(), signer.token(device="device-2", sub="employee-2")
        async with opened(stage, demoted) as socket, opened(stage, revoked) as lost:
            assert (await receive(socket))["op"] == (await receive(lost))["op"] == "welcome"
            await ask(socket, op="subscribe", topic=ORDERS)
            change = {"perm_version": 2, "topics": {"server": ["l.{location}.menu", "d.{device}"]}, "employees": {}}
            stage.outbox.emit("c.company-1.sync", change, type="permissions.changed")
            assert (await receive(socket))["removed_topics"] == [ORDERS]
            stage.outbox.emit("d.device-2", {}, type="device.revoked")
            assert await closed(lost) == (4403, "device_revoked")
        stage.redis.end(signal.SIGKILL)
        stage.gateway.end(signal.SIGKILL)
        await asyncio.to_thread(stage.redis.start)
        await until(lambda: stage.lag.get("ready") and stage.lag["lag_s"] == 0)
        await asyncio.to_thread(stage.gateway.start)
        await asyncio.to_thread(wait_ready, stage.port)
        async with opened(stage, demoted) as again:
            await receive(again)
            assert (await ask(again, op="subscribe", topic=ORDERS))["code"] == "forbidden_topic"
        with pytest.raises(InvalidStatus) as caught:
            async with opened(stage, revoked):
                raise AssertionError("the handshake was accepted")
        assert json.loads(caught.value.response.body or b"")["code"] == "device_revoked"
    finally:
        stage.close()


def opened(stage: Stage, token: str) -> connect:
    return connect(stage.url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None)
