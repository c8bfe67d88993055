"""Every write, kept before it is sent and until it is answered."""

import json
from dataclasses import dataclass
from typing import Any

from .answer import Answer
from .identifiers import uuid7
from .store import Store


@dataclass(frozen=True, slots=True)
class Write:
    """A request that changes something. It is repeated to the letter: same key, same bytes."""

    key: str
    method: str
    path: str
    text: str


class Journal:
    """The till's own outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enter(self, method: str, path: str, body: dict[str, Any] | None) -> Write:
        """Keep a new write under a new key."""
        write = Write(uuid7(), method, path, json.dumps(body or {}))
        self._store.run(
            "INSERT INTO journal (key, method, path, text) VALUES (?, ?, ?, ?)",
            write.key,
            write.method,
            write.path,
            write.text,
        )
        return write

    def settle(self, write: Write, answer: Answer) -> None:
        """The write was answered for good, with yes or no."""
        self._store.run(
            "UPDATE journal SET status = ?, answer = ? WHERE key = ?",
            answer.status,
            json.dumps(answer.body),
            write.key,
        )

    def unsettled(self) -> list[Write]:
        """What still waits for its answer, the oldest first."""
        rows = self._store.run("SELECT key, method, path, text FROM journal WHERE status IS NULL ORDER BY number")
        return [Write(*row) for row in rows]

    def forget_settled(self, keep: int = 1000) -> None:
        """Drop all but the last answered writes."""
        self._store.run(
            "DELETE FROM journal WHERE status IS NOT NULL AND number <= (SELECT max(number) FROM journal) - ?", keep
        )
