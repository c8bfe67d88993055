"""Topics and connections of one process: who hears what, and from where on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .acknowledgements import Acknowledgements
from .client_messages import Position
from .close_codes import CloseCode
from .identity import Identity
from .metrics import Metrics
from .permissions import PermissionChange, Permissions
from .revocations import Revocation, Revocations
from .stream_store import OpenedTopic, StreamStore, Unavailable
from .topic import CatchUp, Entry, Recovery, Topic, how_to_recover, is_just_ahead, replayable
from .wire_frame import json_frame

__all__ = ["Hub", "Listener"]

QUIET_S = 25.0
LINGER_S = 60.0
REFILL_S = 8.0

_logger = logging.getLogger(__name__)


class Listener(Hashable, Protocol):
    """What the hub needs of a connection."""

    @property
    def identity(self) -> Identity | None:
        """Whom it speaks for, once signed in, and what that party may follow now."""

    def narrow(self, identity: Identity, *, may_gain: bool) -> bool:
        """Give up topics that are no longer allowed; whether there were such."""

    def write(self, frames: bytes) -> None:
        """Hand ready frames to the transport, without waiting."""

    async def replay(self, frames: Sequence[bytes]) -> None:
        """Write many frames no faster than the client reads."""

    @property
    def lane(self) -> int:
        """Where ready frames may be written at this moment; changes are told to ``Hub.reroute``."""

    def wrote_straight(self, size: int) -> None:
        """Count bytes that went to its lane."""

    def cut(self, what: str) -> None:
        """End a client that reads too slowly; ``what`` it did not keep up with is counted."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close, without waiting."""

    @property
    def buffered_bytes(self) -> int:
        """What was written and waits for the client to read."""

    def judge(self) -> bool:
        """Cut the client if it is hopelessly behind; whether it is still to be watched."""


