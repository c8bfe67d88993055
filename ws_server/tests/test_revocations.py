"""Revocation events: what they say and whom they touch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ws_server.gateway.revocations import Revocation, Revocations, parse_revocation

from .test_session import identity

AT = "2026-11-24T12:00:00.500Z"
AT_UNIX = 1795521600.5


def frame(**changes: Any) -> bytes:
    event = {"topic": "d.d1", "offset": 1, "type": "device.revoked", "at": AT, "data": {}}
    return json.dumps({**event, **changes}).encode()


@pytest.mark.parametrize(
    ("event", "revocation"),
    [
        (frame(), Revocation("device", "d1", AT_UNIX, "device_revoked")),
        (
            frame(type="session.revoked", topic="e.e1", data={"employee_id": "e1", "sid": "s1"}),
            Revocation("session", "s1", AT_UNIX, "session_revoked"),
        ),
        (
            frame(type="session.revoked", topic="e.e1", data=None),
            Revocation("employee", "e1", AT_UNIX, "session_revoked"),
        ),
        (
            frame(type="session.revoked", topic="e.e1", data={"sid": "s1", "jti": "j1"}),
            Revocation("token", "j1", AT_UNIX, "session_revoked"),
        ),
        (frame(type="order.updated"), None),
        (frame(at="yesterday"), None),
        (frame(data=[]), Revocation("device", "d1", AT_UNIX, "device_revoked")),
        (frame(type="session.revoked", data=[1]), None),
        (b"", None),
        (b"[]", None),
    ],
)
def test_parse(event: bytes, revocation: Revocation | None) -> None:
    assert parse_revocation(event) == revocation


def test_only_older_tokens_of_the_subject_are_void() -> None:
    revocation = Revocation("device", "d1", AT_UNIX, "device_revoked")
    assert revocation.covers(identity(issued_at=AT_UNIX - 1))
    assert not revocation.covers(identity(issued_at=AT_UNIX + 1))
    assert not revocation.covers(identity(issued_at=AT_UNIX - 1, device="d2"))
    assert not revocation.covers(identity(issued_at=AT_UNIX - 1, device=None))


def test_one_token_can_be_void_alone() -> None:
    revocations = Revocations()
    revocations.add(Revocation("token", "j1", AT_UNIX, "session_revoked"))
    assert revocations.voids(identity(issued_at=AT_UNIX - 1))
    assert revocations.voids(identity(issued_at=AT_UNIX - 1, token_id="j2")) is None


def test_memory_keeps_the_latest_and_ends() -> None:
    revocations = Revocations()
    later = Revocation("employee", "e1", AT_UNIX + 50, "session_revoked")
    revocations.add(later)
    revocations.add(Revocation("employee", "e1", AT_UNIX, "session_revoked"))
    assert revocations.voids(identity(issued_at=AT_UNIX + 10)) == later
    revocations.forget_before(AT_UNIX + 3600)
    assert revocations.voids(identity(issued_at=AT_UNIX + 10)) is None
