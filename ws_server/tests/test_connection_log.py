"""The connection log without sockets or Redis: what is told, in which order, and what is given up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.frames import Close
from websockets.protocol import Protocol, Side

from ws_server.gateway import connection_log
from ws_server.gateway.connection_log import Batch, ConnectionLog, Ending, Opening, Outcome, outcome_of


def opening(name: str, **changes: Any) -> Opening:
    known = {
        "employee": "e",
        "device": "d",
        "session": "s",
        "address": "192.0.2.7",
        "agent": "Till/1.0",
        "opened_at": 5,
    }
    return Opening(id=name, **{**known, **changes})


def ending(code: int = 1000, by: str = "client") -> Ending:
    return Ending(9.0, Outcome(code, "bye", by), topics=2, received=3, bytes_sent=40, replayed=1)


def told(batch: Batch) -> list[dict[str, Any]]:
    return [json.loads(record) for record in batch.records]


def kinds(batch: Batch) -> list[tuple[str, Any]]:
    return [(one["kind"], one.get("id") or one["connections"]) for one in told(batch)]


@pytest.fixture
def log() -> ConnectionLog:
    return ConnectionLog("process-1", 0.0)


def test_a_connection_is_announced_once_and_its_ending_says_all(log: ConnectionLog) -> None:
    log.opened(opening("a"))
    assert told(log.take(6.0)) == [
        {
            "kind": "opened",
            "gateway": "process-1",
            "id": "a",
            "employee": "e",
            "device": "d",
            "session": "s",
            "address": "192.0.2.7",
            "agent": "Till/1.0",
            "opened_at": 5,
            "seen_at": 6.0,
        }
    ]
    assert log.take(7.0).records == []
    log.closed("a", ending())
    assert told(log.take(8.0)) == [
        {
            "kind": "closed",
            "gateway": "process-1",
            "id": "a",
            "employee": "e",
            "device": "d",
            "session": "s",
            "address": "192.0.2.7",
            "agent": "Till/1.0",
            "opened_at": 5,
            "closed_at": 9.0,
            "code": 1000,
            "reason": "bye",
            "by": "client",
            "topics": 2,
            "received": 3,
            "bytes_sent": 40,
            "replayed": 1,
        }
    ]
    assert (len(log), log.waiting) == (0, 0)


def test_a_short_connection_is_one_record(log: ConnectionLog) -> None:
    log.opened(opening("a"))
    log.closed("a", ending())
    assert kinds(log.take(1.0)) == [("closed", "a")]


def test_who_never_signed_in_is_not_recorded(log: ConnectionLog) -> None:
    log.closed("a", ending(4401, "server"))
    assert log.take(1.0).records == []


def test_a_sweep_names_all_open_connections_once_a_minute(log: ConnectionLog) -> None:
    for number in range(1203):
        log.opened(opening(str(number)))
    batches = [log.take(1.0) for _ in range(3)]
    assert [len(batch.records) for batch in batches] == [500, 500, 203]
    log.closed("7", ending())
    assert kinds(log.take(59.9)) == [("closed", "7")]
    sweep = told(log.take(60.0))
    assert [len(one["connections"]) for one in sweep] == [500, 500, 202]
    assert {one["seen_at"] for one in sweep} == {60.0}
    assert log.take(61.0).records == []
    assert log.swept_at == 60.0


def test_what_was_given_back_comes_again_in_order_and_only_if_it_still_holds(log: ConnectionLog) -> None:
    log.opened(opening("gone"))
    log.opened(opening("stays"))
    log.opened(opening("ends"))
    log.closed("ends", ending())
    batch = log.take(60.0)
    assert kinds(batch) == [("opened", "gone"), ("opened", "stays"), ("closed", "ends"), ("seen", ["gone", "stays"])]
    log.closed("gone", ending())
    log.opened(opening("new"))
    log.give_back(batch)
    assert log.swept_at == 0.0
    assert kinds(log.take(60.1)) == [
        ("opened", "stays"),
        ("opened", "new"),
        ("closed", "ends"),
        ("closed", "gone"),
        ("seen", ["stays", "new"]),
    ]


def test_memory_is_bounded_while_redis_is_away(log: ConnectionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_log, "ENDINGS_MOST", 100)
    for number in range(250):
        log.opened(opening(str(number)))
        log.closed(str(number), ending())
        log.give_back(log.take(1.0))
    assert (log.dropped, log.waiting) == (150, 100)
    assert [name for _, name in kinds(log.take(2.0))] == [str(number) for number in range(150, 250)]


def test_everything_open_is_announced_anew_when_asked_and_every_half_hour(log: ConnectionLog) -> None:
    log.opened(opening("a"))
    log.opened(opening("b"))
    log.take(1.0)
    log.announce_again()
    log.closed("a", ending())
    assert kinds(log.take(2.0)) == [("opened", "b"), ("closed", "a")]
    assert kinds(log.take(1800.0)) == [("opened", "b"), ("seen", ["b"])]


def test_what_clients_say_of_themselves_is_cut_and_cleaned(log: ConnectionLog) -> None:
    log.opened(opening("a", agent="x\x00\x1b[31m\n" + "y" * 10_000))
    (record,) = told(log.take(1.0))
    assert record["agent"].startswith("x  [31m yyy")
    assert len(record["agent"]) == 200


def protocol(sent: Close | None, received: Close | None, client_first: bool | None) -> Protocol:
    ended = Protocol(Side.SERVER)
    ended.close_sent, ended.close_rcvd, ended.close_rcvd_then_sent = sent, received, client_first
    return ended


@pytest.mark.parametrize(
    ("sent", "received", "client_first", "outcome"),
    [
        (Close(1000, "x"), Close(1001, "tab closed"), True, Outcome(1001, "tab closed", "client")),
        (None, Close(1000, ""), None, Outcome(1000, "", "client")),
        (
            Close(4403, "device_revoked"),
            Close(4403, "device_revoked"),
            False,
            Outcome(4403, "device_revoked", "server"),
        ),
        (Close(4408, "too slow"), None, None, Outcome(4408, "too slow", "server")),
        (Close(1011, "keepalive ping timeout"), None, None, Outcome(1011, "no answer to pings", "network")),
        (Close(1011, ""), None, None, Outcome(1011, "", "server")),
        (None, None, None, Outcome(1006, "", "network")),
        (Close(1000, ""), Close(1000, "\x00" + "z" * 122), True, Outcome(1000, " " + "z" * 119, "client")),
    ],
)
def test_who_ended_it(sent: Close | None, received: Close | None, client_first: bool | None, outcome: Outcome) -> None:
    assert outcome_of(protocol(sent, received, client_first)) == outcome
