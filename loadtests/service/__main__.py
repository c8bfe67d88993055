"""``make load-service``: sixteen tills work on one location for five minutes; then the books must be right."""

import argparse
import sys

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.figures import percentile
from loadtests.load_till import sign_in
from loadtests.result import announce, write_result
from loadtests.service.shift import ALL, Shift, serve
from loadtests.stage import stage
from scripts.local.stack import APPLICATIONS

MENU_PRODUCTS = 200
#: So many that no worker is replaced for its age within a run.
ODOO = {"workers": "2", "max_cron_threads": "1", "limit_request": "1000000"}


def main() -> int:
    options = _options()
    with stage("service", **ODOO) as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=MENU_PRODUCTS)
        scene.start(*APPLICATIONS)
        tills = sign_in(scene.url, location)
        shift = serve(scene, tills, location["dishes"], options.minutes * 60)
    budgets = _budgets(shift)
    _print(shift)
    print_budgets(budgets)
    figures = {name: _figures(took) for name, took in shift.milliseconds().items()}
    write_result(
        "service",
        facts,
        budgets,
        {"requests_per_s": round(shift.rate, 1), **figures},
        options.json,
        configuration=options,
        usage=scene.usage(),
    )
    return 1 if shift.faults or (options.strict and missed(budgets)) else 0


def _print(shift: Shift) -> None:
    closing = f"closed in {shift.closing.took_s:.2f} s, posted {shift.posting_s:.1f} s later"
    print(f"{shift.rate:.0f} requests a second; {closing}")
    print(f"{shift.orders} orders, £{shift.taken / 100:,.2f}: tills, orders, payments and journal compared\n")
    print_table(("milliseconds", "n", "p50", "p95", "max"), shift.rows())
    for fault in shift.faults[:10]:
        print(f"FAULT {fault}")


def _budgets(shift: Shift) -> list[Budget]:
    took = shift.milliseconds()[ALL]
    return [
        Budget("failed requests", len(shift.failures), 0),
        Budget("differences in the books", len(shift.faults) - len(shift.failures), 0),
        Budget("p95 of all requests", percentile(took, 0.95), 150, 60, " ms"),
        Budget("slowest request", max(took), 500, None, " ms"),
        Budget("till closed", shift.closing.took_s, 1, None, " s"),
    ]


def _figures(took: list[float]) -> dict[str, float]:
    p50, p95 = (round(percentile(took, share), 1) for share in (0.5, 0.95))
    return {"requests": len(took), "p50_ms": p50, "p95_ms": p95, "max_ms": round(max(took), 1)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.service", description=__doc__)
    parser.add_argument("--tills", type=int, default=16, help="tills, each with its waiter (16)")
    parser.add_argument("--minutes", type=float, default=5, help="how long they work (5)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/service.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
