"""Who may open one more connection, by address and in all."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..settings import GatewaySettings, IPNetwork
from .token_bucket import TokenBucket

__all__ = ["Admission", "Refusal", "client_address"]

BUCKETS_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a handshake is refused, and when to come again."""

    status: int
    code: str
    detail: str
    retry_after_s: int


class Admission:
    """Counts connections; whoever is admitted must be released once."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()
        self._total = 0
        self._buckets: dict[str, TokenBucket] = {}

    def admit(self, address: str, now: float) -> Refusal | None:
        """Count one more connection from the address, or say why not."""
        settings = self._settings
        if not self._bucket(address, now).take(now):
            return Refusal(429, "rate_limited", "Too many connections at once.", 1)
        if self._open[address] >= settings.max_open_per_ip:
            return Refusal(429, "rate_limited", "Too many open connections.", 30)
        if self._total >= settings.max_connections:
            return Refusal(503, "unavailable", "The gateway is full.", 5)
        self._open[address] += 1
        self._total += 1
        return None

    def release(self, address: str) -> None:
        """A connection that was admitted is over."""
        self._total -= 1
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

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
