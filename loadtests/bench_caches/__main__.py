"""``make bench-caches``: menus and facts of many locations are cached, then a price changes."""

import argparse
import sys

from loadtests.budget import Budget, missed, print_budgets
from loadtests.entry import run
from loadtests.result import announce, write_result
from loadtests.stage import stage


def main() -> int:
    options = _options()
    with stage("caches") as scene:
        facts = announce(scene, options)
        found = scene.ask_odoo("caches", "invalidate", locations=options.locations)
    budgets = [
        Budget("keys out of use a second of the change", found["keys"] / found["change_s"], 500, more_is_better=True),
        Budget("values of the old version served afterwards", found["stale"], 0),
        Budget("a warm read of both against a cold one", found["warm_s"] / found["cold_s"], 0.1, unit="×"),
    ]
    print(f"{found['keys']} keys, the change took {found['change_s'] * 1000:.0f} ms")
    print_budgets(budgets)
    write_result("bench_caches", facts, budgets, found, options.json, configuration=options, usage=scene.usage())
    return 1 if options.strict and missed(budgets) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_caches", description=__doc__)
    parser.add_argument("--locations", type=int, default=100, help="locations of the company (100)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_caches.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
