"""Indexes that nobody has used, large tables read whole, and connections that were left behind."""

from dataclasses import dataclass

from loadtests.races.outcome import Restaurant

#: Unique indexes guard what they index even when nobody reads them.
UNUSED = """
    SELECT s.relname, s.indexrelname, pg_relation_size(s.indexrelid), t.n_live_tup
      FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
      JOIN pg_stat_user_tables t ON t.relid = s.relid
     WHERE s.idx_scan = 0 AND NOT i.indisunique AND t.n_live_tup >= 1000
       AND (s.relname LIKE 'fynlo%' OR s.indexrelname LIKE '%fynlo%')
     ORDER BY pg_relation_size(s.indexrelid) DESC
"""
SEQUENTIAL = """
    SELECT relname, n_live_tup, seq_scan, seq_tup_read, idx_scan FROM pg_stat_user_tables
     WHERE n_live_tup >= 5000 ORDER BY seq_tup_read DESC LIMIT 12
"""
#: A foreign key without an index makes every delete of what it points at read the whole table.
UNINDEXED = """
    SELECT c.conrelid::regclass, a.attname, t.n_live_tup
      FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      JOIN pg_stat_user_tables t ON t.relid = c.conrelid
     WHERE c.contype = 'f' AND t.n_live_tup >= 5000 AND (t.relname LIKE 'fynlo%' OR a.attname LIKE 'fynlo%')
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = a.attnum)
       AND a.attname NOT IN ('create_uid', 'write_uid')
     ORDER BY t.n_live_tup DESC
"""
CONNECTIONS = """
    SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%'
                                        AND clock_timestamp() - state_change > interval '1 second'),
           (SELECT count(*) FROM pg_prepared_xacts)
      FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of all clients, those that hold a transaction open and do nothing, and prepared transactions."""

    open: int
    idle_in_transaction: int
    prepared: int


def connections(restaurant: Restaurant) -> Connections:
    return Connections(*map(int, restaurant.sql(CONNECTIONS).split("|")))


def unused_indexes(restaurant: Restaurant) -> list[list[str]]:
    """Table, index, bytes and rows, the largest first. Only as telling as the work that was done before."""
    return _rows(restaurant, UNUSED)


def sequential_reads(restaurant: Restaurant) -> list[list[str]]:
    """Table, rows, whole reads, rows read so, reads by an index."""
    return _rows(restaurant, SEQUENTIAL)


def unindexed_references(restaurant: Restaurant) -> list[list[str]]:
    """Table, column and rows of foreign keys of ours that have no index."""
    return _rows(restaurant, UNINDEXED)


def _rows(restaurant: Restaurant, query: str) -> list[list[str]]:
    return [row.split("|") for row in restaurant.sql(query).splitlines()]
