"""Names of Redis keys: each thing has one of its own, below the prefix."""

import inspect
import json
import os
import time

import pytest
import redis

from ws_server.gateway.connection_log import ConnectionLog
from ws_server.gateway.connection_log_writer import ConnectionLogWriter
from ws_server.gateway.metrics import Metrics
from ws_server.gateway.presence_store import PresenceStore
from ws_server.stream_keys import StreamKeys


def test_no_two_things_share_a_key() -> None:
    keys = StreamKeys("p:")
    named = {name: getattr(keys, name) for name, kind in vars(StreamKeys).items() if isinstance(kind, property)}
    for name, _function in inspect.getmembers(StreamKeys, inspect.isfunction):
        if not name.startswith("_") and name != "topic_of":
            named[name] = getattr(keys, name)("x")
    assert all(key.startswith("p:") for key in named.values())
    assert len(set(named.values())) == len(named), named


@pytest.mark.asyncio
async def test_presence_leaves_alone_what_a_gateway_tells_of_itself(shared_redis: redis.Redis, prefix: str) -> None:
    url, keys = os.environ["REDIS_URL"], StreamKeys(prefix)
    writer = ConnectionLogWriter(url, keys, "process-1", ConnectionLog("process-1", time.time()), Metrics())
    presence = PresenceStore(url, keys, "process-1")
    await writer.write()
    await presence.hold({})
    assert json.loads(shared_redis.get(keys.gateway("process-1")))["connections"] == 0  # type: ignore[arg-type]
    await presence.close()
    await writer.finish()
