"""The till's WebSocket: stays connected, misses nothing, and does what a close code says."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from .answer import Unanswered
from .event import Event, Place, Verdict, judge
from .location_copy import LocationCopy
from .pause import Pause
from .sign_in import SignIn

SUBPROTOCOL = "fynlo.v1"
CONNECT_TIMEOUT_S = 5.0
#: The gateway says something at least this often; silence for longer is a dead line.
SILENCE_S = 60.0


class Advice(Enum):
    """What a close code tells the client to do."""

    RECONNECT = "reconnect"
    REFRESH = "refresh, then reconnect"
    STOP = "stop"


CLOSE_CODES = {4401: Advice.REFRESH, 4403: Advice.STOP, 4400: Advice.STOP, 1009: Advice.STOP}


class StreamEnded(Exception):
    """The gateway told the till not to come back: revoked, or a defect of ours."""


class EventStream:
    """Follows topics of a location, and keeps the location's copy up to date."""

    def __init__(
        self,
        url: str,
        sign_in: SignIn,
        copy: LocationCopy,
        topics: Sequence[str],
        observe: Callable[[Event], None],
        pause: Pause | None = None,
    ) -> None:
        self._url = url
        self._sign_in = sign_in
        self._copy = copy
        self._topics = topics
        self._observe = observe
        self._pause = pause or Pause(first_s=0.1, longest_s=10.0)
        self._epochs: dict[str, str] = {}
        self.following = asyncio.Event()
        self.connects = 0
        self.restores = 0
        self.losses = 0

    async def run(self) -> None:
        """Listen until cancelled. Raises ``StreamEnded``, ``SignedOut``, ``DeviceRevoked``."""
        while True:
            token = await self._token()
            wanted_s = 0.0
            try:
                async with self._connected(token) as socket:
                    await self._listen(socket)
            except InvalidStatus as refused:
                if refused.response.status_code == 401:
                    await self._sign_in.renew(token)
                wanted_s = _seconds(refused.response.headers.get("Retry-After"))
            except ConnectionClosed as closed:
                await self._obey(closed.rcvd.code if closed.rcvd else 1006, token)
            except (InvalidHandshake, OSError, TimeoutError, Unanswered):
                pass  # away for the moment; the pause below is the answer
            finally:
                self.following.clear()
            await self._pause.wait(wanted_s)

    async def _token(self) -> str:
        while True:
            with contextlib.suppress(Unanswered):
                return await self._sign_in.token()
            await self._pause.wait()

    async def _obey(self, code: int, token: str) -> None:
        advice = CLOSE_CODES.get(code, Advice.RECONNECT)
        if advice is Advice.STOP:
            raise StreamEnded(f"the gateway closed with {code}")
        if advice is Advice.REFRESH:
            with contextlib.suppress(Unanswered):
                await self._sign_in.renew(token)

    @asynccontextmanager
    async def _connected(self, token: str) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(
            self._url,
            additional_headers=headers,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            compression=None,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=2,
            proxy=None,
        ) as socket:
            self.connects += 1
            yield socket

    async def _listen(self, socket: ClientConnection) -> None:
        self._epochs.clear()
        for topic in self._topics:
            await self._subscribe(socket, topic)
        while True:
            async with asyncio.timeout(SILENCE_S):
                text = await socket.recv()
            heard_at = time.time()
            await self._take(socket, json.loads(text), heard_at)

    async def _subscribe(self, socket: ClientConnection, topic: str) -> None:
        place = self._copy.place(topic)
        since = {"epoch": place.epoch, "offset": place.offset} if place else {}
        await _say(socket, op="subscribe", topic=topic, **since)

    async def _take(self, socket: ClientConnection, frame: Mapping[str, Any], heard_at: float) -> None:
        match frame.get("op"):
            case None:
                await self._hear(socket, Event.from_frame(frame, heard_at))
            case "subscribed":
                await self._begin(frame)
            case "position":
                await self._compare(socket, frame)
            case "ping":
                await _say(socket, op="pong")
            case "token_expiring":
                await _say(socket, op="refresh", token=await self._newer_token())
            case "error":
                await self._complain(frame)

    async def _hear(self, socket: ClientConnection, event: Event) -> None:
        place = self._copy.place(event.topic)
        epoch = self._epochs.get(event.topic)
        if place is None or epoch is None:
            return  # a frame from before our subscription was answered
        verdict = judge(place, event.offset)
        if verdict is Verdict.APPLY:
            self._copy.apply(event, epoch)
            self._observe(event)
        elif verdict is Verdict.GAP:
            await self._subscribe(socket, event.topic)

    async def _begin(self, frame: Mapping[str, Any]) -> None:
        """The missed events follow; when they cannot, or this is the first time, read by REST."""
        topic, place = frame["topic"], Place(frame["epoch"], frame["offset"])
        if self._copy.place(topic) is None or not frame["recovered"]:
            self.losses += not frame["recovered"]
            self.restores += 1
            await self._copy.restore(topic, place)
        self._epochs[topic] = place.epoch
        if len(self._epochs) == len(self._topics):
            self._pause.reset()
            self.following.set()

    async def _compare(self, socket: ClientConnection, frame: Mapping[str, Any]) -> None:
        """On a quiet topic: are we really where the gateway is?"""
        if self._copy.place(frame["topic"]) != Place(frame["epoch"], frame["offset"]):
            await self._subscribe(socket, frame["topic"])

    async def _newer_token(self) -> str:
        return await self._sign_in.renew(await self._sign_in.token())

    async def _complain(self, frame: Mapping[str, Any]) -> None:
        if frame["code"] in {"forbidden_topic", "too_many_topics"}:
            raise StreamEnded(f"{frame['code']}: {frame.get('topic')}")


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
