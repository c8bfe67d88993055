"""``make bench``: starts a restaurant of its own, lets ours and stock take turns, prints figures and verdicts."""

import argparse
import sys

from loadtests.bench_core.budgets import menu_budgets, order_budgets, read_budgets
from loadtests.bench_core.contest import Contestant, compete
from loadtests.bench_core.orders import Desk
from loadtests.bench_core.reads import MENU, MENU_KNOWN, cheapest, menu_contestants, read_contestants
from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.figures import environment, environment_line
from loadtests.load_till import sign_in
from loadtests.result import write_result
from loadtests.stage import Stage, stage
from loadtests.stock_till import StockTill
from loadtests.worker_meter import WorkerMeter

MENU_PRODUCTS = 200
COLUMNS = ("", "wall p50", "p95", "Odoo CPU", "PG CPU", "Redis CPU", "queries", "n")
#: One worker, so that every request's cost is that worker's; access lines tell the number of queries.
ODOO = {"workers": "1", "max_cron_threads": "0", "log_handler": ":INFO,werkzeug:INFO", "limit_request": "1000000"}


def main() -> int:
    options = _options()
    with stage("bench", **ODOO) as scene:
        facts = environment(scene)
        print(environment_line(facts), end="\n\n")
        contestants, budgets = measure(scene, options.rounds, options.warm_up)
    _print(contestants)
    print_budgets(budgets)
    figures = {contestant.name: contestant.figures() for contestant in contestants}
    write_result("bench_core", facts, budgets, figures, options.json)
    return 1 if options.strict and missed(budgets) else 0


def measure(scene: Stage, rounds: int, warm_up: int) -> tuple[list[Contestant], list[Budget]]:
    """Everything that is measured, and how it stands to its budget."""
    location = scene.ask_odoo("restaurant", "open_location", tills=1, menu_products=MENU_PRODUCTS)
    desks = {
        name: scene.ask_odoo("restaurant", "open_stock", name=name, real_time=name == "realtime")
        for name in ("realtime", "closing")
    }
    scene.start("odoo")
    till = sign_in(scene.url, location)[0]
    stock = {name: StockTill(scene.url, scene.database, desk) for name, desk in desks.items()}
    meter = WorkerMeter(scene)
    orders = Desk(till, stock["realtime"], stock["closing"], location["dishes"]).contestants()
    menu = menu_contestants(till, stock["closing"])
    reads = read_contestants(till, location["dishes"])
    compete(orders, meter, warm_up=warm_up, rounds=rounds)
    compete([*menu, *reads], meter, warm_up=max(1, warm_up // 5), rounds=rounds)
    everyone = [*orders, *menu, *reads]
    named = {contestant.name: contestant for contestant in everyone}
    hottest = [named[MENU], named[MENU_KNOWN], *reads]
    return everyone, [*order_budgets(named), *menu_budgets(named, cheapest(reads)), *read_budgets(hottest)]


def _print(contestants: list[Contestant]) -> None:
    rows = [
        [
            contestant.name,
            *(
                f"{value:.1f}"
                for value in (
                    contestant.wall_p50_ms,
                    contestant.wall_p95_ms,
                    contestant.odoo_ms,
                    contestant.postgres_ms,
                    contestant.redis_ms,
                )
            ),
            str(contestant.queries),
            str(len(contestant.costs)),
        ]
        for contestant in contestants
    ]
    print("\nmilliseconds; medians, CPU of the whole request")
    print_table(COLUMNS, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_core", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="turns of each contestant (100)")
    parser.add_argument("--warm-up", type=int, default=10, help="turns before, which do not count (10)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_core.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
