"""Limits by device, employee, location and company, and which connection takes another's place."""

from __future__ import annotations

from typing import Any

import pytest

from ws_server.gateway.sign_ins import SignIn, SignIns, TooMany
from ws_server.settings import GatewaySettings

from .test_session import identity


class Desk:
    """Signs connections in, named as they come."""

    def __init__(self, **env: str) -> None:
        base = {"FYNLO_REDIS_URL": "redis://x", "FYNLO_JWKS_URL": "http://x"}
        self.now = 0.0
        self.sign_ins = SignIns[str](GatewaySettings.from_env({**base, **env}), lambda: self.now)

    def enter(self, name: str, token: str, **changes: Any) -> list[str]:
        who = identity(token_id=token, **changes)
        self.now += 0.001
        return list(self.sign_ins.enter(name, SignIn(who.device, token, self.now, name), who))

    def enter_and_end(self, name: str, token: str, **changes: Any) -> list[str]:
        replaced = self.enter(name, token, **changes)
        for one in replaced:
            self.sign_ins.leave(one)
        return replaced


def test_one_token_is_used_by_one_connection() -> None:
    desk = Desk()
    assert desk.enter_and_end("a", "t1") == []
    assert desk.enter_and_end("b", "t1") == ["a"]
    assert desk.enter_and_end("c", "t1") == ["b"]


def test_old_and_new_socket_stand_together_while_a_token_changes() -> None:
    desk = Desk()
    assert desk.enter_and_end("a", "t1") == []
    assert desk.enter_and_end("b", "t2") == []
    assert desk.enter_and_end("c", "t3") == ["a"]
    assert desk.enter_and_end("d", "t3") == ["c"]


def test_other_devices_and_clients_without_a_device_are_left_alone() -> None:
    desk = Desk()
    desk.enter("a", "t1")
    assert desk.enter("b", "t1", device="d2") == []
    assert desk.enter("c", "t1", device=None) == []
    assert desk.enter("d", "t1", device=None) == []


def test_device_limit_can_be_off() -> None:
    desk = Desk(FYNLO_WS_MAX_PER_DEVICE="0")
    assert [desk.enter(name, "t1") for name in "abcd"] == [[]] * 4


def test_a_connection_that_refreshed_is_known_by_its_new_token() -> None:
    desk = Desk()
    desk.enter("a", "t1")
    desk.sign_ins.renew("a", identity(token_id="t2"))
    assert desk.enter_and_end("b", "t1") == []
    assert desk.enter_and_end("c", "t2") == ["a"]


@pytest.mark.parametrize(
    ("variable", "same"),
    [
        ("FYNLO_WS_MAX_PER_EMPLOYEE", {"employee": "e1", "location": "?", "company": "?"}),
        ("FYNLO_WS_MAX_PER_LOCATION", {"employee": "?", "location": "l1", "company": "?"}),
        ("FYNLO_WS_MAX_PER_COMPANY", {"employee": "?", "location": "?", "company": "c1"}),
    ],
)
def test_limits_of_a_party(variable: str, same: dict[str, str]) -> None:
    desk = Desk(**{variable: "2"})

    def come(name: str) -> list[str]:
        who = {key: f"{key}-{name}" if value == "?" else value for key, value in same.items()}
        return desk.enter_and_end(name, f"t-{name}", device=f"d-{name}", **who)

    assert [come("a"), come("b")] == [[], []]
    with pytest.raises(TooMany):
        come("c")
    desk.sign_ins.leave("a")
    desk.sign_ins.leave("a")
    assert come("d") == []


def test_whoever_is_replaced_does_not_count() -> None:
    desk = Desk(FYNLO_WS_MAX_PER_EMPLOYEE="1")
    desk.enter_and_end("a", "t1")
    assert desk.enter_and_end("b", "t1") == ["a"]


def test_sockets_that_chase_each_other_are_slowed_down() -> None:
    desk = Desk()
    desk.enter_and_end("0", "t1")
    for number in range(1, 11):
        assert desk.enter_and_end(str(number), "t1") == [str(number - 1)]
    with pytest.raises(TooMany):
        desk.enter_and_end("11", "t1")
    assert desk.enter("other", "t1", device="d2", employee="e2") == []
    desk.now += 5
    assert desk.enter_and_end("12", "t1") == ["10"]
    with pytest.raises(TooMany):
        desk.enter_and_end("13", "t1")


def test_two_processes_agree_on_who_is_newer() -> None:
    desk = Desk()
    desk.enter("m", "t1")
    mine = SignIn("d1", "t1", desk.now, "m")
    for other in (SignIn("d1", "t1", desk.now, "z"), SignIn("d1", "t1", desk.now + 1, "a")):
        assert desk.sign_ins.replaced_by(other) == ["m"]
        assert not other.is_before(mine)
    for other in (SignIn("d1", "t1", desk.now, "a"), SignIn("d1", "t1", desk.now - 1, "z")):
        assert desk.sign_ins.replaced_by(other) == []
        assert other.is_before(mine)
