"""``make load-chaos``: forty tills on one location while every process behind them is killed, for five minutes."""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from loadtests.books import await_posted, close_till, session_books
from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.chaos.recovery import rows
from loadtests.chaos.service import Findings, Plan, serve_under_fire
from loadtests.chaos.targets import TwoOfEach
from loadtests.closing.killing import NUDGE
from loadtests.entry import run
from loadtests.exchange import Unexpected
from loadtests.figures import environment, environment_line
from loadtests.load_till import LoadTill
from loadtests.result import write_result
from loadtests.stage import Stage, stage

ODOO = {"workers": "2", "max_cron_threads": "1", "limit_request": "1000000"}
HEADINGS = ("killed", "times", "sales again after s: median", "max", "events at every till after s: median", "max")


def main() -> int:
    options = _options()
    plan = Plan(options.seconds, options.sellers, seed=options.seed)
    with stage("chaos", **ODOO) as scene:
        facts = environment(scene)
        print(environment_line(facts), end="\n\n", flush=True)
        location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=0)
        targets = TwoOfEach(scene, random.Random(options.seed))
        LoadTill(scene.url, location["tills"][0], location["pin"]).ensure_session()
        blows = targets.blows()
        findings = asyncio.run(
            serve_under_fire(scene, targets.websocket_urls, location, blows, plan, _saying(time.monotonic()))
        )
        faults = [*findings.faults, *_post(scene, location, findings)]
    budgets = _budgets(findings, len(faults), options)
    _print(findings, faults)
    print_budgets(budgets)
    write_result("chaos", facts, budgets, _figures(findings), options.json)
    return 1 if faults or (options.strict and missed(budgets)) else 0


def _post(scene: Stage, location: Mapping[str, Any], findings: Findings) -> list[str]:
    """Closes the till and compares its journal with what the tills took."""
    till = LoadTill(scene.url, location["tills"][0], location["pin"])
    session, _reply = close_till(till, findings.books.taken)
    scene.notify(NUDGE.format(database=scene.database))
    try:
        await_posted(till, session)
    except Unexpected as unexpected:
        return [str(unexpected)]
    return session_books(scene, session["id"]).faults(findings.books.orders, findings.books.taken)


def _saying(began: float) -> Callable[[str], None]:
    return lambda sentence: print(f"{time.monotonic() - began:6.1f} s  {sentence}", flush=True)


def _print(findings: Findings, faults: list[str]) -> None:
    hearing, books = findings.hearing, findings.books
    print(
        f"\n{books.orders} orders, £{books.taken / 100:,.2f}; {findings.events} events, "
        f"{hearing.deliveries} deliveries, "
        f"{hearing.read_by_rest} read by REST after {findings.restores} losses that were told; "
        f"{findings.connects} connects, {findings.attempts.failed} failed HTTP attempts; "
        f"caught up {findings.catching_up_s:.1f} s after the end\n"
    )
    print_table(HEADINGS, rows(findings.recoveries))
    for fault in faults[:10]:
        print(f"FAULT {fault}")


def _budgets(findings: Findings, faults: int, options: argparse.Namespace) -> list[Budget]:
    hearing = findings.hearing
    sales = [recovery.sales_s for recovery in findings.recoveries if recovery.sales_s is not None]
    events = [recovery.events_s for recovery in findings.recoveries if recovery.events_s is not None]
    return [
        Budget("events lost", hearing.lost, 0),
        Budget("events applied twice", hearing.doubled, 0),
        Budget("events out of order", hearing.disordered, 0),
        Budget("differences in orders, payments and journal", faults, 0),
        Budget("deliveries", hearing.deliveries, options.deliveries, None, "", more_is_better=True),
        Budget("sales again after a kill: slowest", max(sales, default=0), 60, 15, " s"),
        Budget("events at every till after a kill: slowest", max(events, default=0), 60, 15, " s"),
    ]


def _figures(findings: Findings) -> dict[str, object]:
    hearing = findings.hearing
    return {
        "seconds": round(findings.seconds, 1),
        "orders": findings.books.orders,
        "events": findings.events,
        "deliveries": hearing.deliveries,
        "read_by_rest": hearing.read_by_rest,
        "losses_told": findings.restores,
        "connects": findings.connects,
        "failed_http_attempts": findings.attempts.failed,
        "blows": [
            {"killed": recovery.blow.name, "sales_s": recovery.sales_s, "events_s": recovery.events_s}
            for recovery in findings.recoveries
        ],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long (300)")
    parser.add_argument("--tills", type=int, default=40, help="tills that listen (40)")
    parser.add_argument("--sellers", type=int, default=10, help="how many of them sell (10)")
    parser.add_argument("--deliveries", type=int, default=50_000, help="that must be reached (50000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is killed when (1)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/chaos.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
