"""The contestant: the shortest server that does the job with ``websockets.broadcast``, given every advantage.

It checks no token, counts nothing, watches no slow client and cannot resume; frames are not compressed, and the
payload goes out as the bytes that Redis holds. ``python -m loadtests.websocket.broadcast_server``.
"""

import asyncio
import json
import os
import resource
import signal
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.typing import Subprotocol

from ws_server.stream_keys import FRAME_FIELD, StreamKeys, entry_id, offset_of


@dataclass
class Place:
    """The last offset that was sent."""

    offset: int = 0


async def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    stream = StreamKeys(os.environ["FYNLO_STREAM_PREFIX"]).topic(os.environ["CONTEST_TOPIC"])
    listeners: set[ServerConnection] = set()
    place = Place()

    async def handle(websocket: ServerConnection) -> None:
        await websocket.send(json.dumps({"op": "welcome"}))
        await websocket.recv()
        answer = {"op": "subscribed", "epoch": "", "offset": place.offset, "recovered": True}
        await websocket.send(json.dumps(answer))
        listeners.add(websocket)
        try:
            await websocket.wait_closed()
        finally:
            listeners.discard(websocket)

    async with serve(
        handle,
        "127.0.0.1",
        int(os.environ["FYNLO_WS_PORT"]),
        compression=None,
        subprotocols=[Subprotocol("fynlo.v1")],
        backlog=4096,
    ):
        reading = asyncio.create_task(_relay(stream, listeners, place))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, reading.cancel)
        await asyncio.wait([reading])


async def _relay(stream: str, listeners: set[ServerConnection], place: Place) -> None:
    source = redis.Redis.from_url(os.environ["FYNLO_REDIS_URL"])
    while True:
        reply: Any = await source.xread({stream: entry_id(place.offset)}, block=1000, count=500)
        for _, entries in reply or ():
            for raw_id, fields in entries:
                broadcast(listeners, fields[FRAME_FIELD], text=True)
                place.offset = offset_of(raw_id)


if __name__ == "__main__":
    asyncio.run(main())
