"""``make races``: all races on a restaurant of its own; ends with an error when one has a fault."""

import argparse
import sys

from loadtests.budget import Budget, print_budgets
from loadtests.entry import run
from loadtests.figures import percentile
from loadtests.load_till import sign_in
from loadtests.races.busy_tills import sell_at_once
from loadtests.races.last_portions import sell_the_last
from loadtests.races.outcome import Outcome
from loadtests.races.shared_tables import share_tables
from loadtests.races.twin_payments import pay_twice
from loadtests.races.twin_refunds import refund_at_once
from loadtests.races.twin_retries import retry_at_once
from loadtests.races.twin_settings import change_at_once
from loadtests.result import announce, write_result
from loadtests.stage import stage


def main() -> int:
    options = _options()
    with stage("races") as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=0)
        scene.start("odoo")
        tills, dishes = sign_in(scene.url, location), location["dishes"]
        outcomes = [
            pay_twice(scene, tills, dishes, options.rounds),
            refund_at_once(scene, tills, dishes, options.rounds),
            retry_at_once(scene, tills, dishes, options.rounds),
            share_tables(scene, tills, dishes, options.rounds),
            sell_the_last(scene, tills, dishes, max(1, options.rounds // 10)),
            change_at_once(scene, tills, max(1, options.rounds // 10)),
            sell_at_once(scene, tills, dishes, options.orders),
        ]
    for outcome in outcomes:
        print(outcome.line())
        for fault in outcome.faults[:10]:
            print(f"  FAULT {fault}")
    budgets = [Budget(f"{outcome.name}: faults", len(outcome.faults), 0) for outcome in outcomes]
    print()
    print_budgets(budgets)
    write_result(
        "races",
        facts,
        budgets,
        {outcome.name: _figures(outcome) for outcome in outcomes},
        options.json,
        configuration=options,
        usage=scene.usage(),
    )
    return 1 if any(outcome.faults for outcome in outcomes) else 0


def _figures(outcome: Outcome) -> dict[str, float]:
    took = [reply.took_s * 1000 for reply in outcome.replies]
    return {
        "requests": len(took),
        "p50_ms": round(percentile(took, 0.5), 1),
        "p95_ms": round(percentile(took, 0.95), 1),
        "max_ms": round(max(took), 1),
        "faults": len(outcome.faults),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="orders paid twice, and orders sent eight times (100)")
    parser.add_argument("--tills", type=int, default=16, help="tills that sell at once (16)")
    parser.add_argument("--orders", type=int, default=50, help="orders of each of them (50)")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/races.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
