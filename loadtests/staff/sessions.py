"""What one more signed-in member of staff costs: memory of Odoo, and rows of the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Restaurant

#: Every table of ours, counted exactly: the statistics of PostgreSQL are late.
COUNT = """
    SELECT table_name, (xpath('/row/n/text()', query_to_xml(
             format('SELECT count(*) AS n FROM %I', table_name), false, true, '')))[1]::text
      FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name LIKE 'fynlo%'
"""
ACTIVE = "SELECT count(*) FROM fynlo_session WHERE state = 'active'"
#: Every worker has met a sign-in before it is measured.
WARM_UP = 8


@dataclass(frozen=True, slots=True)
class SessionCost:
    """Of one session, measured on so many; and how many are still active when all have signed out."""

    sessions: int
    memory_mb: float
    rows: dict[str, float]
    active_after_logout: int

    @property
    def rows_in_all(self) -> float:
        return sum(self.rows.values())


def cost_of_sessions(
    restaurant: Restaurant, location: Mapping[str, Any], sessions: int, memory_mb: Callable[[], float]
) -> SessionCost:
    """Signs so many tills in by PIN while nobody else works, and out again."""
    tills, active = location["tills"], int(restaurant.sql(ACTIVE))
    early = [LoadTill(restaurant.url, till, location["pin"]) for till in tills[:WARM_UP]]
    rows, memory = _rows(restaurant), memory_mb()
    late = [LoadTill(restaurant.url, till, location["pin"]) for till in tills[WARM_UP : WARM_UP + sessions]]
    grown = {table: count - rows.get(table, 0) for table, count in _rows(restaurant).items()}
    held = memory_mb() - memory
    for till in (*early, *late):
        expect(till.write("/auth/logout"), 200)
    return SessionCost(
        sessions=len(late),
        memory_mb=held / len(late),
        rows={table: count / len(late) for table, count in grown.items() if count},
        active_after_logout=int(restaurant.sql(ACTIVE)) - active,
    )


def _rows(restaurant: Restaurant) -> dict[str, int]:
    return {table: int(count) for table, count in (row.split("|") for row in restaurant.sql(COUNT).splitlines())}
