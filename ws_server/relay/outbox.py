"""The PostgreSQL side of the relay: numbering, reading back and forgetting outbox rows."""

from __future__ import annotations

import select
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import psycopg2
from psycopg2.extras import execute_values

from .event import Event

__all__ = ["FORGET", "UNNUMBERED", "Outbox"]

Name = TypeVar("Name", bound=Hashable)

CHANNEL = "fynlo_outbox"
# Any fixed number serves: it names the right to number rows in this database.
LEADER_LOCK = 0x46594E4C4F

# A dead peer must show as an error within seconds, or the relay would stand still with it.
_LIVENESS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "fynlo-relay",
}

_ADVANCE_TOPIC = (
    "INSERT INTO fynlo_topic (topic, company_id, last_offset) VALUES %s"
    " ON CONFLICT (topic)"
    " DO UPDATE SET last_offset = fynlo_topic.last_offset + EXCLUDED.last_offset"
    " RETURNING topic, last_offset"
)
_ADVANCE_FEED = (
    "INSERT INTO fynlo_feed (company_id, last_seq) VALUES %s"
    " ON CONFLICT (company_id)"
    " DO UPDATE SET last_seq = fynlo_feed.last_seq + EXCLUDED.last_seq"
    " RETURNING company_id, last_seq"
)

# Both walk an index from its beginning and stop: their cost does not grow with the table.
UNNUMBERED = (
    "SELECT id, company_id, topic, event_id, type, payload, created_at"
    "  FROM fynlo_outbox WHERE topic_offset IS NULL ORDER BY id LIMIT %s"
)
FORGET = (
    "WITH old AS ("
    "  SELECT id, company_id, seq, row_number() OVER (PARTITION BY company_id ORDER BY seq) AS place"
    "    FROM (SELECT id, company_id, seq FROM fynlo_outbox WHERE topic_offset IS NOT NULL AND created_at <"
    "            (now() AT TIME ZONE 'UTC') - make_interval(days => %s) ORDER BY created_at LIMIT %s) AS aged),"
    " beginning AS MATERIALIZED ("  # once for each company, not for each row
    "  SELECT company_id, (SELECT min(seq) FROM fynlo_outbox o WHERE o.company_id = c.company_id) AS seq"
    "    FROM (SELECT DISTINCT company_id FROM old) AS c)"
    " DELETE FROM fynlo_outbox o USING old JOIN beginning b USING (company_id)"
    "  WHERE o.id = old.id AND old.seq = b.seq + old.place - 1"
)

_COLUMNS = "topic, topic_offset, event_id, type, payload, created_at"


