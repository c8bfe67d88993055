"""Who may open one more connection, by address and in all."""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ..settings import GatewaySettings, IPNetwork
from .token_bucket import TokenBucket

__all__ = ["Admission", "Place", "Refusal", "client_address"]

BUCKETS_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a handshake is refused, and when to come again."""

    status: int
    code: str
    detail: str
    retry_after_s: int


class _Stage(Enum):
    OPENING = auto()
    ADMITTED = auto()
    SIGNED_IN = auto()
    GONE = auto()


class Place:
    """One socket's place, from the accepted connection to its end. Each step may be repeated."""

    __slots__ = ("_admission", "_stage", "address")

    def __init__(self, admission: Admission, address: str) -> None:
        self._admission = admission
        self._stage = _Stage.OPENING
        self.address = address  # the peer's at first, the client's once its headers are known

    def admit(self, address: str, now: float) -> Refusal | None:
        """Let the client at this address in, or say why not."""
        if self._stage is not _Stage.OPENING:
            return None
        refusal = self._admission._admit(self.address, address, now)
        if refusal is None:
            self.address, self._stage = address, _Stage.ADMITTED
        return refusal

    def sign_in(self) -> None:
        """The client has shown who it is: it no longer counts as one that waits."""
        if self._stage is _Stage.ADMITTED:
            self._stage = _Stage.SIGNED_IN
            self._admission._waits_no_more(self.address)

    def leave(self) -> None:
        """The socket is gone."""
        stage, self._stage = self._stage, _Stage.GONE
        if stage is not _Stage.GONE:
            self._admission._release(self.address, stage)


class Admission:
    """Counts sockets of one process: those in their handshake, those not signed in, and all.

    A client that never finishes its handshake, or never signs in, holds a place among its address's
    ``max_waiting_per_ip`` until its deadline; nobody else's. A proxy of ours is many clients and is not
    counted as one: its clients are, once their headers say who they are.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._buckets: dict[str, TokenBucket] = {}
        self._all_connects: TokenBucket | None = None
        self.opening = 0
        self.admitted = 0
        self.hung_up = 0

    def open(self, peer: str) -> Place | None:
        """A socket was accepted; None when it is to be hung up on at once."""
        if self.opening >= self._settings.max_handshakes or self._has_too_many_waiting(peer):
            self.hung_up += 1
            return None
        self.opening += 1
        self._waiting[peer] += 1
        return Place(self, peer)

    def _has_too_many_waiting(self, address: str) -> bool:
        if self._waiting[address] < self._settings.max_waiting_per_ip:
            return False
        return not _is_among(address, self._settings.trusted_proxies)

    def _admit(self, peer: str, address: str, now: float) -> Refusal | None:
        settings = self._settings
        if not self._bucket(address, now).take(now):
            return Refusal(429, "rate_limited", "Too many connections at once.", _jittered(1))
        if self._open[address] >= settings.max_open_per_ip:
            return Refusal(429, "rate_limited", "Too many open connections.", _jittered(30))
        if peer != address and self._has_too_many_waiting(address):
            return Refusal(429, "rate_limited", "Too many connections that are not signed in.", _jittered(5))
        if self.admitted >= settings.max_connections:
            return Refusal(503, "unavailable", "The gateway is full.", _jittered(5))
        if not self._every_connect(now).take(now):
            return Refusal(503, "unavailable", "The gateway takes connections one after another.", _jittered(2))
        self._waits_no_more(peer)
        self._waiting[address] += 1
        self._open[address] += 1
        self.admitted += 1
        self.opening -= 1
        return None

    def _waits_no_more(self, address: str) -> None:
        _count_down(self._waiting, address)

    def _release(self, address: str, stage: _Stage) -> None:
        if stage is not _Stage.SIGNED_IN:
            self._waits_no_more(address)
        if stage is _Stage.OPENING:
            self.opening -= 1
            return
        self.admitted -= 1
        _count_down(self._open, address)

    def _every_connect(self, now: float) -> TokenBucket:
        if self._all_connects is None:
            settings = self._settings
            self._all_connects = TokenBucket(settings.connects_per_s, settings.connect_burst, now)
        return self._all_connects

    def _bucket(self, address: str, now: float) -> TokenBucket:
        bucket = self._buckets.get(address)
        if bucket is None:
            self._make_room(now)
            settings = self._settings
            bucket = self._buckets[address] = TokenBucket(
                settings.connects_per_ip_per_s, settings.connect_burst_per_ip, now
            )
        return bucket

    def _make_room(self, now: float) -> None:
        if len(self._buckets) < BUCKETS_MOST:
            return
        for address in [a for a, bucket in self._buckets.items() if bucket.is_full(now)]:
            del self._buckets[address]
        if len(self._buckets) >= BUCKETS_MOST:
            self._buckets.clear()


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[IPNetwork]) -> str:
    """The client's address: the last hop that is not one of our own proxies.

    ``forwarded`` are the X-Forwarded-For headers; they are believed only from trusted peers.
    """
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    address = peer
    while hops and _is_among(address, trusted):
        address = hops.pop()
    return address


def _is_among(address: str, networks: Sequence[IPNetwork]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _count_down(counts: Counter[str], address: str) -> None:
    counts[address] -= 1
    if not counts[address]:
        del counts[address]


def _jittered(seconds: int) -> int:
    """Between once and twice as long: those refused together do not come back together."""
    return random.randint(seconds, 2 * seconds)  # noqa: S311 - spreads retries, keeps no secret
