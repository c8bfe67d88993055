"""What is lost on one side is seen, and made good or told: restored backups, an unwitting former leader, bad rows."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from ws_server.relay.event import LARGEST_DATA_BYTES, Event
from ws_server.relay.outbox import Outbox
from ws_server.relay.recovery import recover
from ws_server.relay.streams import EpochLost, Streams

from .outbox_tables import OutboxTables
from .shelf import Shelf

ORDERS, MENU = "l.1.orders", "l.1.menu"


def test_redis_restored_from_an_older_snapshot_is_continued(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, 1, 2)
    streams.append(database.number(500), epoch)
    snapshot = shelf.client.dump(shelf.key(ORDERS))
    outbox.emit(ORDERS, 3, 4)
    outbox.emit(MENU, "later")
    streams.append(database.number(500), epoch)
    shelf.client.restore(shelf.key(ORDERS), 0, snapshot, replace=True)
    shelf.client.delete(shelf.key(MENU))
    recovery = recover(database, streams, 100)
    assert (recovery.epoch, recovery.is_new, recovery.refilled) == (epoch, False, 3)
    assert (shelf.offsets(ORDERS), shelf.offsets(MENU)) == ([1, 2, 3, 4], [1])


def test_places_given_twice_by_a_restored_database_begin_an_epoch(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    """The restored database has given the lost places again before anybody compared it with Redis."""
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, "a", "b", "lost")
    outbox.emit(MENU, "m")
    streams.append(database.number(500), epoch)
    outbox.query("DELETE FROM fynlo_outbox WHERE payload = %s", '"lost"')
    outbox.query("UPDATE fynlo_topic SET last_offset = 2 WHERE topic = %s", ORDERS)
    outbox.emit(ORDERS, "new", "newer")
    database.number(500)
    recovery = recover(database, streams, 100)
    assert recovery.is_new
    assert [frame["data"] for frame in shelf.frames(ORDERS)] == ["a", "b", "new", "newer"]
    assert shelf.offsets(MENU) == [1]
    assert recover(database, streams, 100).epoch == recovery.epoch


def test_former_leader_adds_nothing_to_the_next_epoch(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    first = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, "a", "never published")
    held_back = database.number(500)
    outbox.query("TRUNCATE fynlo_outbox, fynlo_topic")
    second = streams.renew_epoch([ORDERS])
    for late in (lambda: streams.append(held_back, first), lambda: streams.mark_position(ORDERS, 7, first)):
        with pytest.raises(EpochLost):
            late()
    with pytest.raises(EpochLost):
        streams.beat(first)
    assert shelf.offsets(ORDERS) == []
    outbox.emit(ORDERS, "new")
    streams.append(database.number(500), second)
    assert [frame["data"] for frame in shelf.frames(ORDERS)] == ["new"]


def test_key_that_is_no_stream_is_replaced(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    recover(database, streams, 100)
    outbox.emit(ORDERS, 1)
    outbox.emit(MENU, 2)
    database.number(500)
    shelf.client.set(shelf.key(ORDERS), "a stranger's")
    assert recover(database, streams, 100).is_new
    assert (shelf.offsets(ORDERS), shelf.offsets(MENU)) == ([1], [1])


UNSENDABLE = {
    "half a character": '"\\ud800"',
    "nested without end": "[" * 200_000,
    "too large": json.dumps("x" * LARGEST_DATA_BYTES),
    "no JSON": "{",
    "a number of no size": "1" * 10_000,
}


@pytest.mark.parametrize("payload", UNSENDABLE.values(), ids=UNSENDABLE)
def test_row_that_cannot_be_sent_goes_out_as_null_and_holds_up_nobody(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, payload: str
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, "before", "bad", "after")
    outbox.query("UPDATE fynlo_outbox SET payload = %s WHERE payload = %s", payload, '"bad"')
    outbox.emit(MENU, "other")
    streams.append(database.number(500), epoch)
    assert [frame["data"] for frame in shelf.frames(ORDERS)] == ["before", None, "after"]
    assert [frame["data"] for frame in shelf.frames(MENU)] == ["other"]
    assert streams.without_data == 1


def test_payload_that_says_null_is_not_counted_as_lost(
    outbox: OutboxTables, database: Outbox, streams: Streams
) -> None:
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, None, {"note": '"data":null}'})
    streams.append(database.number(500), epoch)
    assert streams.without_data == 0


def test_largest_data_is_still_sent() -> None:
    text = "x" * (LARGEST_DATA_BYTES - 2)
    frame = Event(ORDERS, 1, "id-1", "order.updated", json.dumps(text), datetime(2026, 11, 24)).frame()
    assert json.loads(frame)["data"] == text
