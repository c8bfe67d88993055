"""Which devices are online at each location, and who is told of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from redis.exceptions import RedisError

from .client_messages import PRESENCE
from .identity import Identity
from .peers import Peers
from .presence_store import PresenceStore, Present
from .wire_frame import json_frame

__all__ = ["Presence"]

RENEW_S = 5.0
RETRY_S = 1.0

_logger = logging.getLogger(__name__)

Place = tuple[str, str]  # location, device


class Follower(Hashable, Protocol):
    """What presence needs of a connection."""

    def write(self, frames: bytes) -> None:
        """Hand ready frames to the transport, without waiting."""


class Presence:
    """Ephemeral: no offsets, no replay. Whoever follows is given the whole list, then what changes.

    A device that comes back within ``grace_s`` never left.
    """

    def __init__(
        self, store: PresenceStore, peers: Peers, grace_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._peers = peers
        self._grace_s = grace_s
        self._clock = clock
        self._here: dict[Place, Present] = {}
        self._connections: defaultdict[Place, set[Hashable]] = defaultdict(set)
        self._leaving: dict[Place, float] = {}
        self._unsaid: set[Place] = set()
        self._online: dict[str, dict[str, Present]] = {}  # of the locations somebody here follows
        self._followers: defaultdict[str, set[Follower]] = defaultdict(set)
        self._stale: set[str] = set()
        self._something = asyncio.Event()
        self._reading = asyncio.Lock()

    # Who comes and goes at this process

    def arrived(self, connection: Hashable, identity: Identity) -> None:
        """A device signed in; nothing is said of connections without a device."""
        if identity.device is None:
            return
        place = (identity.location, identity.device)
        self._connections[place].add(connection)
        self._leaving.pop(place, None)
        here = self._here.get(place)
        if here is None or here["employee"] != identity.employee:
            since = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._here[place] = {"device": identity.device, "employee": identity.employee, "since": since}
            self._unsaid.add(place)
            self._something.set()

    def departed(self, connection: Hashable, identity: Identity | None) -> None:
        """A connection is over; safe to repeat."""
        if identity is None or identity.device is None:
            return
        place = (identity.location, identity.device)
        connections = self._connections.get(place, set())
        connections.discard(connection)
        if not connections and self._connections.pop(place, None) is not None:
            self._leaving[place] = self._clock() + self._grace_s
            self._something.set()

    # Who is told

    async def follow(self, follower: Follower, topic: str, still_wanted: Callable[[], bool]) -> None:
        """Send the whole list, then every change; raises ``RedisError`` or ``OSError``."""
        location = _location_of(topic)
        async with self._reading:
            self._adopt(location, (await self._store.read([location]))[location])
        if still_wanted():
            self._followers[location].add(follower)
            devices = _sorted(self._online[location])
            follower.write(json_frame({"op": "presence", "topic": topic, "devices": devices}))
        self._forget_unless_followed(location)

    def unfollow(self, follower: Follower, topic: str) -> None:
        """Say no more to this connection; safe to repeat."""
        if (location := _location_of(topic)) in self._followers:
            self._followers[location].discard(follower)
            self._forget_unless_followed(location)

    def heard(self, location: str) -> None:
        """Another process says that something changed at a location."""
        if location in self._followers:
            self._stale.add(location)
            self._something.set()

    # Keeping Redis and the followers up to date

    async def run(self) -> None:
        """Keep everything up to date for ever; when Redis is away the last known list stands."""
        renew_at = 0.0
        while True:
            self._something.clear()
            renews = self._clock() >= renew_at
            try:
                await self._hold(self._here.keys() if renews else self._unsaid & self._here.keys())
                await self._drop_those_who_left()
                if renews:
                    self._stale.update(self._followers)
                    renew_at = self._clock() + RENEW_S
                await self._look()
            except (RedisError, OSError) as error:
                _logger.debug("presence not kept", extra={"error": str(error)})
                await asyncio.sleep(RETRY_S)
                continue
            await self._wait(min([renew_at, *self._leaving.values()]) - self._clock())

    async def _wait(self, seconds: float) -> None:
        """Until something happens, a device's grace ends, or it is time to renew."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._something.wait()
        except TimeoutError:
            return

    async def _hold(self, places: Iterable[Place]) -> None:
        """Bring Redis in line with who is here."""
        present: defaultdict[str, list[Present]] = defaultdict(list)
        for location, device in places:
            present[location].append(self._here[location, device])
        said = set(self._unsaid)
        await self._store.hold(present)
        self._unsaid -= said
        self._tell({location for location, _ in said})

    async def _drop_those_who_left(self) -> None:
        for place in [place for place, due in self._leaving.items() if due <= self._clock()]:
            await self._store.drop(place[0], [place[1]])
            if place in self._leaving:
                del self._leaving[place], self._here[place]
            else:  # it came back while it was being removed
                self._unsaid.add(place)
                self._something.set()
            self._tell({place[0]})

    def _tell(self, locations: Iterable[str]) -> None:
        for location in locations:
            self.heard(location)
            self._peers.tell({"presence": location})

    async def _look(self) -> None:
        """Read the locations where something changed, and tell their followers what."""
        stale, self._stale = self._stale & self._followers.keys(), set()
        if not stale:
            return
        try:
            async with self._reading:
                for location, online in (await self._store.read(sorted(stale))).items():
                    self._adopt(location, online)
                    self._forget_unless_followed(location)
        except (RedisError, OSError):
            self._stale |= stale
            raise

    def _adopt(self, location: str, online: dict[str, Present]) -> None:
        before = self._online.get(location, {})
        self._online[location] = online
        joined = _sorted({device: one for device, one in online.items() if _is_news(one, before.get(device))})
        left = sorted(before.keys() - online.keys())
        if joined or left:
            topic = f"l.{location}{PRESENCE}"
            frame = json_frame({"op": "presence_changed", "topic": topic, "joined": joined, "left": left})
            for follower in tuple(self._followers.get(location, ())):
                follower.write(frame)

    def _forget_unless_followed(self, location: str) -> None:
        if not self._followers.get(location):
            self._online.pop(location, None)
            self._followers.pop(location, None)


def _is_news(one: Present, before: Present | None) -> bool:
    return before is None or before["employee"] != one["employee"]


def _location_of(topic: str) -> str:
    return topic.removeprefix("l.").removesuffix(PRESENCE)


def _sorted(devices: dict[str, Present]) -> Sequence[dict[str, Any]]:
    return sorted(devices.values(), key=lambda one: (one["since"], one["device"]))
