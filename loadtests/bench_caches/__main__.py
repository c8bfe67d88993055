"""``make bench-caches``: menus, facts and settings of many locations and permissions are cached, then each changes."""

import argparse
import sys
from typing import Any

from loadtests.budget import Budget, missed, print_budgets
from loadtests.entry import run
from loadtests.result import announce, write_result
from loadtests.stage import stage


def main() -> int:
    options = _options()
    with stage("caches") as scene:
        facts = announce(scene, options)
        found = scene.ask_odoo("caches", "invalidate", locations=options.locations)
    budgets = [budget for name, one in found.items() for budget in _budgets(name, one)]
    for name, one in found.items():
        print(f"{name}: {one['keys']} keys, the change took {one['change_s'] * 1000:.0f} ms")
    print_budgets(budgets)
    write_result("bench_caches", facts, budgets, found, options.json, configuration=options, usage=scene.usage())
    return 1 if options.strict and missed(budgets) else 0


def _budgets(name: str, one: dict[str, Any]) -> list[Budget]:
    """The six roles of a company are too few keys for a rate that says anything."""
    rate = Budget(f"{name}: keys out of use a second", one["keys"] / one["change_s"], 500, more_is_better=True)
    return [
        *([rate] if name in {"catalogue", "settings"} else []),
        Budget(f"{name}: values of the old version served afterwards", one["stale"], 0),
        Budget(f"{name}: a warm read against a cold one", one["warm_s"] / one["cold_s"], 0.1, unit="×"),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_caches", description=__doc__)
    parser.add_argument("--locations", type=int, default=100, help="locations of the company (100)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/bench_caches.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
