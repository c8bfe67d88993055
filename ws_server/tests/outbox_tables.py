"""The tables of the outbox as Odoo creates them, and rows as its transactions write them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg2  # type: ignore[import-untyped]

DDL = """
CREATE TABLE fynlo_outbox (
    id serial PRIMARY KEY, company_id int, topic varchar, type varchar, event_id varchar,
    resource_id varchar, deleted bool, payload text,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    topic_offset int, seq int
);
CREATE INDEX ON fynlo_outbox (id) WHERE topic_offset IS NULL;
CREATE INDEX ON fynlo_outbox (created_at);
CREATE UNIQUE INDEX ON fynlo_outbox (topic, topic_offset);
CREATE UNIQUE INDEX ON fynlo_outbox (company_id, seq);
CREATE TABLE fynlo_topic (
    id serial PRIMARY KEY, topic varchar UNIQUE, company_id int, last_offset int
);
CREATE TABLE fynlo_feed (id serial PRIMARY KEY, company_id int UNIQUE, last_seq int);
"""


class OutboxTables:
    """A test's own hand on the database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection = psycopg2.connect(dsn)

    def emit(self, topic: str, *payloads: Any, type: str = "order.updated", company: int = 1) -> None:
        """Write one event per payload in one transaction, as a business transaction does."""
        with self.connection, self.connection.cursor() as cursor:
            for payload in payloads:
                cursor.execute(
                    "INSERT INTO fynlo_outbox"
                    "  (company_id, topic, type, event_id, resource_id, deleted, payload)"
                    "  VALUES (%s, %s, %s, %s, %s, false, %s)",
                    (
                        company,
                        topic,
                        type,
                        str(uuid.uuid4()),
                        str(uuid.uuid4()),
                        json.dumps(payload),
                    ),
                )
            cursor.execute("SELECT pg_notify('fynlo_outbox', '')")

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        self.connection.close()
