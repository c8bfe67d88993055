"""``make load-database``: five kinds of queries for up to 500 clients, pools of 10 to 500, isolation, plans, leaks."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from loadtests.bench_orders.one_order import edit_together
from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.curve import Curve
from loadtests.database.indexes import (
    Connections,
    connections,
    sequential_reads,
    unindexed_references,
    unused_indexes,
)
from loadtests.database.isolation import Trial, try_anomalies
from loadtests.database.plans import WideRead, large_tables, log_plans, plans, stop_logging, wide_reads
from loadtests.database.pool import Load, Pool, run_clients
from loadtests.database.queries import OrderTables
from loadtests.database.work import ask_for_everything
from loadtests.entry import run
from loadtests.load_till import sign_in
from loadtests.result import announce, write_result
from loadtests.stage import Stage, stage

ODOO = {"workers": "2", "max_cron_threads": "0", "limit_request": "1000000"}
#: Room for a pool of 500 and for Odoo beside it.
POSTGRES = {"max_connections": "600"}
#: Connections of the pool while the number of clients grows.
POOL = 20
#: A request may look at some hundred rows of a table that is small for now, never at thousands.
MOST_ROWS = 3000
#: The smallest pool within so much of the best throughput is recommended.
NEARLY_BEST = 0.95
TWINS, EDITS = 2, 40
NONE = Connections(0, 0, 0)


@dataclass
class Findings:
    """Everything that was measured."""

    loads: list[Load] = field(default_factory=list)
    pools: list[Load] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    lost_edits: list[str] = field(default_factory=list)
    requests: int = 0
    reads: list[WideRead] = field(default_factory=list)
    before: Connections = NONE
    after: Connections = NONE
    tables: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def errors(self) -> list[str]:
        return [f"{load.name}: {error}" for load in (*self.loads, *self.pools) for error in load.errors]

    @property
    def recommended(self) -> Load:
        """The smallest pool that does nearly as much as the best one."""
        best = max(load.rate for load in self.pools)
        return next(load for load in self.pools if load.rate >= best * NEARLY_BEST)


def main() -> int:
    options = _options()
    with stage("database", POSTGRES, **ODOO) as scene:
        facts = announce(scene, options)
        told = scene.ask_odoo("history", "load", days=options.days)
        print(f"{told['orders']} past orders are there", flush=True)
        findings = Findings(before=connections(scene))
        _plans(scene, findings)
        _loads(scene, findings, options)
        findings.trials = try_anomalies(scene.stack.cluster.dsn(scene.database))
        findings.after = connections(scene)
        findings.tables = {
            "indexes of ours that nothing has used": unused_indexes(scene),
            "large tables: rows, whole reads, rows read so, reads by an index": sequential_reads(scene),
            "references of ours without an index": unindexed_references(scene),
        }
    budgets = _budgets(findings)
    _print(findings)
    print_budgets(budgets)
    write_result(
        *("database", facts, budgets, _figures(findings), options.json),
        configuration=options,
        usage=scene.usage(),
        curves=_curves(findings, options.clients),
    )
    return 1 if _faults(findings) or (options.strict and missed(budgets)) else 0


def _plans(scene: Stage, findings: Findings) -> None:
    """Tills ask for everything while plans are logged; Odoo and its connections end afterwards."""
    location = scene.ask_odoo("restaurant", "open_location", tills=TWINS, menu_products=200)
    logged = log_plans(scene, scene.database)
    if not logged:
        print("PostgreSQL was installed without auto_explain: plans are not looked at", flush=True)
    scene.start("odoo")
    tills = sign_in(scene.url, location)
    log = scene.stack.cluster.process.log
    begin = log.stat().st_size
    findings.requests = ask_for_everything(tills, location["dishes"])
    text = log.read_bytes()[begin:].decode(errors="replace")
    findings.reads = wide_reads(plans(text), large_tables(scene, MOST_ROWS), MOST_ROWS)
    print(f"  {findings.requests} requests, {text.count('plan:')} plans, {len(findings.reads)} wide reads", flush=True)
    findings.lost_edits = edit_together(tills, location["dishes"], EDITS).faults
    scene.stack.process("odoo").stop()
    stop_logging(scene, scene.database)


def _loads(scene: Stage, findings: Findings, options: argparse.Namespace) -> None:
    dsn = scene.stack.cluster.dsn(scene.database)
    with closing(Pool(dsn, POOL)) as pool, pool.connection() as connection:
        works = OrderTables(connection).works()
    for kind, work in works.items():
        with closing(Pool(dsn, POOL)) as pool:
            for clients in options.clients:
                load = run_clients(kind, pool, clients, options.seconds, {kind: work})
                findings.loads.append(load)
        print(f"  {kind}: {[round(load.rate) for load in findings.loads if load.name == kind]} a second", flush=True)
    for size in options.pools:
        with closing(Pool(dsn, size)) as pool:
            load = run_clients("all five", pool, max(options.clients), options.seconds * 2, works)
        findings.pools.append(load)
        print(f"  pool of {size}: {load.rate:.0f} a second, p95 {load.milliseconds(0.95):.0f} ms", flush=True)


def _faults(findings: Findings) -> list[str]:
    broken = [trial.fault for trial in findings.trials if trial.fault]
    reads = [
        f"{one.how}: {one.looked_at} of {one.rows} rows of {one.table} for: {one.statement}" for one in findings.reads
    ]
    left = findings.after.open - findings.before.open
    leaks = [f"{left} connections were left behind"] if left > 0 else []
    return [*findings.errors, *broken, *findings.lost_edits, *reads, *leaks]


def _budgets(findings: Findings) -> list[Budget]:
    most = max(load.clients for load in findings.loads)
    slowest = max(load.milliseconds(0.99) for load in findings.loads if load.clients == most)
    left = findings.after.open - findings.before.open
    return [
        Budget("errors of queries", len(findings.errors), 0),
        Budget(f"{most} clients, {POOL} connections: slowest p99", slowest, 2000, 500, " ms"),
        Budget("isolation: anomalies other than PostgreSQL says", sum(bool(one.fault) for one in findings.trials), 0),
        Budget(f"{TWINS} tills × {EDITS} edits of one order: lost", len(findings.lost_edits), 0),
        Budget(f"requests that look at {MOST_ROWS} rows of a table", len(findings.reads), 0),
        Budget("connections left behind", max(0, left), 0),
        Budget("idle in a transaction for more than a second", findings.after.idle_in_transaction, 0),
        Budget("recommended size of a pool", findings.recommended.connections, 100, 20),
    ]


def _print(findings: Findings) -> None:
    print()
    print_table(("work", "clients", "connections", "a second", "p50 ms", "p95", "p99", "errors"), _rows(findings))
    print_table(("anomaly", "level", "outcome", ""), [trial.row() for trial in findings.trials])
    for title, rows in findings.tables.items():
        print(title)
        for row in rows:
            print(f"  {' · '.join(row)}")
    best = findings.recommended
    print(f"\nrecommended: {best.connections} connections in all ({best.rate:.0f} a second)\n")
    for fault in _faults(findings)[:20]:
        print(f"FAULT {fault}")


def _rows(findings: Findings) -> list[list[str]]:
    return [load.row() for load in (*findings.loads, *findings.pools)]


def _curves(findings: Findings, clients: Sequence[int]) -> list[Curve]:
    kinds = list(dict.fromkeys(load.name for load in findings.loads))
    by_kind = {kind: [load for load in findings.loads if load.name == kind] for kind in kinds}
    rates = {kind: [load.rate for load in loads] for kind, loads in by_kind.items()}
    p95 = {kind: [load.milliseconds(0.95) for load in loads] for kind, loads in by_kind.items()}
    sizes = [float(load.connections) for load in findings.pools]
    return [
        Curve(f"Throughput, {POOL} connections", "clients", "a second", list(map(float, clients)), rates),
        Curve(f"p95, {POOL} connections", "clients", "milliseconds", list(map(float, clients)), p95),
        Curve("Size of the pool", "connections", "a second", sizes, {"all": [load.rate for load in findings.pools]}),
    ]


def _figures(findings: Findings) -> dict[str, object]:
    return {
        **{f"{load.name}, {load.clients} clients, {load.connections} connections": load.figures() for load in
           (*findings.loads, *findings.pools)},
        **{f"{one.anomaly}, {one.level}": "happens" if one.happened else "refused" for one in findings.trials},
        "recommended connections": findings.recommended.connections,
        "requests with their plans": findings.requests,
        **{title: [" ".join(row) for row in rows] for title, rows in findings.tables.items()},
    }  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.database", description=__doc__)
    parser.add_argument("--days", type=int, default=366, help="days of the demo restaurant's past (all)")
    parser.add_argument("--clients", type=int, nargs="+", default=[10, 50, 100, 250, 500], help="at once (10 … 500)")
    parser.add_argument("--pools", type=int, nargs="+", default=[10, 20, 50, 100, 200, 500], help="sizes (10 … 500)")
    parser.add_argument("--seconds", type=float, default=3, help="of each kind at each number of clients (3)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/database.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
