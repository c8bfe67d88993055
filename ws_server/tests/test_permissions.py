"""Changes of permissions: what they say, and what is left of an older token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ws_server.gateway.permissions import PermissionChange, Permissions, parse_change

from .test_session import identity

AT = "2026-11-24T12:00:00.500Z"
AT_UNIX = 1795521600.5
SERVER = ["l.{location}.orders", "l.{location}.menu", "e.{employee}", "d.{device}"]
KITCHEN = ["l.{location}.menu", "e.{employee}"]
HELD = frozenset({"l.1.orders", "l.1.menu", "e.e1", "d.d1"})


def frame(**changes: Any) -> bytes:
    data = {"perm_version": 7, "topics": {"server": SERVER, "kitchen": KITCHEN}, "employees": {}}
    event = {"topic": "c.c1.sync", "offset": 1, "type": "permissions.changed", "at": AT}
    return json.dumps({**event, "data": {**data, **changes.pop("data", {})}, **changes}).encode()


def permissions(*frames: bytes) -> Permissions:
    known = Permissions()
    for one in frames:
        change = parse_change(one)
        assert change is not None
        known.add(change)
    return known


def held(known: Permissions, **changes: Any) -> frozenset[str]:
    return known.narrowed(identity(**{"topics": HELD, **changes})).topics


def test_parse() -> None:
    roles = {"server": frozenset(SERVER), "kitchen": frozenset(KITCHEN)}
    assert parse_change(frame(data={"employees": {"e9": None}})) == PermissionChange(
        "c1", 7, AT_UNIX, roles, {"e9": None}
    )


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"[]",
        frame(type="order.updated"),
        frame(at="yesterday"),
        frame(topic="c"),
        frame(data={"perm_version": "seven"}),
        frame(data={"topics": ["l.1.orders"]}),
        frame(data={"employees": ["e1"]}),
    ],
)
def test_what_cannot_be_read_changes_nothing(event: bytes) -> None:
    assert parse_change(event) is None


def test_a_role_that_lost_a_topic_takes_it_from_older_tokens_only() -> None:
    known = permissions(frame(data={"topics": {"server": KITCHEN}}))
    assert held(known) == {"l.1.menu", "e.e1"}
    assert held(known, perm_version=7) == HELD
    assert held(known, company="c2") == HELD


def test_an_employee_has_the_role_of_the_latest_change() -> None:
    known = permissions(frame(data={"employees": {"e1": "kitchen"}}))
    assert held(known) == {"l.1.menu", "e.e1"}
    assert held(known, employee="e2", topics=HELD | {"e.e2"}) == {"l.1.orders", "l.1.menu", "e.e2", "d.d1"}
    later = frame(data={"perm_version": 8})
    known = permissions(frame(data={"employees": {"e1": "kitchen"}}), later)
    assert held(known) == {"l.1.menu", "e.e1"}
    assert held(known, role="kitchen", perm_version=7, topics=frozenset({"l.1.menu"})) == {"l.1.menu"}


def test_an_employee_without_a_role_may_follow_nothing() -> None:
    assert held(permissions(frame(data={"employees": {"e1": None}}))) == set()
    assert held(permissions(frame()), role="owner") == set()


def test_nothing_is_ever_added() -> None:
    known = permissions(frame())
    assert held(known, topics=frozenset({"l.1.menu"})) == {"l.1.menu"}
    assert known.now_allowed(identity()) == HELD
    assert held(known, topics=frozenset({"l.2.menu", "e.e2"})) == set()


def test_a_client_without_a_device_has_no_topic_of_a_device() -> None:
    known = permissions(frame(data={"topics": {"server": [*SERVER, "x.{unheard_of}"]}}))
    assert known.now_allowed(identity(device=None)) == HELD - {"d.d1"}


def test_changes_out_of_order_and_repeated() -> None:
    older, newer = frame(data={"topics": {"server": KITCHEN}}), frame(data={"perm_version": 8})
    assert held(permissions(newer, older)) == HELD
    assert held(permissions(older, newer, newer)) == HELD


def test_memory_ends() -> None:
    known = permissions(frame(data={"topics": {}, "employees": {"e1": None}}))
    known.forget_before(AT_UNIX + 1000)
    assert held(known) == set()
    known.forget_before(AT_UNIX + 3600)
    assert held(known) == HELD
