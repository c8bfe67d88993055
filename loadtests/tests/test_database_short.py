"""The database's promises in a few seconds: isolation, a pool that is never exceeded, plans by indexes, no leaks."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from loadtests.bench_orders.one_order import edit_together
from loadtests.database.indexes import connections, sequential_reads, unindexed_references, unused_indexes
from loadtests.database.isolation import try_anomalies
from loadtests.database.plans import plans, wide_reads
from loadtests.database.pool import NAME, Pool, run_clients
from loadtests.database.queries import OrderTables
from loadtests.load_till import LoadTill, sign_in
from loadtests.odoo_shell import ask_odoo
from scripts.local.end_to_end import LiveRestaurant

CLIENTS, POOL = 24, 4
OURS = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}' AND datname = current_database()"


@pytest.fixture(scope="module")
def dsn(restaurant: LiveRestaurant) -> str:
    return restaurant.environment["FYNLO_DATABASE_DSN"]


@pytest.fixture(scope="module")
def own_tills(restaurant: LiveRestaurant) -> tuple[list[LoadTill], list[dict[str, Any]]]:
    """Two tills with some orders behind them."""
    scene = ask_odoo(
        *(restaurant.environment, restaurant.database, "restaurant", "open_location"), tills=2, menu_products=0
    )
    tills = sign_in(restaurant.url, scene)
    for number in range(6):
        order = tills[number % 2].create_order([(dish, 1) for dish in scene["dishes"][:3]]).body
        tills[number % 2].pay_cash(order["id"], order["totals"]["due"])
    return tills, scene["dishes"]


def test_each_isolation_level_keeps_what_it_promises(dsn: str) -> None:
    trials = try_anomalies(dsn)
    assert len(trials) == 12
    assert [trial.fault for trial in trials if trial.fault] == []
    by_version = [trial for trial in trials if trial.anomaly == "lost update, by version"]
    assert [trial.happened for trial in by_version] == [False, False, False]


def test_two_tills_lose_no_edit_of_one_order(own_tills: tuple[list[LoadTill], list[dict[str, Any]]]) -> None:
    tills, dishes = own_tills
    assert edit_together(tills, dishes, edits=10).faults == []


@pytest.mark.usefixtures("own_tills")
def test_clients_share_a_pool_and_leave_nothing_behind(restaurant: LiveRestaurant, dsn: str) -> None:
    most: list[int] = []
    with closing(Pool(dsn, POOL)) as pool:
        with pool.connection() as connection:
            works = OrderTables(connection).works()
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                most.append(int(restaurant.sql(OURS)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for kind, work in works.items():
                load = run_clients(kind, pool, CLIENTS, 0.6, {kind: work})
                assert load.errors == []
                assert len(load.took_s) > 0
        finally:
            over.set()
            watcher.join()
    assert most
    assert max(most) == POOL
    assert int(restaurant.sql(OURS)) == 0
    assert connections(restaurant).prepared == 0


def test_an_error_is_counted_and_gives_the_connection_back(dsn: str) -> None:
    def fail(connection: Any, _dice: random.Random) -> None:
        connection.cursor().execute("SELECT 1/0")

    with closing(Pool(dsn, 1)) as pool:
        load = run_clients("failing", pool, 3, 0.2, {"fail": fail})
        assert load.took_s == []
        assert load.errors
        assert all("division by zero" in error for error in load.errors)
        with pool.connection() as connection:
            connection.cursor().execute("SELECT 1")


def test_reports_of_indexes_can_be_read(restaurant: LiveRestaurant) -> None:
    assert unindexed_references(restaurant) == []
    for rows in (unused_indexes(restaurant), sequential_reads(restaurant)):
        assert all(len(row) >= 4 for row in rows)


@pytest.fixture
def explained(dsn: str) -> Iterator[Any]:
    """A connection whose statements come back with their plans, and a large table without an index."""
    connection = psycopg2.connect(dsn, application_name=NAME)
    with connection.cursor() as cursor:
        try:
            cursor.execute("LOAD 'auto_explain'")
        except psycopg2.Error:
            connection.close()
            pytest.skip("PostgreSQL was installed without auto_explain")
        cursor.execute("SET client_min_messages = log; SET auto_explain.log_min_duration = 0")
        cursor.execute("SET auto_explain.log_format = 'json'; SET auto_explain.log_analyze = on")
        cursor.execute("CREATE TEMP TABLE large AS SELECT n AS id, n % 7 AS kind FROM generate_series(1, 5000) n")
        cursor.execute("CREATE INDEX ON large (id); ANALYZE large")
    yield connection
    connection.close()


def test_a_statement_that_reads_too_much_is_found(explained: Any) -> None:
    def found(statement: str) -> list[str]:
        explained.notices.clear()
        with explained.cursor() as cursor:
            cursor.execute(statement)
        log = "".join(f"2026-11-24 12:00:00 UTC [1] LOG:  {_logged(notice)}" for notice in explained.notices)
        return [one.table for one in wide_reads(plans(log), {"large": 5000}, 3000)]

    assert found("SELECT count(*)\n  FROM large\n WHERE kind = 3") == ["large"]
    assert found("SELECT kind FROM large WHERE id = 77") == []
    # by its index, and all the same nearly everything
    assert found("SET enable_seqscan = off; SELECT * FROM large WHERE id > 100 AND kind = 9") == ["large"]
    # a statement that stops at once has not read the table, whatever its plan is called
    assert found("SELECT kind FROM large LIMIT 1") == []


def _logged(notice: str) -> str:
    """As the server's log has it: every further line begins with a tab."""
    return notice.partition("  ")[2].rstrip("\n").replace("\n", "\n\t") + "\n"


def test_a_log_with_other_lines_and_a_cut_plan_can_be_read() -> None:
    plan = json.dumps({"Query Text": "SELECT 1", "Plan": {"Node Type": "Result"}}, indent=1).replace("\n", "\n\t")
    log = f'LOG:  checkpoint\nLOG:  duration: 0.01 ms  plan:\n\t{plan}\nLOG:  duration: 2 ms  plan:\n\t{{ "Query'
    assert [found["Query Text"] for found in plans(log)] == ["SELECT 1"]
