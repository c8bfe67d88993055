"""``make load-closing``: a till with 5,000 orders is closed and posted, once in peace and once under fire."""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from loadtests.books import SessionBooks, close_till, session_books
from loadtests.budget import Budget, missed, print_budgets
from loadtests.closing.killing import Killing, post_under_fire
from loadtests.closing.ledger import differences, read_ledger
from loadtests.closing.sales import sell
from loadtests.entry import run
from loadtests.load_till import sign_in
from loadtests.odoo_shell import ask_odoo
from loadtests.result import announce, write_result
from loadtests.stage import Stage, stage

QUIET = {"workers": "2", "max_cron_threads": "0", "limit_request": "1000000"}
WITH_CRON = {"workers": "1", "max_cron_threads": "1"}


@dataclass(frozen=True, slots=True)
class Control:
    """A copy of the database in which the same till is posted in peace."""

    stage: Stage
    database: str

    @property
    def url(self) -> str:
        return self.stage.url

    def sql(self, query: str) -> str:
        return self.stage.stack.cluster.sql(query, self.database)

    def post(self, session: str) -> dict[str, Any]:
        """Seconds of every step."""
        return ask_odoo(self.stage.stack.environment, self.database, "posting", "post", session=session)


@dataclass
class Findings:
    """Everything that was measured, and everything that was wrong."""

    close_s: float
    steps: dict[str, Any]
    killing: Killing
    books: SessionBooks
    faults: list[str]


def main() -> int:
    options = _options()
    with stage("closing", **QUIET) as scene:
        facts = announce(scene, options)
        findings = _close(scene, options)
    budgets = _budgets(findings, options.orders)
    print(f"killed {len(findings.killing.at)} times, with so much of the orders added up: {findings.killing.at}")
    for fault in findings.faults:
        print(f"FAULT {fault}")
    print_budgets(budgets)
    write_result(
        "closing", facts, budgets, _figures(findings), options.json, configuration=options, usage=scene.usage()
    )
    return 1 if findings.faults or (options.strict and missed(budgets)) else 0


def _close(scene: Stage, options: argparse.Namespace) -> Findings:
    location = scene.ask_odoo("restaurant", "open_location", tills=options.tills, menu_products=0)
    scene.ask_odoo("restaurant", "value_stock")
    scene.start("odoo")
    tills, began = sign_in(scene.url, location), time.monotonic()
    taken = sell(tills, location["dishes"], options.orders)
    print(f"{options.orders} orders made and paid in {time.monotonic() - began:.0f} s", flush=True)
    session, closing = close_till(tills[0], taken)
    scene.stack.process("odoo").stop()
    with _control(scene) as control:
        steps = control.post(session["id"])
        scene.restart_odoo(**WITH_CRON)
        killing = post_under_fire(scene, scene, session["id"], options.kills, random.Random(options.seed))
        faults = differences(read_ledger(control), read_ledger(scene))
    books = session_books(scene, session["id"])
    faults += books.faults(options.orders, taken)
    return Findings(closing.took_s, steps, killing, books, faults)


@contextmanager
def _control(scene: Stage) -> Iterator[Control]:
    cluster, name = scene.stack.cluster, f"{scene.database}_control"
    cluster.copy(scene.database, name)
    try:
        yield Control(scene, name)
    finally:
        cluster.drop(name)


def _budgets(findings: Findings, orders: int) -> list[Budget]:
    steps = findings.steps
    slowest = max(max(steps["batches"], default=0), max(steps["stock"], default=0), max(steps["final"]))
    return [
        Budget(f"close {orders} orders: answer", findings.close_s, 1, None, " s"),
        Budget("slowest batch", max(steps["batches"], default=0), 2, None, " s"),
        Budget("slowest step", slowest, 10, None, " s"),
        Budget("final posting", max(steps["final"]), 10, 3, " s"),
        Budget("longest transaction under fire", findings.killing.longest_transaction_s, 10, None, " s"),
        Budget(f"differences in the books after {len(findings.killing.at)} kills", len(findings.faults), 0),
    ]


def _figures(findings: Findings) -> dict[str, object]:
    killing = findings.killing
    return {
        "close_s": round(findings.close_s, 3),
        "steps_s": findings.steps,
        "killed_at": killing.at,
        "posted_under_fire_s": round(killing.seconds, 1),
        "longest_transaction_s": round(killing.longest_transaction_s, 2),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.closing", description=__doc__)
    parser.add_argument("--orders", type=int, default=5000, help="orders in the till (5000)")
    parser.add_argument("--tills", type=int, default=8, help="tills that make them (8)")
    parser.add_argument("--kills", type=int, default=6, help="how often the posting worker is killed (6)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is killed (1)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/closing.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