class Outbox:
    """Two connections: one works and holds the leader's lock, one listens.

    The lock lives on the connection that numbers, so a relay that lost it cannot number.
    Every method raises ``psycopg2.Error`` when the database is away; then close and open anew.
    """

    def __init__(self, dsn: str) -> None:
        self._work = psycopg2.connect(dsn, options="-c statement_timeout=30000", **_LIVENESS)
        try:
            self._listen = psycopg2.connect(dsn, **_LIVENESS)
        except psycopg2.Error:
            self._work.close()
            raise
        self._listen.autocommit = True
        with self._listen.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def close(self) -> None:
        """Let go of both connections, and with them of the lock."""
        for connection in (self._work, self._listen):
            connection.close()

    def take_lead(self) -> bool:
        """Whether this relay now is the one that numbers."""
        rows = self._query("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,))
        return bool(rows[0][0])

    def wait(self, timeout_s: float, stop_fd: int) -> None:
        """Return when rows were announced, ``stop_fd`` is readable or the time is over."""
        ready, _, _ = select.select([self._listen, stop_fd], [], [], timeout_s)
        if self._listen in ready:
            self._listen.poll()
            self._listen.notifies.clear()

    def number(self, limit: int) -> list[Event]:
        """Give the oldest unnumbered rows their places, commit, and return them in order.

        Order is the order in which rows became visible: a row of a slow transaction gets a later
        place, never a skipped one.
        """
        with self._work, self._work.cursor() as cursor:
            cursor.execute(UNNUMBERED, (limit,))
            rows = cursor.fetchall()
            if not rows:
                return []
            companies = [row[1] for row in rows]
            offsets = _topic_places(cursor, [row[2] for row in rows], companies)
            seqs = _feed_places(cursor, companies)
            execute_values(
                cursor,
                "UPDATE fynlo_outbox o SET topic_offset = v.topic_offset, seq = v.seq"
                "  FROM (VALUES %s) AS v (id, topic_offset, seq) WHERE o.id = v.id",
                [(r[0], offset, seq) for r, offset, seq in zip(rows, offsets, seqs, strict=True)],
                page_size=limit,
            )
        return [Event(r[2], offset, *r[3:]) for r, offset in zip(rows, offsets, strict=True)]

    def last_offsets(self) -> dict[str, int]:
        """The last place given in every topic."""
        return dict(self._query("SELECT topic, last_offset FROM fynlo_topic WHERE last_offset > 0"))

    def events_between(self, topic: str, after: int, upto: int) -> list[Event]:
        """The retained events of a topic with ``after < offset <= upto``, in order."""
        rows = self._query(
            f"SELECT {_COLUMNS} FROM fynlo_outbox"  # noqa: S608 - a constant of this file
            "  WHERE topic = %s AND topic_offset > %s AND topic_offset <= %s ORDER BY topic_offset",
            (topic, after, upto),
        )
        return [Event(*row) for row in rows]

    def event_ids(self, places: Mapping[str, int]) -> dict[str, str]:
        """The event at one place of each topic; topics whose row is no longer kept are left out."""
        if not places:
            return {}
        with self._work, self._work.cursor() as cursor:
            found = execute_values(
                cursor,
                "SELECT o.topic, o.event_id FROM (VALUES %s) AS place (topic, topic_offset)"
                "  JOIN fynlo_outbox o USING (topic, topic_offset)",
                sorted(places.items()),
                page_size=len(places),
                fetch=True,
            )
        return dict(found)

    def oldest_unnumbered(self) -> datetime | None:
        """When the oldest row still waiting for its place was written (naive UTC)."""
        rows = self._query("SELECT created_at FROM fynlo_outbox WHERE topic_offset IS NULL ORDER BY id LIMIT 1")
        return rows[0][0] if rows else None

    def forget(self, days: int, limit: int) -> int:
        """Delete at most ``limit`` numbered rows older than ``days``; return how many went.

        Of each company only the beginning of its feed goes, never a row from between others: what is
        left has no hole, so a reader that is too far behind is told so. A row that is held back by
        an earlier, younger one goes later.
        """
        with self._work, self._work.cursor() as cursor:
            cursor.execute(FORGET, (days, limit))
            return int(cursor.rowcount)

    def _query(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._work, self._work.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def _topic_places(cursor: Any, topics: list[str], companies: list[int]) -> list[int]:
    counts, owner = Counter(topics), dict(zip(topics, companies, strict=True))
    values = [(topic, owner[topic], counts[topic]) for topic in sorted(counts)]
    last = execute_values(cursor, _ADVANCE_TOPIC, values, page_size=len(values), fetch=True)
    return _count_up(topics, counts, dict(last))


def _feed_places(cursor: Any, companies: list[int]) -> list[int]:
    counts = Counter(companies)
    values = sorted(counts.items())
    last = execute_values(cursor, _ADVANCE_FEED, values, page_size=len(values), fetch=True)
    return _count_up(companies, counts, dict(last))


def _count_up(names: list[Name], counts: Counter[Name], last: dict[Name, int]) -> list[int]:
    """Each row's place, given how far its counter went for all rows of the same name."""
    place = {name: last[name] - counts[name] for name in counts}
    places = []
    for name in names:
        place[name] += 1
        places.append(place[name])
    return places
