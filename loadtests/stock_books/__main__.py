"""``make load-books``: hundreds of random orders made by us and by stock Odoo; journal, stock and reports compared."""

import argparse
import sys

from loadtests.budget import Budget, print_budgets
from loadtests.entry import run
from loadtests.load_till import sign_in
from loadtests.result import announce, write_result
from loadtests.stage import stage
from loadtests.stock_books.twins import compare_books

ODOO = {"workers": "1", "max_cron_threads": "1", "limit_request": "1000000"}


def main() -> int:
    options = _options()
    with stage("books", **ODOO) as scene:
        facts = announce(scene, options)
        location = scene.ask_odoo("restaurant", "open_location", tills=1, menu_products=0)
        scene.start("odoo")
        till = sign_in(scene.url, location)[0]
        twins = compare_books(scene, scene.ask_odoo, till, options.orders, options.seed)
    print(f"{twins.orders} orders, £{twins.taken / 100:,.2f}; rows compared: {twins.rows}")
    for fault in twins.faults[:20]:
        print(f"FAULT {fault}")
    budgets = [Budget(f"differences in the books of {twins.orders} orders", len(twins.faults), 0)]
    print_budgets(budgets)
    write_result(
        "stock_books",
        facts,
        budgets,
        {"orders": twins.orders, "rows": twins.rows},
        options.json,
        configuration=options,
        usage=scene.usage(),
    )
    return 1 if twins.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.stock_books", description=__doc__)
    parser.add_argument("--orders", type=int, default=300, help="orders made by both (300)")
    parser.add_argument("--seed", type=int, default=1, help="of the orders (1)")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/stock_books.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
