"""The till's WebSocket: stays connected, misses nothing, and does what a close code says."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from .answer import Refused, Unanswered
from .api_client import Tokens
from .event import Event, Place, Verdict, judge
from .pause import Pause

SUBPROTOCOL = "fynlo.v1"
CONNECT_TIMEOUT_S = 5.0
#: The gateway says something at least this often; silence for longer is a dead line.
SILENCE_S = 60.0
#: Acknowledgements are gathered: the gateway takes 20 messages a second.
ACKNOWLEDGE_EVERY_S = 1.0
#: As the protocol asks: a random time of up to 1 s, doubling up to 30 s while it fails.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


class Advice(Enum):
    """What a close code tells the client to do."""

    RECONNECT = "reconnect"
    REFRESH = "refresh first, then reconnect"
    STOP = "stop"


REVOKED = 4403
CLOSE_CODES = {
    4401: Advice.REFRESH,
    REVOKED: Advice.STOP,
    4409: Advice.STOP,  # a newer connection of this device took the place: coming back would throw that one out
    4400: Advice.STOP,
    1009: Advice.STOP,
}
#: Errors after which the connection is of no use: somebody else signed in here, or the token is none.
TOKEN_ERRORS = frozenset({"token_mismatch", "token_invalid", "token_expired"})


class StreamEnded(Exception):
    """The gateway told the till not to come back: revoked, replaced, or a defect of ours."""


class Copy(Protocol):
    """Where events are applied."""

    def place(self, topic: str) -> Place | None:
        """How far the topic has been applied; None before the first time."""

    def apply(self, event: Event, epoch: str) -> None:
        """Apply the next event and keep its place, both or neither."""

    async def restore(self, topic: str, place: Place) -> None:
        """Read by REST what the events cannot tell, and keep ``place`` with it."""


class EventStream:
    """Follows topics of a location, and keeps the location's copy up to date.

    Topics that the signed-in employee may not follow are left out, and tried again whenever the
    token is a new one.
    """

    def __init__(
        self,
        url: str,
        sign_in: Tokens,
        copy: Copy,
        topics: Sequence[str],
        observe: Callable[[Event], None],
        pause: Pause | None = None,
    ) -> None:
        self._url = url
        self._sign_in = sign_in
        self._copy = copy
        self._topics = topics
        self._observe = observe
        self._pause = pause or Pause(FIRST_PAUSE_S, LONGEST_PAUSE_S, least_share=0.0)
        self._token = ""
        self._epochs: dict[str, str] = {}
        self._forbidden: set[str] = set()
        self._unacknowledged: dict[str, int] = {}
        self._refusal: Refused | None = None
        self.following = asyncio.Event()
        self.connects = 0
        self.restores = 0
        self.losses = 0

    async def run(self) -> None:
        """Listen until cancelled. Raises ``StreamEnded``, ``SignedOut``, ``DeviceRevoked``."""
        while True:
            self._token = await self._valid_token()
            wanted_s = 0.0
            try:
                async with self._connected() as socket:
                    await self._listen(socket)
            except InvalidStatus as refused:
                if refused.response.status_code == 401:
                    await self._renew()
                wanted_s = _seconds(refused.response.headers.get("Retry-After"))
            except ConnectionClosed as closed:
                await self._obey(closed.rcvd.code if closed.rcvd else 1006)
            except (InvalidHandshake, OSError, TimeoutError, Unanswered):
                pass  # away for the moment; the pause below is the answer
            finally:
                self.following.clear()
            if self._refusal is not None:
                raise self._refusal
            await self._pause.wait(wanted_s)

    # --- tokens --------------------------------------------------------------------------

    async def _valid_token(self) -> str:
        while True:
            with contextlib.suppress(Unanswered):
                return await self._sign_in.token()
            await self._pause.wait()

    async def _renew(self) -> None:
        """A token other than the one that was of no use; the pause follows when there is no answer."""
        with contextlib.suppress(Unanswered):
            self._token = await self._sign_in.renew(self._token)

    async def _refresh(self, socket: ClientConnection) -> None:
        """Go on under a new token, beside the events. Without an answer the gateway will close in the end."""
        before = self._token
        try:
            await self._renew()
        except Refused as refused:  # the person is signed out: that ends `run`
            self._refusal = refused
            await socket.close()
            return
        if self._token != before:
            with contextlib.suppress(ConnectionClosed):
                await _say(socket, op="refresh", token=self._token)

    async def _obey(self, code: int) -> None:
        advice = CLOSE_CODES.get(code, Advice.RECONNECT)
        if advice is Advice.STOP and not (code == REVOKED and await self._is_someone_else_signed_in()):
            raise StreamEnded(f"the gateway closed with {code}")
        if advice is Advice.REFRESH:
            await self._renew()

    async def _is_someone_else_signed_in(self) -> bool:
        """The next person's PIN ends the sign-in before, and with it the connection under its token."""
        return await self._valid_token() != self._token

    # --- one connection ------------------------------------------------------------------

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {self._token}"}
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
        self._forbidden.clear()
        self._unacknowledged.clear()
        beside = [asyncio.create_task(self._acknowledge(socket))]
        try:
            await self._subscribe_all(socket)
            while True:
                async with asyncio.timeout(SILENCE_S):
                    text = await socket.recv()
                heard_at = time.time()
                await self._take(socket, json.loads(text), heard_at, beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _subscribe_all(self, socket: ClientConnection) -> None:
        for topic in self._topics:
            if topic not in self._epochs and topic not in self._forbidden:
                await self._subscribe(socket, topic)

    async def _subscribe(self, socket: ClientConnection, topic: str) -> None:
        place = self._copy.place(topic)
        since = {"epoch": place.epoch, "offset": place.offset} if place else {}
        await _say(socket, op="subscribe", topic=topic, ack=True, **since)

    async def _take(
        self,
        socket: ClientConnection,
        frame: Mapping[str, Any],
        heard_at: float,
        beside: "list[asyncio.Task[None]]",
    ) -> None:
        match frame.get("op"):
            case None:
                await self._hear(socket, Event.from_frame(frame, heard_at))
            case "subscribed":
                await self._begin(frame)
            case "position":
                await self._compare(socket, frame)
            case "ping":
                await _say(socket, op="pong")
            case "token_expiring" | "permissions_changed":
                self._drop(frame.get("removed_topics", ()))
                beside.append(asyncio.create_task(self._refresh(socket)))
            case "refreshed":
                await self._change_topics(socket, frame.get("removed_topics", ()))
            case "error":
                await self._complain(socket, frame)

    async def _hear(self, socket: ClientConnection, event: Event) -> None:
        place = self._copy.place(event.topic)
        epoch = self._epochs.get(event.topic)
        if place is None or epoch is None:
            return  # a frame from before our subscription was answered
        verdict = judge(place, event.offset)
        if verdict is Verdict.APPLY:
            if event.has_data:
                self._copy.apply(event, epoch)
            else:
                await self._copy.restore(event.topic, Place(epoch, event.offset))
            self._observe(event)
        if verdict is not Verdict.GAP:  # what comes again was not known to have arrived: say it once more
            self._unacknowledged[event.topic] = max(event.offset, place.offset)
        else:
            await self._ask_again(socket, event.topic)

    async def _ask_again(self, socket: ClientConnection, topic: str) -> None:
        """Go on from where we stand; what comes before the answer would be a gap once more."""
        self._epochs.pop(topic, None)
        await self._subscribe(socket, topic)

    async def _acknowledge(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_EVERY_S)
            applied, self._unacknowledged = self._unacknowledged, {}
            for topic, offset in applied.items():
                await _say(socket, op="ack", topic=topic, offset=offset)

    async def _begin(self, frame: Mapping[str, Any]) -> None:
        """The missed events follow; when they cannot, or this is the first time, read by REST."""
        topic, place = frame["topic"], Place(frame["epoch"], frame["offset"])
        if self._copy.place(topic) is None or not frame["recovered"]:
            self.losses += not frame["recovered"]
            self.restores += 1
            await self._copy.restore(topic, place)
        self._epochs[topic] = place.epoch
        self._note_following()

    def _note_following(self) -> None:
        if self._epochs and self._epochs.keys() | self._forbidden >= set(self._topics):
            self._pause.reset()
            self.following.set()

    async def _compare(self, socket: ClientConnection, frame: Mapping[str, Any]) -> None:
        """On a quiet topic: are we really where the gateway is?"""
        if self._copy.place(frame["topic"]) != Place(frame["epoch"], frame["offset"]):
            await self._ask_again(socket, frame["topic"])

    async def _change_topics(self, socket: ClientConnection, removed: Sequence[str]) -> None:
        """A new token may allow less, and more: a topic that comes back goes on where it was left."""
        self._forbidden.clear()
        self._drop(removed)
        await self._subscribe_all(socket)

    def _drop(self, topics: Sequence[str]) -> None:
        self._forbidden.update(topics)
        for topic in topics:
            self._epochs.pop(topic, None)

    async def _complain(self, socket: ClientConnection, frame: Mapping[str, Any]) -> None:
        code, topic = frame["code"], str(frame.get("topic"))
        if code in TOKEN_ERRORS:
            await socket.close()
        elif code == "forbidden_topic" and topic in self._topics:
            self._drop([topic])
            self._note_following()
        elif code == "too_many_topics":
            raise StreamEnded(f"{code}: {topic}")


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
