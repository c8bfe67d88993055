"""Old rows and old entries go, in small steps, and never so that somebody misses something without being told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ws_server.relay.outbox import FORGET, UNNUMBERED, Outbox
from ws_server.relay.recovery import recover
from ws_server.relay.relay import FORGET_BATCH
from ws_server.relay.streams import Streams

from .outbox_tables import OutboxTables
from .shelf import Shelf

ORDERS, MENU = "l.1.orders", "l.1.menu"
DAY = timedelta(days=1)
MANY = """
    INSERT INTO fynlo_outbox (company_id, topic, type, event_id, payload, created_at, topic_offset, seq)
    SELECT 1, 'l.1.orders', 'order.updated', n::text, 'null',
           (now() AT TIME ZONE 'UTC') - interval '6 days' + n * interval '1 second', n, n
      FROM generate_series(1, 20000) AS n
"""


def day_ago() -> datetime:
    return datetime.now(UTC) - DAY


@pytest.fixture
def three_old(outbox: OutboxTables, database: Outbox, streams: Streams) -> str:
    """Five orders in the stream, three of them two days old; a menu event as old. Returns the epoch."""
    epoch = recover(database, streams, 100).epoch
    outbox.emit(ORDERS, "a", "b", "c", "young", "younger")
    outbox.emit(MENU, "old and alone")
    outbox.query(
        "UPDATE fynlo_outbox SET created_at = created_at - interval '2 days' WHERE payload NOT LIKE %s", '"young%'
    )
    streams.append(database.number(500), epoch)
    return epoch


def test_old_entries_are_trimmed_and_the_newest_stays(three_old: str, streams: Streams, shelf: Shelf) -> None:
    trimmer = streams.trimmer()
    while not trimmer.step(day_ago()):
        pass
    assert (shelf.offsets(ORDERS), shelf.offsets(MENU)) == ([4, 5], [1])
    assert (trimmer.trimmed, trimmer.streams) == (3, 2)
    while not trimmer.step(day_ago()):
        pass
    assert (trimmer.trimmed, trimmer.streams) == (3, 2)


def test_trimmed_stream_is_not_taken_for_a_loss(
    three_old: str, outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf
) -> None:
    trimmer = streams.trimmer()
    while not trimmer.step(datetime.now(UTC) + DAY):
        pass
    assert shelf.offsets(ORDERS) == [5]
    recovery = recover(database, streams, 100)
    assert (recovery.epoch, recovery.refilled) == (three_old, 0)
    outbox.emit(ORDERS, "next")
    streams.append(database.number(500), three_old)
    assert shelf.offsets(ORDERS) == [5, 6]


@pytest.mark.parametrize("old", [0, 1, 2, 511, 512, 998, 999])
def test_cut_is_found_wherever_it_is(
    outbox: OutboxTables, database: Outbox, streams: Streams, shelf: Shelf, old: int
) -> None:
    epoch = recover(database, streams, 5000).epoch
    outbox.query(MANY.replace("20000", "999"))
    outbox.query("UPDATE fynlo_outbox SET created_at = now() AT TIME ZONE 'UTC' WHERE topic_offset > %s", old)
    streams.append(database.events_between(ORDERS, 0, 999), epoch)
    trimmer = streams.trimmer()
    while not trimmer.step(day_ago()):
        pass
    assert shelf.offsets(ORDERS)[0] == min(old + 1, 999)
    assert shelf.offsets(ORDERS)[-1] == 999


def test_feed_never_gets_a_hole(outbox: OutboxTables, database: Outbox) -> None:
    """A row of a slow transaction is older than its predecessor in the feed: it must not go before it."""
    outbox.emit(ORDERS, "first", "younger", "slow", "last")
    outbox.emit(ORDERS, "other company", company=2)
    database.number(500)
    aged = "UPDATE fynlo_outbox SET created_at = created_at - interval '8 days' WHERE payload = ANY(%s)"
    outbox.query(aged, ['"first"', '"slow"', '"other company"'])
    assert database.forget(7, 500) == 2
    kept = "SELECT payload FROM fynlo_outbox WHERE company_id = %s ORDER BY seq"
    assert outbox.query(kept, 1) == [('"younger"',), ('"slow"',), ('"last"',)]
    assert outbox.query(kept, 2) == []
    outbox.query(aged, ['"younger"'])
    assert database.forget(7, 500) == 2
    assert outbox.query(kept, 1) == [('"last"',)]


def test_deleting_keeps_up_and_leaves_what_is_young(outbox: OutboxTables, database: Outbox) -> None:
    outbox.query(MANY)
    outbox.query("UPDATE fynlo_outbox SET created_at = created_at - interval '3 days' WHERE seq <= 4500")
    assert [database.forget(7, 1000) for _ in range(6)] == [1000, 1000, 1000, 1000, 500, 0]
    assert outbox.query("SELECT min(seq), count(*) FROM fynlo_outbox") == [(4501, 15_500)]


def test_deleting_keeps_up_with_rows_whose_ages_are_not_quite_in_order(outbox: OutboxTables, database: Outbox) -> None:
    """Concurrent transactions commit out of order; the relay goes on at once after at least half a batch."""
    outbox.query(MANY)
    outbox.query("SELECT setseed(0.5)")
    outbox.query("UPDATE fynlo_outbox SET created_at = created_at + random() * interval '5 seconds'")
    outbox.query("UPDATE fynlo_outbox SET created_at = created_at - interval '3 days' WHERE seq <= 4500")
    batches = list(iter(lambda: database.forget(7, 1000), 0))
    assert sum(batches) == 4500
    assert all(rows >= FORGET_BATCH // 2 for rows in batches[:4])
    assert len(batches) <= 6


def plan_of(outbox: OutboxTables, statement: str, *values: object) -> str:
    """The plan as PostgreSQL would choose it for a table of some size."""
    outbox.query("ANALYZE fynlo_outbox")
    rows: list[tuple[Any, ...]] = outbox.query(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    return json.dumps(rows[0][0])


def test_neither_numbering_nor_deleting_reads_the_whole_table(outbox: OutboxTables) -> None:
    outbox.query(MANY)
    numbering, deleting = plan_of(outbox, UNNUMBERED, 500), plan_of(outbox, FORGET, 7, 1000)
    assert "fynlo_outbox_id_idx" in numbering
    assert "fynlo_outbox_created_at_idx" in deleting
    assert "CTE beginning" in deleting  # a plan that looks for it row by row takes forty times as long
    assert "Seq Scan" not in numbering + deleting
