"""The plans of the product's real statements, as PostgreSQL logs them while tills work, and the tables read whole."""

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
class WholeRead:
    """A large table that a statement read from end to end, and the beginning of that statement."""

    table: str
    rows: int
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


def whole_reads(found: Iterable[Mapping[str, Any]], large: Mapping[str, int], from_rows: int) -> list[WholeRead]:
    """Large tables that were read from end to end, and gave at least so many rows to look at."""
    reads = {
        (node["Relation Name"], _short(plan["Query Text"])): node
        for plan in found
        for node in _nodes(plan["Plan"])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large and _looked_at(node) >= from_rows
    }
    return [WholeRead(table, large[table], statement) for table, statement in sorted(reads)]


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _looked_at(node: Mapping[str, Any]) -> float:
    """Rows read, kept and thrown away; none of a node that was never executed."""
    rows = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
    return float(rows * node.get("Actual Loops", 1))


def _short(statement: str) -> str:
    return " ".join(statement.split())[:160]
