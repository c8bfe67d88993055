"""``make load-api``: starts a restaurant of its own and lets Locust's waiters work there."""

import argparse
import sys

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.load_till import sign_in
from loadtests.locust_run import LocustRun, run_locust
from loadtests.result import announce, write_result
from loadtests.stage import stage
from loadtests.steps import by_request
from scripts.local.stack import APPLICATIONS

SHORT_S, LONG_S = 30, 300
MENU_PRODUCTS = 200


def main() -> int:
    options = _options()
    seconds = LONG_S if options.long else SHORT_S
    with stage("api") as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=MENU_PRODUCTS)
        scene.start(*APPLICATIONS)
        sign_in(scene.url, {**location, "tills": location["tills"][:1]})
        found = run_locust(scene.url, "Waiter", [(options.tills, seconds)], location, "api")
    (step,) = found.steps
    budgets = _budgets(found)
    print_table(("milliseconds", "n", "p50", "p95", "max", "failed"), by_request(step))
    for error in step.errors:
        print(f"FAILED {error}")
    print_budgets(budgets)
    figures = {name: numbers.figures() for name, numbers in step.requests.items()}
    write_result("api", facts, budgets, figures, options.json, configuration=options, usage=scene.usage())
    return 1 if missed(budgets) else 0


def _budgets(found: LocustRun) -> list[Budget]:
    """Signing in hashes a PIN on purpose slowly and is over before the step begins."""
    (step,) = found.steps
    return [
        Budget("failed requests", step.all.failures + found.arriving_failures, 0),
        Budget("slowest p95", max(one.p95_ms for one in step.requests.values()), 150, 60, " ms"),
        Budget("slowest request", step.all.max_ms, 500, None, " ms"),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.api", description=__doc__)
    parser.add_argument("--tills", type=int, default=16, help="tills, each with its waiter (16)")
    parser.add_argument("--long", action="store_true", help=f"{LONG_S} seconds instead of {SHORT_S}")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/api.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
