"""Which devices, sign-ins, employees and single tokens lost their rights, and since when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from .identity import Identity

__all__ = ["Revocation", "Revocations", "parse_revocation"]

# Longer than any access token lives, grace included: older tokens are expired anyway.
REMEMBER_S = 20 * 60


@dataclass(frozen=True, slots=True)
class Revocation:
    """Tokens of this subject issued up to ``at`` are void."""

    kind: str  # device, session, employee or token
    subject: str
    at: float
    reason: str

    def covers(self, identity: Identity) -> bool:
        """Whether the revocation voids this identity's token."""
        subject = {
            "device": identity.device,
            "session": identity.session,
            "employee": identity.employee,
            "token": identity.token_id,
        }[self.kind]
        return subject == self.subject and identity.issued_at <= self.at


class Revocations:
    """The revocations that can still matter to a token presented now."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Revocation] = {}

    def add(self, revocation: Revocation) -> None:
        """Remember; a later one for the same subject takes an earlier one's place."""
        key = (revocation.kind, revocation.subject)
        known = self._latest.get(key)
        if known is None or known.at < revocation.at:
            self._latest[key] = revocation

    def voids(self, identity: Identity) -> Revocation | None:
        """The revocation that voids this identity's token, if any."""
        for key in _subjects(identity):
            found = self._latest.get(key)
            if found is not None and found.covers(identity):
                return found
        return None

    def forget_before(self, now: float) -> None:
        """Drop what no living token can be touched by."""
        old = [key for key, found in self._latest.items() if found.at < now - REMEMBER_S]
        for key in old:
            del self._latest[key]


def parse_revocation(frame: bytes) -> Revocation | None:
    """Read a control event; None when it ends no connection or cannot be read."""
    try:
        event = json.loads(frame)
        at = datetime.fromisoformat(event["at"]).timestamp()
        data = event["data"] or {}
        owner = event["topic"].partition(".")[2]
        if event["type"] == "device.revoked":
            return Revocation("device", owner, at, "device_revoked")
        if event["type"] == "session.revoked":
            kind, subject = _whose(data) or ("employee", owner)
            return Revocation(kind, subject, at, "session_revoked")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _whose(data: Mapping[str, str]) -> tuple[str, str] | None:
    """The token or sign-in that alone is meant; None when it is all of an employee's up to now."""
    for name, kind in (("jti", "token"), ("sid", "session")):
        if data.get(name):
            return kind, data[name]
    return None


def _subjects(identity: Identity) -> Iterator[tuple[str, str]]:
    yield "employee", identity.employee
    yield "token", identity.token_id
    if identity.device is not None:
        yield "device", identity.device
    if identity.session is not None:
        yield "session", identity.session
