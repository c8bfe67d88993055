"""What two transactions at once can do to each other at each isolation level, and what our way of writing allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.errors import SerializationFailure
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
    ISOLATION_LEVEL_SERIALIZABLE,
)

from loadtests.database.pool import NAME

LEVELS = {
    "read committed": ISOLATION_LEVEL_READ_COMMITTED,
    "repeatable read": ISOLATION_LEVEL_REPEATABLE_READ,
    "serializable": ISOLATION_LEVEL_SERIALIZABLE,
}
#: Two orders' rows in a table of this test's own; nothing of the product is touched.
TABLE = "CREATE TABLE fynlo_load_isolation (id int PRIMARY KEY, amount int NOT NULL, version int NOT NULL)"
FILL = "TRUNCATE fynlo_load_isolation; INSERT INTO fynlo_load_isolation VALUES (1, 100, 1), (2, 100, 1)"
READ = "SELECT amount, version FROM fynlo_load_isolation WHERE id = %s"
BLIND = "UPDATE fynlo_load_isolation SET amount = %s, version = version + 1 WHERE id = %s"
CONDITIONAL = "UPDATE fynlo_load_isolation SET amount = %s, version = version + 1 WHERE id = %s AND version = %s"
SUM = "SELECT sum(amount) FROM fynlo_load_isolation"


@dataclass(frozen=True, slots=True)
class Trial:
    """One anomaly at one level: whether it happened, and whether it may."""

    anomaly: str
    level: str
    happened: bool
    may_happen: bool

    @property
    def fault(self) -> str:
        """A sentence when the level does not keep what PostgreSQL promises, or keeps more."""
        if self.happened == self.may_happen:
            return ""
        return f"{self.anomaly} at {self.level}: {'happened' if self.happened else 'did not happen'}"

    def row(self) -> list[str]:
        return [self.anomaly, self.level, "happens" if self.happened else "refused", "" if not self.fault else "FAULT"]


def try_anomalies(dsn: str) -> list[Trial]:
    """Every anomaly at every level. The version-conditional update is the only one that ours rely on."""
    with _pair(dsn) as (first, second):
        return [
            trial
            for level in LEVELS
            for trial in (
                _trial("non-repeatable read", level, _read_twice(first, second, level), {"read committed"}),
                _trial("lost update, blind", level, _lose(first, second, level, BLIND), {"read committed"}),
                _trial("lost update, by version", level, _lose(first, second, level, CONDITIONAL), set()),
                _trial("write skew", level, _skew(first, second, level), {"read committed", "repeatable read"}),
            )
        ]


def _trial(anomaly: str, level: str, happened: bool, allowed: set[str]) -> Trial:
    return Trial(anomaly, level, happened, level in allowed)


@contextmanager
def _pair(dsn: str) -> Iterator[tuple[Any, Any]]:
    first, second = (psycopg2.connect(dsn, application_name=NAME) for _ in range(2))
    try:
        _do(first, TABLE)
        first.commit()
        yield first, second
    finally:
        first.rollback()
        second.rollback()
        _do(first, "DROP TABLE IF EXISTS fynlo_load_isolation")
        first.commit()
        first.close()
        second.close()


def _begin(first: Any, second: Any, level: str) -> None:
    """Both at the level, in fresh transactions, the table as it was."""
    for connection in (first, second):
        connection.rollback()
        connection.set_isolation_level(LEVELS[level])
    _do(first, FILL)
    first.commit()


def _read_twice(first: Any, second: Any, level: str) -> bool:
    _begin(first, second, level)
    before = _one(first, READ, 1)
    _do(second, BLIND, 150, 1)
    second.commit()
    return bool(_one(first, READ, 1) != before)


def _lose(first: Any, second: Any, level: str, update: str) -> bool:
    """Both read 100 and add their own; whether an addition is gone though its writer was told that it is done."""
    _begin(first, second, level)
    done = 0
    values = [_one(connection, READ, 1) for connection in (first, second)]
    for connection, (amount, version) in zip((first, second), values, strict=True):
        done += _update(connection, update, amount + 10, 1, version)
    first.rollback()
    return bool(_one(first, READ, 1)[0] != 100 + 10 * done)


def _update(connection: Any, update: str, amount: int, row: int, version: int) -> bool:
    """Whether the update was done and committed."""
    values = (amount, row, version) if update is CONDITIONAL else (amount, row)
    try:
        found = _do(connection, update, *values)
        connection.commit()
    except SerializationFailure:
        connection.rollback()
        return False
    return found == 1


def _skew(first: Any, second: Any, level: str) -> bool:
    """Together the two may fall to 100. Whether both fell to nothing, each having seen the other untouched."""
    _begin(first, second, level)
    for connection in (first, second):
        assert _one(connection, SUM)[0] == 200
    for connection, row in ((first, 1), (second, 2)):
        _update(connection, BLIND, 0, row, 1)
    first.rollback()
    return bool(_one(first, SUM)[0] < 100)


def _do(connection: Any, statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def _one(connection: Any, query: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchone()
