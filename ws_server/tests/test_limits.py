"""Slow clients, crowded addresses and proxies: the pure rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from ws_server.gateway.admission import Admission, client_address
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


def test_client_above_the_hard_bound_is_cut_at_once() -> None:
    backlog = Backlog(soft=100, hard=1000, patience_s=10)
    backlog.wrote(1001)
    assert backlog.is_hopeless(1001, 0.0)


def test_token_bucket() -> None:
    bucket = TokenBucket(per_s=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert not bucket.is_full(1.0) and bucket.is_full(2.0)


def test_open_connections_per_address() -> None:
    gate = admission(FYNLO_WS_MAX_OPEN_PER_IP="2")
    assert gate.admit("a", 0.0) is None and gate.admit("a", 0.0) is None
    refusal = gate.admit("a", 0.0)
    assert refusal is not None and (refusal.status, refusal.retry_after_s) == (429, 30)
    assert gate.admit("b", 0.0) is None
    gate.release("a")
    assert gate.admit("a", 0.0) is None


def test_connects_per_second_and_address() -> None:
    gate = admission(FYNLO_WS_CONNECTS_PER_IP_PER_S="1", FYNLO_WS_CONNECT_BURST_PER_IP="2")
    assert [gate.admit("a", 0.0) is None for _ in range(3)] == [True, True, False]
    assert gate.admit("a", 1.0) is None
    assert gate.admit("b", 0.0) is None


def test_connections_in_all() -> None:
    gate = admission(FYNLO_WS_MAX_CONNECTIONS="1")
    assert gate.admit("a", 0.0) is None
    refusal = gate.admit("b", 0.0)
    assert refusal is not None and refusal.status == 503


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
