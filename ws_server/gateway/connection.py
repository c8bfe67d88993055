"""One client's socket: carries out what its session decides, and writes frames without waiting."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from redis.exceptions import RedisError
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from .admitted_connection import AdmittedConnection
from .attendance import Attendance
from .backlog import Backlog
from .close_codes import CloseCode
from .connection_log import ConnectionLog, Ending, Opening, outcome_of
from .hub import Hub
from .identity import Identity, TokenError
from .metrics import Metrics
from .session import Acknowledge, Action, Close, Follow, Join, Leave, Purpose, Send, Session, Verify
from .sign_ins import TooMany
from .stream_store import Unavailable
from .token_verifier import TokenVerifier
from .wire_frame import json_frame

__all__ = ["Connection"]

CLOSE_WITHIN_S = 5.0
REPLAY_CHUNK_BYTES = 64 * 1024

_logger = logging.getLogger(__name__)


class Connection:
    """A connected client. ``run`` lasts as long as the socket does."""

    def __init__(
        self,
        websocket: AdmittedConnection,
        session: Session,
        backlog: Backlog,
        patience_s: float,
        *,
        hub: Hub,
        attendance: Attendance,
        verifier: TokenVerifier,
        metrics: Metrics,
        log: ConnectionLog,
    ) -> None:
        self.session = session
        self._websocket = websocket
        self._backlog = backlog
        self._patience_s = patience_s
        self._hub = hub
        self._attendance = attendance
        self._verifier = verifier
        self._metrics = metrics
        self._log = log
        self._opened_at = time.time()
        self._received = 0
        self._replayed = 0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closer: asyncio.Task[None] | None = None
        self._written = 0
        websocket.lane_changed = self._reroute
        websocket.bytes_wait = self.judge

    @property
    def connection_id(self) -> str:
        """The name it is welcomed with."""
        return self.session.connection_id

    @property
    def identity(self) -> Identity | None:
        """Whom it speaks for, once signed in, and what that party may follow now."""
        return self.session.identity

    async def run(self, identity: Identity | None) -> None:
        """Serve the client until the connection ends; ``identity`` came with the handshake."""
        self._hub.connections.add(self)
        opened_at = time.monotonic()
        try:
            if identity is not None:
                await self._perform(self._signed_in(identity, Purpose.SIGN_IN))
            self._set_timer()
            async for message in self._websocket:
                self._received += 1
                await self._perform(self.session.received(message, time.time()))
                self._set_timer()
        except ConnectionClosed:
            pass  # the close codes are logged below, whichever side ended it
        finally:
            self._leave_hub()
            self._log_end(opened_at)
            self._log.closed(self.session.connection_id, self._ending())

    # Writing

    def write(self, frames: bytes) -> None:
        """Hand ready frames to the transport, without waiting; a hopeless client is cut."""
        websocket = self._websocket
        if self._closer is not None or websocket.protocol.state is not State.OPEN:
            return
        transport = websocket.transport
        if transport.is_closing():
            return
        transport.write(frames)
        self._written += len(frames)
        if transport.get_write_buffer_size():
            self._backlog.wrote(len(frames))
            self.judge()

    def judge(self) -> bool:
        """Cut the client if it is hopelessly behind; whether it is still to be watched."""
        if self._backlog.is_hopeless(self.buffered_bytes, time.monotonic()):
            self.cut(self._backlog.complaint)
            return False
        if self._backlog.is_pressed:
            self._hub.pressed.add(self)
        return self._backlog.is_pressed

    async def replay(self, frames: Sequence[bytes]) -> None:
        """Write many frames no faster than the client reads; cut it when it does not."""
        self._replayed += len(frames)
        for chunk in _chunks(frames):
            if self._closer is not None:
                return
            self.write(chunk)
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._websocket.drain()
            except TimeoutError:
                self.cut("replay")
            except OSError:
                return  # the peer is gone; the message loop ends by itself

    @property
    def lane(self) -> int:
        """Where ready frames may be written at this moment."""
        return self._websocket.lane

    def wrote_straight(self, size: int) -> None:
        """Count bytes that went to the lane."""
        self._written += size

    @property
    def bytes_sent(self) -> int:
        """What was written to the client; frames of its present topics count once they end."""
        return self._written

    @property
    def buffered_bytes(self) -> int:
        """What was written and waits for the client to read."""
        return self._websocket.transport.get_write_buffer_size()

    def cut(self, what: str) -> None:
        """End a client that reads too slowly; ``what`` it did not keep up with is counted."""
        if self._closer is None:
            self._metrics.count("fynlo_ws_cuts_total", f'reason="{what}"')
        self.end(CloseCode.SLOW, "too slow")

    def end(self, code: CloseCode, reason: str) -> None:
        """Close, without waiting; nothing more is delivered from now on."""
        if self._closer is not None:
            return
        self._leave_hub()
        self._metrics.count("fynlo_ws_closes_total", f'code="{int(code)}"')
        self._closer = self._loop.create_task(self._close(code, reason))

    def narrow(self, identity: Identity, *, may_gain: bool) -> bool:
        """Give up topics that are no longer allowed and tell the client; whether there were such."""
        actions = self.session.narrowed(identity, may_gain=may_gain)
        for action in actions:
            if isinstance(action, Send | Leave):
                self._perform_now(action)
        return any(isinstance(action, Leave) for action in actions)

    async def _close(self, code: CloseCode, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._websocket.close(code, reason)
        except TimeoutError:
            self._websocket.transport.abort()

    # Carrying out

    async def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if self._closer is not None:
                return
            match action:
                case Verify():
                    await self._verify(action)
                case Join() | Follow():
                    await self._subscribe(action)
                case _:
                    self._perform_now(action)

    def _perform_now(self, action: Send | Close | Leave | Acknowledge) -> None:
        match action:
            case Send():
                self.write(json_frame(action.message))
            case Close():
                self.end(action.code, action.reason)
            case Leave():
                self._hub.leave(self, action.topic)
                self._attendance.presence.unfollow(self, action.topic)
            case Acknowledge():
                self._hub.acknowledge(self, action.topic, action.offset)

    async def _verify(self, action: Verify) -> None:
        try:
            identity = await self._verifier.verify(action.token)
        except TokenError as error:
            self._metrics.count("fynlo_ws_auth_failures_total", f'code="{error.code}"')
            actions = self.session.refused(error, action.purpose)
        else:
            actions = self._signed_in(identity, action.purpose)
        await self._perform(actions)

    def _signed_in(self, identity: Identity, purpose: Purpose) -> list[Action]:
        revocation = self._hub.revocations.voids(identity)
        if revocation is not None:
            self._metrics.count("fynlo_ws_auth_failures_total", f'code="{revocation.reason}"')
            return [Close(CloseCode.REVOKED, revocation.reason)]
        self._websocket.signed_in()
        identity = self._hub.permissions.narrowed(identity)
        try:
            if purpose is Purpose.SIGN_IN:
                self._attendance.enter(self, identity)
        except TooMany as crowd:
            return [Close(CloseCode.TOO_MANY_CONNECTIONS, str(crowd))]
        actions = self.session.verified(identity, purpose, time.time())
        if purpose is Purpose.SIGN_IN:
            self._log.opened(self._opening(identity))
        if self.session.identity is identity:
            self._attendance.sign_ins.renew(self, identity)
        return actions

    async def _subscribe(self, action: Join | Follow) -> None:
        topic = action.topic
        try:
            if isinstance(action, Join):
                await self._hub.join(self, topic, action.since, acks=action.acks)
            else:
                await self._attendance.presence.follow(self, topic, lambda: topic in self.session.topics)
        except (Unavailable, RedisError, OSError):
            self.end(CloseCode.TRY_LATER, "streams unavailable")

    # Time

    def _set_timer(self) -> None:
        """Arm the timer for the session's deadline; one that fires early only looks again."""
        if self._closer is not None:
            return
        due = self._loop.time() + max(0.0, self.session.deadline - time.time())
        if self._timer is None or due < self._timer.when():
            self._cancel_timer()
            self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        for action in self.session.woken(time.time()):
            if isinstance(action, Send | Close):
                self._perform_now(action)
        self._set_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The end

    def _reroute(self) -> None:
        self._hub.reroute(self, self.session.topics)

    def _leave_hub(self) -> None:
        self._cancel_timer()
        topics = tuple(self.session.topics)
        self._hub.forget(self, topics)
        for topic in topics:
            self._attendance.presence.unfollow(self, topic)
        self._attendance.leave(self)

    def _opening(self, identity: Identity) -> Opening:
        request = self._websocket.request
        return Opening(
            id=self.session.connection_id,
            employee=identity.employee,
            device=identity.device,
            session=identity.session,
            address=self._websocket.address,
            agent=", ".join(request.headers.get_all("User-Agent")) if request is not None else "",
            opened_at=self._opened_at,
        )

    def _ending(self) -> Ending:
        return Ending(
            closed_at=time.time(),
            outcome=outcome_of(self._websocket.protocol),
            topics=len(self.session.topics),
            received=self._received,
            bytes_sent=self.bytes_sent,
            replayed=self._replayed,
        )

    def _log_end(self, opened_at: float) -> None:
        fields: dict[str, Any] = {
            "connection": self.session.connection_id,
            "code": self._websocket.close_code,
            "lasted_s": round(time.monotonic() - opened_at, 1),
        }
        if self.identity is not None:
            identity = self.identity
            fields |= {"company": identity.company, "employee": identity.employee, "device": identity.device}
        _logger.info("connection ended", extra=fields)


def _chunks(frames: Sequence[bytes]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for frame in frames:
        chunk.append(frame)
        size += len(frame)
        if size >= REPLAY_CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)
