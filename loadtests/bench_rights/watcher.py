"""A connection that follows a location, and notes when it lost topics and when it was closed."""

import json
import time
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "fynlo.v1"


class Watcher:
    """One WebSocket of one employee; ``lost`` tells by topic when it ended, ``closed_at`` when the connection did."""

    def __init__(self, url: str, token: str, topics: Sequence[str]) -> None:
        self._url = url
        self._token = token
        self._topics = topics
        self.following: set[str] = set()
        self.lost: dict[str, float] = {}
        self.closed_at = 0.0
        self.close_code = 0

    async def watch(self) -> None:
        """Until the gateway closes."""
        headers = {"Authorization": f"Bearer {self._token}"}
        protocols: Any = [SUBPROTOCOL]
        async with connect(
            self._url, additional_headers=headers, subprotocols=protocols, compression=None, proxy=None
        ) as socket:
            for topic in self._topics:
                await socket.send(json.dumps({"op": "subscribe", "topic": topic}))
            try:
                while True:
                    self._note(json.loads(await socket.recv()), time.time())
            except ConnectionClosed as closed:
                self.closed_at = time.time()
                self.close_code = closed.rcvd.code if closed.rcvd else 1006

    def _note(self, message: dict[str, Any], heard_at: float) -> None:
        match message:
            case {"op": "subscribed", "topic": topic}:
                self.following.add(topic)
            case {"op": "permissions_changed", "removed_topics": topics}:
                self.lost |= dict.fromkeys(topics, heard_at)
