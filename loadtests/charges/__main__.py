"""``make load-charges``: card payments and rollbacks with a simulated Stripe, and their budgets."""

import argparse
import sys

from loadtests.budget import Budget, missed, print_budgets
from loadtests.charges.cards import Provider, charge, roll_back
from loadtests.entry import run
from loadtests.figures import percentile
from loadtests.load_till import sign_in
from loadtests.result import announce, write_result
from loadtests.stage import stage


def main() -> int:
    options = _options()
    with stage("charges") as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=0)
        scene.start("stripe", "odoo")
        tills, dishes = sign_in(scene.url, location), location["dishes"]
        tills[0].ensure_session()
        provider = Provider.of(scene)
        alone = [provider.charge() for _ in range(options.payments // 4)]
        paid = charge(tills, dishes, options.payments)
        undone = roll_back(tills[0], dishes, options.rollbacks)
        usage = scene.usage()
    own = percentile(alone, 0.5) * 1000
    overhead = [took * 1000 - own for took in paid]
    budgets = [
        Budget("card payment beside the provider's time, p95", percentile(overhead, 0.95), 150, unit=" ms"),
        Budget("rollback of three tenders, p95", percentile(undone, 0.95) * 1000, 500, unit=" ms"),
    ]
    print_budgets(budgets)
    figures = {
        "provider alone p50 ms": round(own, 1),
        "payment p50 ms": round(percentile(paid, 0.5) * 1000, 1),
        "payment p95 ms": round(percentile(paid, 0.95) * 1000, 1),
        "rollback p50 ms": round(percentile(undone, 0.5) * 1000, 1),
    }
    print(" · ".join(f"{name} {value}" for name, value in figures.items()))
    write_result("charges", facts, budgets, figures, options.json, configuration=options, usage=usage)
    return 1 if missed(budgets) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.charges", description=__doc__)
    parser.add_argument("--tills", type=int, default=4, help="tills that charge cards (4)")
    parser.add_argument("--payments", type=int, default=200, help="card payments in all (200)")
    parser.add_argument("--rollbacks", type=int, default=40, help="orders paid in three tenders and given back (40)")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/charges.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