class Hub:
    """Delivers every frame of a topic once and in order to each subscriber."""

    def __init__(
        self,
        store: StreamStore,
        metrics: Metrics,
        acknowledgements: Acknowledgements[Listener],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch: str | None = None
        self.topics: dict[str, Topic[Listener]] = {}
        self.connections: set[Listener] = set()
        self.pressed: set[Listener] = set()
        self.revocations = Revocations()
        self.permissions = Permissions()
        self.acknowledgements = acknowledgements
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._restarting = asyncio.Lock()

    # Subscriptions

    async def join(self, listener: Listener, name: str, since: Position | None, *, acks: bool = False) -> None:
        """Subscribe, answer, replay what was missed, go live; raises ``Unavailable``.

        With ``acks`` a critical topic's events are sent again until they are acknowledged.
        The join point is the topic's position in the tick of registration: the replay ends
        there, live frames begin behind it and wait until the replay is written.
        """
        topic = await self._topic(name)
        await self._await_refill(topic, since)
        if listener not in self.connections or not _may_follow(listener, name):
            return
        self.leave(listener, name)
        catch_up = topic.catching_up[listener] = CatchUp(topic.position)
        topic.empty_since = None
        recovery = how_to_recover(topic, since, self.epoch or "")
        if recovery.fetch_after is not None:
            recovery = await self._fetch(topic, recovery.fetch_after, catch_up)
        recovered = recovery.recovered and not catch_up.broken
        if since is not None:
            self._metrics.count("fynlo_ws_resumes_total", f'recovered="{str(recovered).lower()}"')
        if acks and topic.catching_up.get(listener) is catch_up:
            begin = since.offset if since is not None and recovered else catch_up.join
            self.acknowledgements.begin(listener, name, begin)
        await self._catch_up(topic, listener, catch_up, recovery)

    def leave(self, listener: Listener, name: str) -> None:
        """End a subscription."""
        self.acknowledgements.end(listener, name)
        if name in self.topics:
            listener.wrote_straight(self.topics[name].drop(listener, self._clock()))

    def reroute(self, listener: Listener, names: Iterable[str]) -> None:
        """A listener's lane changed."""
        for name in names:
            topic = self.topics.get(name)
            if topic is not None and listener in topic.live:
                topic.live[listener] = listener.lane

    def forget(self, listener: Listener, names: Sequence[str]) -> None:
        """The connection is over: no frame goes to it any more."""
        self.connections.discard(listener)
        self.pressed.discard(listener)
        for name in names:
            self.leave(listener, name)

    # What the reader brings

    def deliver(self, name: str, entries: Sequence[Entry]) -> None:
        """Write new frames of a topic to its subscribers."""
        topic = self.topics.get(name)
        if topic is None:
            return
        # A reply that was under way while the topic was opened may repeat what it holds.
        fresh = [entry for entry in entries if entry[0] > topic.position]
        if not fresh:
            return
        if not topic.advance(fresh, self._clock()):
            _logger.error("gap", extra={"topic": name, "at": topic.position, "next": fresh[0][0]})
            self._restart_topic(topic, fresh[-1][0])
            return
        frames = b"".join([frame for _, frame in fresh])
        listening = len(topic.live)
        for late, rest in topic.fan_out(frames):
            late.write(rest)
        for listener, catch_up in tuple(topic.catching_up.items()):
            if not catch_up.hold(frames):
                listener.cut("replay")
        self._metrics.count("fynlo_ws_deliveries_total", by=len(fresh) * listening)
        self._metrics.count("fynlo_ws_delivered_bytes_total", by=len(frames) * listening)

    def revoke(self, revocation: Revocation) -> None:
        """Remember a revocation and end the connections it covers."""
        self.revocations.add(revocation)
        for listener in tuple(self.connections):
            identity = listener.identity
            if identity is not None and revocation.covers(identity):
                listener.end(CloseCode.REVOKED, revocation.reason)

    def narrow(self, change: PermissionChange) -> None:
        """Remember a change of permissions and take from live connections what is no longer allowed."""
        self.permissions.add(change)
        for listener in tuple(self.connections):
            identity = listener.identity
            if identity is None or identity.company != change.company:
                continue
            allowed = self.permissions.now_allowed(identity)
            if allowed is None:
                continue
            narrower = replace(identity, topics=identity.topics & allowed)
            if listener.narrow(narrower, may_gain=not allowed <= identity.topics):
                self._metrics.count("fynlo_ws_narrowed_total")

    def acknowledge(self, listener: Listener, name: str, offset: int) -> None:
        """A client applied everything up to ``offset``; what it was never sent does not count."""
        if name in self.topics:
            self.acknowledgements.acknowledged(listener, name, min(offset, self.topics[name].position))

    async def restart(self) -> None:
        """Adopt Redis' present epoch and tell every subscriber; raises ``Unavailable``."""
        async with self._restarting:
            epoch, opened = await self._survey()
            if epoch == self.epoch:
                return
            _logger.warning("epoch adopted", extra={"epoch": epoch, "topics": len(opened)})
            self.epoch = epoch
            for name, topic in self.topics.items():
                self._restart_topic(topic, opened[name].position)

    # Time

    def tick(self) -> None:
        """Once a second: positions of quiet topics, unused topics, clients that lag or do not acknowledge."""
        now = self._clock()
        for name, topic in tuple(self.topics.items()):
            if topic.empty_since is not None and now - topic.empty_since > LINGER_S:
                del self.topics[name]
            elif topic.live and now - topic.spoke_at >= QUIET_S:
                topic.spoke_at = now
                frame = json_frame(self._place("position", topic.name, topic.position))
                for listener in tuple(topic.live):
                    listener.write(frame)
        self.pressed -= {listener for listener in tuple(self.pressed) if not listener.judge()}
        self._send_again(now)
        self.revocations.forget_before(time.time())
        self.permissions.forget_before(time.time())

    def _send_again(self, now: float) -> None:
        for overdue in self.acknowledgements.overdue(self.topics, now):
            if overdue.frames is None:
                overdue.listener.end(CloseCode.SLOW, "not acknowledged")
            else:
                overdue.listener.write(b"".join(overdue.frames))
                self._metrics.count("fynlo_ws_redeliveries_total", by=len(overdue.frames))

    # Opening topics

    async def _topic(self, name: str) -> Topic[Listener]:
        while name not in self.topics:
            opening = self._opening.get(name)
            if opening is None:
                opening = self._opening[name] = asyncio.create_task(self._open(name))
                opening.add_done_callback(lambda _: self._opening.pop(name, None))
            await asyncio.shield(opening)
        return self.topics[name]

    async def _open(self, name: str) -> None:
        opened = (await self._store.open_topics([name]))[name]
        if opened.epoch != self.epoch:
            await self.restart()
            return  # our caller looks again
        self.topics[name] = Topic(name, opened.position, opened.recent, self._clock())
        await self._store.wake()

    async def _survey(self) -> tuple[str, dict[str, OpenedTopic]]:
        """Every topic's place, all under one epoch; topics opened meanwhile included."""
        while True:
            epoch = await self._store.epoch()
            if epoch is None:
                raise Unavailable("there is no epoch yet")
            opened = await self._store.open_topics(sorted(self.topics))
            same = all(place.epoch == epoch for place in opened.values())
            if same and self.topics.keys() <= opened.keys():
                return epoch, opened

    async def _fetch(self, topic: Topic[Listener], after: int, catch_up: CatchUp) -> Recovery:
        upto = catch_up.join
        epoch, entries = await self._store.fetch(topic.name, after, upto)
        return replayable(entries, after, upto) if epoch == self.epoch else Recovery(False)

    async def _await_refill(self, topic: Topic[Listener], since: Position | None) -> None:
        """Give the relay a moment when the client is ahead of the stream.

        A Redis that was killed may have lost its last entries though they were delivered; the
        relay adds them again, and the client need not be sent to the API for that.
        """
        give_up_at = self._clock() + REFILL_S
        while is_just_ahead(topic, since, self.epoch) and self._clock() < give_up_at:
            await asyncio.sleep(0.05)

    # Catching up

    async def _catch_up(
        self, topic: Topic[Listener], listener: Listener, catch_up: CatchUp, recovery: Recovery
    ) -> None:
        while topic.catching_up.get(listener) is catch_up:
            if catch_up.broken:
                recovery, catch_up.broken = Recovery(False), False
            reply = self._place("subscribed", topic.name, catch_up.join)
            listener.write(json_frame({**reply, "recovered": recovery.recovered}))
            await listener.replay(recovery.frames)
            self._metrics.count("fynlo_ws_replayed_total", by=len(recovery.frames))
            self._metrics.count("fynlo_ws_deliveries_total", by=len(recovery.frames))
            while catch_up.held and not catch_up.broken:
                await listener.replay(catch_up.take())
            if not catch_up.broken and topic.catching_up.get(listener) is catch_up:
                del topic.catching_up[listener]
                topic.go_live(listener, listener.lane)

    def _restart_topic(self, topic: Topic[Listener], position: int) -> None:
        topic.restart(position, self._clock())
        self.acknowledgements.restart(topic.name, position)
        self._metrics.count("fynlo_ws_restarts_total")
        reply = self._place("subscribed", topic.name, position)
        frame = json_frame({**reply, "recovered": False})
        for listener in tuple(topic.live):
            listener.write(frame)
        for catch_up in topic.catching_up.values():
            catch_up.restart(position)

    def _place(self, op: str, topic: str, offset: int) -> dict[str, Any]:
        return {"op": op, "topic": topic, "epoch": self.epoch, "offset": offset}


def _may_follow(listener: Listener, name: str) -> bool:
    return listener.identity is not None and name in listener.identity.topics
