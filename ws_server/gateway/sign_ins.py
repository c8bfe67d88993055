"""Who is signed in at this process: which connection takes another's place, and when there are too many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ..settings import GatewaySettings
from .identity import Identity
from .token_bucket import TokenBucket

__all__ = ["SignIn", "SignIns", "TooMany"]

Listener = TypeVar("Listener", bound=Hashable)

# How fast the connections of one device may take each other's place. Two sockets that both come
# back whatever they are told would otherwise chase each other for ever.
REPLACED_PER_S = 0.2
REPLACED_AT_ONCE = 10
BUCKETS_MOST = 10_000


class TooMany(Exception):
    """One more connection of this party is not admitted; the message says of what there are too many."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A connection's sign-in as other processes hear of it; a later ``at`` is the newer one."""

    device: str | None
    token_id: str
    at: float
    connection: str

    def is_before(self, other: SignIn) -> bool:
        """Whether the other one is newer; every process answers alike."""
        return (self.at, self.connection) < (other.at, other.connection)


class SignIns(Generic[Listener]):
    """Signed-in connections by device, employee, location and company; the limits are this process's."""

    def __init__(self, settings: GatewaySettings, clock: Callable[[], float]) -> None:
        self._per_device = settings.max_per_device
        self._most = {
            "employee": settings.max_per_employee,
            "location": settings.max_per_location,
            "company": settings.max_per_company,
        }
        self._clock = clock
        self._known: dict[Listener, tuple[SignIn, Identity]] = {}
        self._parties: defaultdict[tuple[str, str], dict[Listener, None]] = defaultdict(dict)
        self._buckets: dict[str, TokenBucket] = {}

    def enter(self, listener: Listener, sign_in: SignIn, identity: Identity) -> Sequence[Listener]:
        """Count the connection in; returns those whose place it takes. Raises ``TooMany``."""
        replaced = self.replaced_by(sign_in)
        crowded = self._crowded(identity, replaced)
        if crowded is not None:
            raise TooMany(f"too many connections of this {crowded}")
        if replaced and not self._bucket(identity.device or "").take(self._clock()):
            raise TooMany("the connections of this device replace each other")
        self._known[listener] = (sign_in, identity)
        for party in _parties(identity):
            self._parties[party][listener] = None
        return replaced

    def crowded(self, identity: Identity) -> str | None:
        """Of whom there are too many for one more now: employee, location or company; None when it may come."""
        newest = SignIn(identity.device, identity.token_id, float("inf"), "")
        return self._crowded(identity, self.replaced_by(newest))

    def renew(self, listener: Listener, identity: Identity) -> None:
        """The connection goes on under another token of the same party, as old as it is."""
        if listener in self._known:
            sign_in, before = self._known[listener]
            self._known[listener] = (replace(sign_in, token_id=identity.token_id), before)

    def leave(self, listener: Listener) -> None:
        """The connection is over; safe to repeat."""
        known = self._known.pop(listener, None)
        if known is None:
            return
        for party in _parties(known[1]):
            self._parties[party].pop(listener, None)
            if not self._parties[party]:
                del self._parties[party]

    def replaced_by(self, newest: SignIn) -> list[Listener]:
        """Connections here that end because of this newer one, of this process or another.

        A token is used by one connection. A device may for a while hold one more, under its
        former token: that is how tills change tokens.
        """
        if newest.device is None or not self._per_device:
            return []
        there = self._parties.get(("device", newest.device), {})
        older = [(one, self._known[one][0]) for one in there if self._known[one][0].is_before(newest)]
        same = [one for one, sign_in in older if sign_in.token_id == newest.token_id]
        others = [one for one, sign_in in older if sign_in.token_id != newest.token_id]
        return same + others[: max(0, len(others) - (self._per_device - 1))]

    def _crowded(self, identity: Identity, replaced: Sequence[Listener]) -> str | None:
        for kind, most in self._most.items():
            there = self._parties.get((kind, getattr(identity, kind)), {})
            if len(there) - len(there.keys() & set(replaced)) >= most:
                return kind
        return None

    def _bucket(self, device: str) -> TokenBucket:
        bucket = self._buckets.get(device)
        if bucket is None:
            if len(self._buckets) >= BUCKETS_MOST:
                self._buckets.clear()
            bucket = self._buckets[device] = TokenBucket(REPLACED_PER_S, REPLACED_AT_ONCE, self._clock())
        return bucket


def _parties(identity: Identity) -> list[tuple[str, str]]:
    parties = [
        ("employee", identity.employee),
        ("location", identity.location),
        ("company", identity.company),
    ]
    return [*parties, ("device", identity.device)] if identity.device is not None else parties
