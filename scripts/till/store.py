"""The till's memory: one SQLite file that survives a crash of the app at any moment."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, method TEXT NOT NULL, path TEXT NOT NULL,
    text TEXT NOT NULL, status INTEGER, answer TEXT);
CREATE INDEX IF NOT EXISTS journal_open ON journal (number) WHERE status IS NULL;
CREATE TABLE IF NOT EXISTS place (topic TEXT PRIMARY KEY, epoch TEXT NOT NULL, offset_ INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS order_copy (id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL);
"""


class Store:
    """Facts by name, and the tables of the journal and of the location's copy.

    Writes wait for the disk (a few milliseconds): a till that goes on before its memory is safe
    forgets a sale when its battery ends.
    """

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """End; the file can be opened again."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or none of it."""
        with self._db:  # commits, or rolls back when something is raised
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        return self._db.execute(statement, values).fetchall()

    def recall(self, name: str) -> Any:
        """A fact kept earlier, or None."""
        rows = self.run("SELECT value FROM fact WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def keep(self, **facts: Any) -> None:
        """Keep facts by name; None forgets."""
        for name, value in facts.items():
            if value is None:
                self.run("DELETE FROM fact WHERE name = ?", name)
            else:
                self.run("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, json.dumps(value))
