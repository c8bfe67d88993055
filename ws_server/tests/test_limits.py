"""Slow clients, crowded addresses and proxies: the pure rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from ws_server.gateway.admission import Admission, Place, Refusal, client_address
from ws_server.gateway.backlog import Backlog
from ws_server.gateway.token_bucket import TokenBucket
from ws_server.settings import GatewaySettings


def admission(**env: str) -> Admission:
    base = {"FYNLO_REDIS_URL": "redis://x", "FYNLO_JWKS_URL": "http://x"}
    return Admission(GatewaySettings.from_env({**base, **env}))


def test_client_that_reads_is_never_cut_below_the_hard_bound() -> None:
    backlog = Backlog(soft=100, hard=1000, patience_s=10)
    backlog.wrote(900)
    for second in range(60):
        backlog.wrote(10)
        assert not backlog.is_hopeless(900, float(second))
    assert backlog.is_pressed
    assert not backlog.is_hopeless(50, 61.0)
    assert not backlog.is_pressed


def test_client_that_stands_still_is_cut_after_the_patience() -> None:
    backlog = Backlog(soft=100, hard=1000, patience_s=10)
    backlog.wrote(500)
    assert not backlog.is_hopeless(500, 0.0)
    assert not backlog.is_hopeless(500, 10.0)
    assert backlog.is_hopeless(500, 10.1)
    assert backlog.complaint == "progress"


def test_what_was_never_counted_is_progress_all_the_same() -> None:
    backlog = Backlog(soft=100, hard=1000, patience_s=10)
    backlog.wrote(500)
    assert not backlog.is_hopeless(500, 0.0)
    # The client took all 500 and then whole writes at once, which nobody counts; now 400 wait again.
    backlog.wrote(400)
    assert not backlog.is_hopeless(400, 10.1)
    assert backlog.is_hopeless(400, 20.3)


def test_client_above_the_hard_bound_is_cut_at_once() -> None:
    backlog = Backlog(soft=100, hard=1000, patience_s=10)
    backlog.wrote(1001)
    assert backlog.is_hopeless(1001, 0.0)
    assert backlog.complaint == "size"


def test_token_bucket() -> None:
    bucket = TokenBucket(per_s=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert not bucket.is_full(1.0) and bucket.is_full(2.0)


def enter(gate: Admission, address: str, now: float = 0.0, peer: str = "") -> Place | Refusal:
    """A place, signed in; or why not."""
    place = gate.open(peer or address)
    assert place is not None
    refusal = place.admit(address, now)
    if refusal is not None:
        place.leave()
        return refusal
    place.sign_in()
    return place


def test_open_connections_per_address() -> None:
    gate = admission(FYNLO_WS_MAX_OPEN_PER_IP="2")
    first, second, third = (enter(gate, "a") for _ in range(3))
    assert isinstance(first, Place) and isinstance(second, Place)
    assert isinstance(third, Refusal) and third.status == 429 and 30 <= third.retry_after_s <= 60
    assert isinstance(enter(gate, "b"), Place)
    first.leave()
    first.leave()
    assert isinstance(enter(gate, "a"), Place)
    assert isinstance(enter(gate, "a"), Refusal)


def test_connects_per_second_and_address() -> None:
    gate = admission(FYNLO_WS_CONNECTS_PER_IP_PER_S="1", FYNLO_WS_CONNECT_BURST_PER_IP="2")
    assert [isinstance(enter(gate, "a"), Place) for _ in range(3)] == [True, True, False]
    assert isinstance(enter(gate, "a", 1.0), Place)
    assert isinstance(enter(gate, "b"), Place)


def test_connects_per_second_in_all_and_when_to_come_back() -> None:
    gate = admission(FYNLO_WS_CONNECTS_PER_S="2", FYNLO_WS_CONNECT_BURST="3")
    assert all(isinstance(enter(gate, f"a{n}"), Place) for n in range(3))
    refused = [enter(gate, f"b{n}") for n in range(60)]
    assert {r.status for r in refused if isinstance(r, Refusal)} == {503} and len(refused) == 60
    assert {r.retry_after_s for r in refused if isinstance(r, Refusal)} == {2, 3, 4}  # spread, not one moment
    assert isinstance(enter(gate, "c", 0.5), Place)


def test_one_address_that_is_refused_takes_nothing_from_the_others() -> None:
    gate = admission(FYNLO_WS_CONNECT_BURST_PER_IP="1", FYNLO_WS_CONNECTS_PER_S="1", FYNLO_WS_CONNECT_BURST="2")
    assert isinstance(enter(gate, "a"), Place)
    assert all(isinstance(enter(gate, "a"), Refusal) for _ in range(100))
    assert isinstance(enter(gate, "b"), Place)


def test_connections_in_all() -> None:
    gate = admission(FYNLO_WS_MAX_CONNECTIONS="1")
    place = enter(gate, "a")
    refusal = enter(gate, "b")
    assert isinstance(refusal, Refusal) and refusal.status == 503
    assert isinstance(place, Place)
    place.leave()
    assert isinstance(enter(gate, "b"), Place)


def test_sockets_that_never_sign_in_are_bounded_per_address() -> None:
    gate = admission(FYNLO_WS_MAX_WAITING_PER_IP="2")
    opening, waiting = gate.open("a"), gate.open("a")
    assert opening is not None and waiting is not None and waiting.admit("a", 0.0) is None
    assert gate.open("a") is None and gate.hung_up == 1
    assert gate.open("b") is not None
    waiting.sign_in()
    third = gate.open("a")
    assert third is not None and gate.open("a") is None
    opening.leave()
    third.leave()
    assert gate.opening == 1 and gate.open("a") is not None and gate.open("a") is not None


def test_handshakes_under_way_are_bounded() -> None:
    gate = admission(FYNLO_WS_MAX_HANDSHAKES="2")
    first = gate.open("a")
    assert first is not None and gate.open("b") is not None and gate.open("c") is None
    assert first.admit("a", 0.0) is None  # upgraded: no longer a handshake
    assert gate.open("c") is not None and gate.open("d") is None


def test_our_proxy_is_not_one_client_but_its_clients_are() -> None:
    gate = admission(FYNLO_WS_MAX_WAITING_PER_IP="2", FYNLO_WS_TRUSTED_PROXIES="10.0.0.0/8")
    places = [gate.open("10.0.0.1") for _ in range(5)]
    outcomes = [place.admit("203.0.113.9", 0.0) for place in places if place is not None]
    assert [outcome and outcome.status for outcome in outcomes] == [None, None, 429, 429, 429]
    other = gate.open("10.0.0.1")
    assert other is not None and other.admit("203.0.113.10", 0.0) is None
    for place in (*places, other):
        assert place is not None
        place.leave()
    assert (gate.opening, gate.admitted, gate._waiting, gate._open) == (0, 0, {}, {})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: Sequence[str], address: str) -> None:
    trusted = (ipaddress.ip_network("10.0.0.0/8"),)
    assert client_address(peer, forwarded, trusted) == address
