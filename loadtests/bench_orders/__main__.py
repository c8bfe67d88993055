"""``make bench-orders``: every order row of the performance budget in one run, ours and stock in turns."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.bench_orders.budgets import contention_budgets, order_budgets, pricing_budgets, throughput_budgets
from loadtests.bench_orders.one_order import edit_together, retries_of_odoo
from loadtests.bench_orders.orders import Desk
from loadtests.bench_orders.throughput import Throughput, saturate
from loadtests.budget import Budget, missed, print_budgets
from loadtests.contest import ONE_WORKER, Contestant, compete, print_contestants
from loadtests.entry import run
from loadtests.figures import percentile
from loadtests.load_till import LoadTill, sign_in
from loadtests.result import announce, write_result
from loadtests.stage import Stage, stage
from loadtests.stock_till import StockTill
from loadtests.worker_meter import WorkerMeter

TILLS, EDITORS, WORKERS = 16, 4, "2"
WARM_UP_EDITS = 10


@dataclass
class Findings:
    """What was measured so far, and how it stands to its budget."""

    contestants: list[Contestant] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)


def main() -> int:
    options = _options()
    with stage("orders", **ONE_WORKER) as scene:
        facts = announce(scene, options)
        findings = measure(scene, options)
    print_contestants(findings.contestants)
    print_budgets(findings.budgets)
    write_result(
        "bench_orders",
        facts,
        findings.budgets,
        findings.figures,
        options.json,
        configuration=options,
        usage=scene.usage(),
    )
    return 1 if options.strict and missed(findings.budgets) else 0


def measure(scene: Stage, options: argparse.Namespace) -> Findings:
    """Pricing in Odoo's shell, cost with one worker, then throughput and contention with two."""
    findings = Findings()
    location = scene.ask_odoo("restaurant", "open_location", tills=TILLS, menu_products=0)
    desks = {
        name: scene.ask_odoo("restaurant", "open_stock", name=name, real_time=name == "realtime")
        for name in ("realtime", "closing")
    }
    _price(scene, findings, options.baskets)
    scene.start("odoo")
    tills = sign_in(scene.url, location)
    _compare_costs(scene, findings, tills[0], _stock(scene, desks), location["dishes"], options)
    scene.restart_odoo(workers=WORKERS)
    _saturate(scene, findings, tills, desks["closing"], location["dishes"], options)
    return findings


def _price(scene: Stage, findings: Findings, baskets: int) -> None:
    priced = scene.ask_odoo("baskets", "price_baskets", baskets=baskets, compared=baskets)
    findings.figures["price a basket"] = priced
    findings.budgets += pricing_budgets(priced, baskets)


def _compare_costs(
    scene: Stage,
    findings: Findings,
    till: LoadTill,
    stock: Mapping[str, StockTill],
    dishes: list[dict[str, Any]],
    options: argparse.Namespace,
) -> None:
    contestants = Desk(till, stock["realtime"], stock["closing"], dishes).contestants()
    compete(contestants, WorkerMeter(scene), warm_up=options.warm_up, rounds=options.rounds)
    findings.contestants += contestants
    findings.figures |= {contestant.name: contestant.figures() for contestant in contestants}
    findings.budgets += order_budgets({contestant.name: contestant for contestant in contestants})


def _saturate(
    scene: Stage,
    findings: Findings,
    tills: list[LoadTill],
    desk: Mapping[str, Any],
    dishes: list[dict[str, Any]],
    options: argparse.Namespace,
) -> None:
    edit_together(tills[:EDITORS], dishes, WARM_UP_EDITS)  # fresh workers read the location's facts first
    edits = edit_together(tills[:EDITORS], dishes, options.edits)
    stock = [StockTill(scene.url, scene.database, desk) for _ in tills]
    ours, theirs = saturate(tills, stock, dishes, options.turns, options.seconds)
    findings.budgets += contention_budgets(edits, retries_of_odoo(scene))
    findings.budgets += throughput_budgets(ours, theirs)
    findings.figures |= {"saturated, ours": _figures(ours), "saturated, stock": _figures(theirs)}
    for fault in edits.faults[:10]:
        print(f"  FAULT {fault}")


def _stock(scene: Stage, desks: Mapping[str, Mapping[str, Any]]) -> dict[str, StockTill]:
    return {name: StockTill(scene.url, scene.database, desk) for name, desk in desks.items()}


def _figures(throughput: Throughput) -> dict[str, float]:
    p50, p95 = (percentile(throughput.took_s, share) * 1000 for share in (0.5, 0.95))
    return {"requests_per_s": round(throughput.rate, 1), "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_orders", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="turns of each contestant (100)")
    parser.add_argument("--warm-up", type=int, default=10, help="turns before, which do not count (10)")
    parser.add_argument("--baskets", type=int, default=10_000, help="baskets priced by us and by Odoo (10000)")
    parser.add_argument("--edits", type=int, default=100, help="edits of each till of the shared order (100)")
    parser.add_argument("--turns", type=int, default=3, help="turns of ours and of stock under full load (3)")
    parser.add_argument("--seconds", type=float, default=10, help="length of such a turn (10)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_orders.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
