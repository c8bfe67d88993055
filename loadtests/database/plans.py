"""The plans of the product's real statements, as PostgreSQL logs them while tills work, and what reads too much."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.races.outcome import Restaurant

#: Every statement of a connection made after this is logged with its plan; the rows show what was really read.
SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
}
LARGE = "SELECT relname, n_live_tup FROM pg_stat_user_tables WHERE n_live_tup >= {rows}"


@dataclass(frozen=True, slots=True)
class WideRead:
    """Far more rows of a large table than a till is told of: how they were read, and the statement's beginning."""

    table: str
    rows: int
    looked_at: int
    how: str
    statement: str


def log_plans(restaurant: Restaurant, database: str) -> bool:
    """Has plans logged from the next connection on; False where PostgreSQL was installed without auto_explain."""
    if restaurant.sql("SELECT count(*) FROM pg_available_extension_versions WHERE name = 'pg_stat_statements'") == "0":
        return False  # the two come in one package
    for name, value in SETTINGS.items():
        restaurant.sql(f"ALTER DATABASE \"{database}\" SET {name} = '{value}'")
    return True


def stop_logging(restaurant: Restaurant, database: str) -> None:
    for name in SETTINGS:
        restaurant.sql(f'ALTER DATABASE "{database}" RESET {name}')


def large_tables(restaurant: Restaurant, rows: int) -> dict[str, int]:
    """Tables of at least so many rows, which no till's request may read whole."""
    found = restaurant.sql(LARGE.format(rows=rows)).splitlines()
    return {name: int(count) for name, count in (row.split("|") for row in found)}


def plans(log: str) -> Iterator[Mapping[str, Any]]:
    """Every plan of a server log: ``Query Text`` and ``Plan``."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"duration: [\d.]+ ms  plan:\n\s*", log):
        # continued lines of a log entry begin with a tab, also inside of statements
        text = log[found.end() : found.end() + 400_000].replace("\n\t", "\n")
        try:
            plan, _end = decoder.raw_decode(text)
        except ValueError:
            continue
        yield plan


def wide_reads(found: Iterable[Mapping[str, Any]], large: Mapping[str, int], from_rows: int) -> list[WideRead]:
    """Where at least so many rows of a large table were looked at, whether by an index or from end to end."""
    reads: dict[tuple[str, str], WideRead] = {}
    for plan in found:
        for node in _nodes(plan["Plan"]):
            table, looked_at = node.get("Relation Name", ""), _looked_at(node)
            if table in large and looked_at >= from_rows:
                statement = _short(plan["Query Text"])
                how = " ".join(filter(None, (node["Node Type"], node.get("Index Name"))))
                reads[table, statement] = WideRead(table, large[table], int(looked_at), how, statement)
    return sorted(reads.values(), key=lambda read: (read.table, read.statement))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _looked_at(node: Mapping[str, Any]) -> float:
    """Rows read, kept and thrown away; none of a node that was never executed."""
    rows = sum(node.get(key, 0) for key in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return float(rows * node.get("Actual Loops", 1))


def _short(statement: str) -> str:
    return " ".join(statement.split())[:160]
