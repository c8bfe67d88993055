"""Numbering, publishing and repairing, against real PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from ws_server.relay.event import Event
from ws_server.relay.health import serve_health
from ws_server.relay.outbox import Outbox
from ws_server.relay.recovery import recover
from ws_server.relay.status import RelayStatus
from ws_server.relay.streams import EpochLost, StreamEnd, Streams

from .outbox_tables import OutboxTables
from .processes import get_json, wait_until
from .shelf import Shelf

ORDERS, MENU = "l.1.orders", "l.1.menu"


def test_numbers_are_contiguous_per_topic_and_company(outbox: OutboxTables, database: Outbox) -> None:
    outbox.emit(ORDERS, 1, 2)
    outbox.emit(MENU, 3)
    outbox.emit("l.9.orders", 4, company=2)
    outbox.emit(ORDERS, 5)
    numbered = [(e.topic, e.offset) for e in database.number(500)]
    assert numbered == [(ORDERS, 1), (ORDERS, 2), (MENU, 1), ("l.9.orders", 1), (ORDERS, 3)]
    outbox.emit(ORDERS, 6, 7)
    assert [e.offset for e in database.number(1)] == [4]
    assert [e.offset for e in database.number(500)] == [5]
    assert database.number(500) == []
    rows = outbox.query("SELECT company_id, topic_offset, seq FROM fynlo_outbox ORDER BY id")
    assert rows == [(1, 1, 1), (1, 2, 2), (1, 1, 3), (2, 1, 1), (1, 3, 4), (1, 4, 5), (1, 5, 6)]
    assert database.last_offsets() == {ORDERS: 5, MENU: 1, "l.9.orders": 1}


def test_slow_transaction_gets_a_later_place(outbox: OutboxTables, database: Outbox) -> None:
    slow = OutboxTables(outbox.dsn)
    cursor = slow.connection.cursor()
    cursor.execute(
        "INSERT INTO fynlo_outbox (company_id, topic, type, event_id, payload)"
        " VALUES (1, %s, 'order.created', 'slow', 'null')",
        (ORDERS,),
    )
    outbox.emit(ORDERS, "fast")
    assert [e.payload for e in database.number(500)] == ['"fast"']
    slow.connection.commit()
    assert [(e.event_id, e.offset) for e in database.number(500)] == [("slow", 2)]
    slow.close()


def test_frame() -> None:
    at = datetime(2026, 11, 24, 19, 2, 11, 123456)
    event = Event(ORDERS, 58, "id-1", "order.updated", '{"name": "Café", "n": 1.50}', at)
    assert event.frame().decode() == (
        '{"topic":"l.1.orders","offset":58,"id":"id-1","type":"order.updated",'
        '"at":"2026-11-24T19:02:11.123Z","data":{"name":"Café","n":1.5}}'
    )


@pytest.mark.parametrize("payload", ["{", "NaN", '{"x": Infinity}', ""])
def test_unreadable_payload_becomes_null(payload: str) -> None:
    at = datetime(2026, 11, 24)
    frame = Event(ORDERS, 1, "id-1", "order.updated", payload, at).frame()
    assert json.loads(frame)["data"] is None


def test_append_is_safe_to_repeat(outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, "a", "b", "c")
    events = database.number(500)
    streams.append(events[:2], epoch)
    streams.append(events, epoch)
    assert [frame["data"] for frame in shelf.frames(ORDERS)] == ["a", "b", "c"]


def test_append_notices_an_emptied_redis(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, prefix: str
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, 1, 2)
    streams.append(database.number(500), epoch)
    shelf.client.delete(f"{prefix}epoch", f"{prefix}s:{ORDERS}")
    outbox.emit(ORDERS, 3)
    with pytest.raises(EpochLost):
        streams.append(database.number(500), epoch)
    with pytest.raises(EpochLost):
        streams.beat(epoch)
    assert recover(database, streams, 100).epoch != epoch
    assert shelf.offsets(ORDERS) == [1, 2, 3]


def test_lost_tail_is_refilled_in_the_same_epoch(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, prefix: str
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, *range(5))
    events = database.number(500)
    streams.append(events[:2], epoch)
    outbox.emit(MENU, "m")
    database.number(500)
    assert recover(database, streams, 100).epoch == epoch
    assert shelf.offsets(ORDERS) == [1, 2, 3, 4, 5]
    assert shelf.offsets(MENU) == [1]
    assert recover(database, streams, 100).epoch == epoch


@pytest.mark.parametrize("loss", ["rows are gone", "too many rows"])
def test_gap_that_cannot_be_closed_begins_an_epoch(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, loss: str
) -> None:
    epoch = recover(database, streams, 4).epoch
    outbox.emit(MENU, "m")
    outbox.emit(ORDERS, *range(10))
    events = database.number(500)
    streams.append(events[:3], epoch)
    if loss == "rows are gone":
        outbox.query("DELETE FROM fynlo_outbox WHERE topic = %s AND topic_offset = 7", ORDERS)
    second = recover(database, streams, 4).epoch
    assert second != epoch
    assert shelf.offsets(ORDERS) == ([8, 9, 10] if loss == "rows are gone" else [7, 8, 9, 10])
    assert shelf.offsets(MENU) == [1]
    assert recover(database, streams, 4).epoch == second


def test_topic_without_retained_rows_keeps_its_place(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    outbox.emit(ORDERS, 1, 2, 3)
    database.number(500)
    outbox.query("DELETE FROM fynlo_outbox")
    epoch = recover(database, streams, 100).epoch
    assert shelf.offsets(ORDERS) == []
    assert streams.ends([ORDERS]) == {ORDERS: StreamEnd(3, None)}
    assert recover(database, streams, 100).epoch == epoch
    outbox.emit(ORDERS, 4)
    streams.append(database.number(500), epoch)
    assert shelf.offsets(ORDERS) == [4]


@pytest.mark.parametrize("known", [True, False])
def test_database_restored_from_a_backup_begins_an_epoch(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, known: bool
) -> None:
    outbox.emit(ORDERS, "a", "b", "lost")
    database.number(500)
    epoch = recover(database, streams, 100).epoch
    if known:
        outbox.query("DELETE FROM fynlo_outbox WHERE topic_offset = 3")
        outbox.query("UPDATE fynlo_topic SET last_offset = 2")
    else:
        outbox.query("TRUNCATE fynlo_outbox, fynlo_topic")
    second = recover(database, streams, 100).epoch
    assert second != epoch
    assert shelf.offsets(ORDERS) == ([1, 2] if known else [])
    outbox.emit(ORDERS, "new")
    streams.append(database.number(500), second)
    assert shelf.frames(ORDERS)[-1]["data"] == "new"


def test_control_events_are_copied_for_every_gateway(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, prefix: str
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit("d.1", {"reason": "lost"}, type="device.revoked")
    outbox.emit("d.1", {}, type="settings.changed")
    streams.append(database.number(500), epoch)
    entries: Any = shelf.client.xrange(f"{prefix}s:_ctl")
    assert [json.loads(fields[b"f"])["type"] for _, fields in entries] == ["device.revoked"]
    assert shelf.offsets("d.1") == [1, 2]


def test_only_one_leads(outbox: OutboxTables, database: Outbox) -> None:
    standby = Outbox(outbox.dsn)
    assert database.take_lead()
    assert not standby.take_lead()
    database.close()
    wait_until(standby.take_lead, what="the lead is free")  # PostgreSQL ends a session a moment later
    standby.close()


def test_forget_keeps_young_and_unsent_rows(outbox: OutboxTables, database: Outbox) -> None:
    outbox.emit(ORDERS, "old", "old too", "young")
    database.number(500)
    outbox.emit(ORDERS, "old but unsent")
    old = "UPDATE fynlo_outbox SET created_at = created_at - interval '8 days' WHERE payload LIKE %s"
    outbox.query(old, '"old%')
    assert database.forget(7, 1) == 1
    assert database.forget(7, 500) == 1
    assert database.forget(7, 500) == 0
    left = outbox.query("SELECT payload FROM fynlo_outbox ORDER BY id")
    assert left == [('"young"',), ('"old but unsent"',)]


def test_announcement_ends_the_wait(outbox: OutboxTables, database: Outbox) -> None:
    read_fd, write_fd = os.pipe()
    timer = threading.Timer(0.1, lambda: outbox.emit(ORDERS, 1))
    started = datetime.now(UTC)
    timer.start()
    database.wait(5, read_fd)
    assert (datetime.now(UTC) - started).total_seconds() < 2
    timer.join()
    for fd in (read_fd, write_fd):
        os.close(fd)


def test_health_over_http() -> None:
    status = RelayStatus()
    server = serve_health(status, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert get_json(f"{url}/health/ready")[0] == 503
        status.role, status.has_database, status.has_redis = "active", True, True
        status.oldest_unsent_at = datetime.now(UTC).replace(tzinfo=None)
        code, report = get_json(f"{url}/health/ready")
        assert (code, report["role"]) == (200, "active")
        assert 0 <= report["lag_s"] < 5
        status.has_redis = False
        assert get_json(f"{url}/health/ready")[0] == 503
        assert get_json(f"{url}/health/live")[0] == 200
        assert get_json(f"{url}/secret")[0] == 404
    finally:
        server.shutdown()
        server.server_close()
