"""``make bench``: starts a restaurant of its own, measures menu and reads, prints figures and verdicts."""

import argparse
import sys

from loadtests.bench_core.budgets import menu_budgets, read_budgets
from loadtests.bench_core.reads import MENU, MENU_KNOWN, cheapest, menu_contestants, read_contestants
from loadtests.budget import Budget, missed, print_budgets
from loadtests.contest import ONE_WORKER, Contestant, compete, print_contestants
from loadtests.entry import run
from loadtests.load_till import sign_in
from loadtests.result import announce, write_result
from loadtests.stage import Stage, stage
from loadtests.stock_till import StockTill
from loadtests.worker_meter import WorkerMeter

MENU_PRODUCTS = 200


def main() -> int:
    options = _options()
    with stage("bench", **ONE_WORKER) as scene:
        facts = announce(scene, options)
        contestants, budgets = measure(scene, options.rounds, options.warm_up)
    print_contestants(contestants)
    print_budgets(budgets)
    figures = {contestant.name: contestant.figures() for contestant in contestants}
    write_result("bench_core", facts, budgets, figures, options.json, configuration=options, usage=scene.usage())
    return 1 if options.strict and missed(budgets) else 0


def measure(scene: Stage, rounds: int, warm_up: int) -> tuple[list[Contestant], list[Budget]]:
    """Everything that is measured, and how it stands to its budget."""
    location = scene.ask_odoo("restaurant", "open_location", tills=1, menu_products=MENU_PRODUCTS)
    desk = scene.ask_odoo("restaurant", "open_stock", name="closing", real_time=False)
    scene.start("odoo")
    till = sign_in(scene.url, location)[0]
    menu = menu_contestants(till, StockTill(scene.url, scene.database, desk))
    reads = read_contestants(till, location["dishes"])
    compete([*menu, *reads], WorkerMeter(scene), warm_up=warm_up, rounds=rounds)
    everyone = [*menu, *reads]
    named = {contestant.name: contestant for contestant in everyone}
    hottest = [named[MENU], named[MENU_KNOWN], *reads]
    return everyone, [*menu_budgets(named, cheapest(reads)), *read_budgets(hottest)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_core", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="turns of each contestant (100)")
    parser.add_argument("--warm-up", type=int, default=3, help="turns before, which do not count (3)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_core.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
