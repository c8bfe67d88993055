"""A till that only listens, and notes when it heard of which order."""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from websockets.asyncio.client import connect

SUBPROTOCOL = "fynlo.v1"


class Listener:
    """One WebSocket on one topic; ``heard`` tells by order when its event arrived, ``sent`` when it was committed."""

    def __init__(self, url: str, token: str, topic: str) -> None:
        self._url = url
        self._token = token
        self._topic = topic
        self.heard: dict[str, float] = {}
        self.sent: dict[str, float] = {}
        self.doubled = 0
        self.subscribed = False

    async def listen(self) -> None:
        """Until cancelled; a connection that ends is an error here."""
        headers = {"Authorization": f"Bearer {self._token}"}
        protocols: Any = [SUBPROTOCOL]
        async with connect(
            self._url, additional_headers=headers, subprotocols=protocols, compression=None, proxy=None
        ) as socket:
            await socket.send(json.dumps({"op": "subscribe", "topic": self._topic}))
            async for text in socket:
                heard_at = time.time()
                frame = json.loads(text)
                self._note(frame, heard_at)
                if frame.get("op") == "ping":
                    await socket.send(json.dumps({"op": "pong"}))

    def _note(self, frame: Mapping[str, Any], heard_at: float) -> None:
        if frame.get("op") == "subscribed":
            self.subscribed = True
        if frame.get("type") != "order.created":
            return
        order = str(frame["data"]["id"])
        self.doubled += order in self.heard
        self.heard[order] = heard_at
        self.sent[order] = datetime.fromisoformat(frame["at"]).timestamp()
