"""A gateway inside the test's own event loop, and the streams it reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import redis
from websockets.asyncio.client import ClientConnection, connect

from ws_server.gateway.server import Gateway
from ws_server.gateway.session import SessionLimits
from ws_server.settings import GatewaySettings

from .processes import free_port, get_json
from .till import receive

ORDERS = "l.location-1.orders"


class StreamWriter:
    """Writes streams as the relay does."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.offsets: dict[str, int] = {}
        self.epoch = ""

    def begin_epoch(self, name: str, *topics: str) -> None:
        """Start an epoch in which the streams of ``topics`` are empty."""
        self.epoch = name
        pipe = self.client.pipeline(transaction=True)
        pipe.set(f"{self.prefix}epoch", name)
        for topic in topics:
            self.offsets[topic] = 0
            pipe.delete(f"{self.prefix}s:{topic}")
        beat = json.dumps({"from": "relay", "epoch": name})
        pipe.xadd(f"{self.prefix}s:_hb", {"f": beat})
        pipe.execute()

    def publish(self, topic: str, *datas: Any, type: str = "order.updated") -> int:
        """Add one event per data; returns the last offset."""
        pipe = self.client.pipeline(transaction=True)
        for data in datas:
            offset = self.offsets[topic] = self.offsets.get(topic, 0) + 1
            pipe.xadd(f"{self.prefix}s:{topic}", {"f": event(topic, offset, data, type)}, id=f"{offset}-0")
        pipe.execute()
        return self.offsets[topic]

    def change_permissions(self, version: int, topics: dict[str, list[str]], **employees: str | None) -> None:
        """Say what each role of company-1 may follow, and who has another role now."""
        data = {"perm_version": version, "topics": topics, "employees": employees}
        self.control("c.company-1.sync", "permissions.changed", data)

    def control(self, topic: str, type: str, data: Any = None) -> None:
        """Add a control event."""
        self.client.xadd(f"{self.prefix}s:_ctl", {"f": event(topic, 1, data, type)})


def event(topic: str, offset: int, data: Any, type: str) -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    frame = {"topic": topic, "offset": offset, "id": f"id-{offset}", "type": type, "at": at}
    return json.dumps({**frame, "data": data}, separators=(",", ":"))


class GatewayHost:
    """A running gateway and how to reach it."""

    def __init__(self, gateway: Gateway, port: int, stop: asyncio.Event) -> None:
        self.gateway, self.port, self.stop = gateway, port, stop
        self.health_port = port
        self.url = f"ws://127.0.0.1:{port}/ws/v1"

    async def get(self, path: str) -> tuple[int, Any]:
        return await asyncio.to_thread(get_json, f"http://127.0.0.1:{self.health_port}{path}")

    @contextlib.asynccontextmanager
    async def connected(self, token: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
        """A client; with a token it is signed in by header and the welcome is read."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        url = self.url + options.pop("query", "")
        async with connect(url, additional_headers=headers, compression=None, **options) as socket:
            if token:
                assert (await receive(socket))["op"] == "welcome"
            yield socket


@contextlib.asynccontextmanager
async def hosted_gateway(
    prefix: str,
    jwks_url: str,
    limits: SessionLimits | None = None,
    *,
    until: str = "/health/ready",
    **env: str,
) -> AsyncIterator[GatewayHost]:
    """Run a gateway on a free port until the block ends; it answers ``until`` when that begins."""
    port = free_port()
    settings = GatewaySettings.from_env(
        {
            "FYNLO_REDIS_URL": os.environ["REDIS_URL"],
            "FYNLO_STREAM_PREFIX": prefix,
            "FYNLO_JWKS_URL": jwks_url,
            "FYNLO_WS_PORT": str(port),
            "FYNLO_WS_DRAIN_S": "0",
            "FYNLO_WS_CONNECT_BURST_PER_IP": "500",
            "FYNLO_WS_MAX_WAITING_PER_IP": "500",
            **env,
        }
    )
    stop = asyncio.Event()
    gateway = Gateway(settings, limits)
    host = GatewayHost(gateway, port, stop)
    host.health_port = settings.health_port or port
    running = asyncio.create_task(gateway.run(stop))
    try:
        for _ in range(500):
            if (await host.get(until))[0] == 200:
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError(f"{until} was never answered with 200")
        yield host
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)
