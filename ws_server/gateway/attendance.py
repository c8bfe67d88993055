"""Every sign-in and departure of a connection, told to whoever must know: limits, presence, other processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from .close_codes import CloseCode
from .identity import Identity
from .peers import Peers
from .presence import Presence
from .sign_ins import SignIn, SignIns

__all__ = ["Attendance", "Attendee"]


class Attendee(Hashable, Protocol):
    """What attendance needs of a connection."""

    @property
    def connection_id(self) -> str:
        """The name it was welcomed with."""

    @property
    def identity(self) -> Identity | None:
        """Whom it speaks for, once signed in."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close, without waiting."""


@dataclass(slots=True)
class Attendance:
    """Knows who is signed in here."""

    sign_ins: SignIns[Attendee]
    presence: Presence
    peers: Peers
    clock: Callable[[], float] = time.time

    def enter(self, attendee: Attendee, identity: Identity) -> None:
        """A connection signs in; those it replaces end, here and elsewhere. Raises ``TooMany``."""
        sign_in = SignIn(identity.device, identity.token_id, self.clock(), attendee.connection_id)
        for replaced in self.sign_ins.enter(attendee, sign_in, identity):
            replaced.end(CloseCode.REPLACED, "replaced")
        self.presence.arrived(attendee, identity)
        if identity.device is not None:
            self.peers.tell(
                {
                    "device": sign_in.device,
                    "token": sign_in.token_id,
                    "at": sign_in.at,
                    "connection": sign_in.connection,
                }
            )

    def leave(self, attendee: Attendee) -> None:
        """A connection is over; safe to repeat."""
        self.sign_ins.leave(attendee)
        self.presence.departed(attendee, attendee.identity)

    def hear(self, message: dict[str, Any]) -> None:
        """What another process says; one that cannot be read is of another version and passed over."""
        match message:
            case {"presence": str(location)}:
                self.presence.heard(location)
            case {"device": str(device), "token": str(token), "at": float(at), "connection": str(connection)}:
                for replaced in self.sign_ins.replaced_by(SignIn(device, token, at, connection)):
                    replaced.end(CloseCode.REPLACED, "replaced")
