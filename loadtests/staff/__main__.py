"""``make load-users``: 10, 25, 50, 100 and 200 members of staff at once; the degradation curve and the books."""

import argparse
import sys
from functools import partial

from loadtests.budget import Budget, missed, print_budgets, print_table
from loadtests.entry import run
from loadtests.process_groups import groups_of
from loadtests.resource_watch import rss_mb
from loadtests.result import announce, write_result
from loadtests.staff.evening import Evening, work_an_evening
from loadtests.stage import stage
from loadtests.steps import HEADINGS, Step, by_request, degradation
from scripts.local.stack import APPLICATIONS

MENU_PRODUCTS = 200
#: One in so many signs in with e-mail and password instead of a PIN.
PASSWORDS_EVERY = 10
MEASURED_SESSIONS = 50
#: The budget of about fifty requests a second is that of a hundred members of staff.
JUDGED_USERS = 100
#: So many that no worker is replaced for its age within a run.
ODOO = {"workers": "2", "max_cron_threads": "1", "limit_request": "1000000"}
#: Slower than this, staff would notice.
USABLE_P95_MS = 500.0


def main() -> int:
    options = _options()
    steps = [(users, options.seconds) for users in sorted(options.users)]
    with stage("users", **ODOO) as scene:
        facts = announce(scene, options)
        tills = max(steps[-1][0], MEASURED_SESSIONS + 8)
        location = scene.ask_odoo(
            "restaurant",
            "open_location",
            tills=tills,
            menu_products=MENU_PRODUCTS,
            passwords_every=PASSWORDS_EVERY,
        )
        print(f"{tills} tills with their staff are there", flush=True)
        scene.start(*APPLICATIONS)
        memory = partial(rss_mb, groups_of(scene.stack)["odoo"])
        evening = work_an_evening(scene, location, steps, MEASURED_SESSIONS, memory)
    budgets = _budgets(evening)
    _print(evening)
    print_budgets(budgets)
    curves = degradation(evening.run.steps)
    write_result(
        *("users", facts, budgets, _figures(evening), options.json),
        configuration=options,
        usage=scene.usage(),
        curves=curves,
    )
    return 1 if evening.faults or evening.run.failures or (options.strict and missed(budgets)) else 0


def _judged(steps: list[Step]) -> Step:
    """The first step with at least a hundred, or the last one."""
    return next((step for step in steps if step.users >= JUDGED_USERS), steps[-1])


def _budgets(evening: Evening) -> list[Budget]:
    judged = _judged(evening.run.steps)
    usable = [step.users for step in evening.run.steps if step.all.p95_ms <= USABLE_P95_MS and not step.all.failures]
    people, most = f"{judged.users} users", evening.run.steps[-1].users
    return [
        Budget("failed requests in all steps", evening.run.failures, 0),
        Budget("differences between staff and books", len(evening.faults), 0),
        Budget(f"{people}: p95", judged.all.p95_ms, 150, 60, " ms"),
        Budget(f"{people}: requests a second", judged.rate, judged.users * 0.4, more_is_better=True),
        Budget(
            f"users with p95 below {USABLE_P95_MS:g} ms",
            max(usable, default=0),
            judged.users,
            most,
            more_is_better=True,
        ),
        Budget("memory of Odoo a session", evening.session.memory_mb, 1, 0.1, " MB"),
        Budget("rows of the database a session", evening.session.rows_in_all, 8, 4),
        Budget("sessions left active after signing out", evening.session.active_after_logout, 0),
    ]


def _print(evening: Evening) -> None:
    print_table(HEADINGS, [step.row() for step in evening.run.steps])
    judged = _judged(evening.run.steps)
    print(f"{judged.users} users, milliseconds")
    print_table(("request", "n", "p50", "p95", "max", "failed"), by_request(judged))
    for step in evening.run.steps:
        for error in step.errors[:10]:
            print(f"FAILED at {step.users} users: {error}")
    for fault in evening.faults:
        print(f"FAULT {fault}")
    print(f"{evening.run.orders_paid} orders, £{evening.run.taken / 100:,.2f}: staff and books compared\n")


def _figures(evening: Evening) -> dict[str, object]:
    session = evening.session
    return {
        "sessions measured": session.sessions,
        "memory_mb a session": round(session.memory_mb, 3),
        **{f"{table} rows a session": round(rows, 2) for table, rows in session.rows.items()},
        "orders paid": evening.run.orders_paid,
        **{f"{step.users} users": step.figures() for step in evening.run.steps},
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.staff", description=__doc__)
    parser.add_argument(
        "--users", type=int, nargs="+", default=[10, 25, 50, 100, 200], help="at once, step by step (10 … 200)"
    )
    parser.add_argument("--seconds", type=float, default=25, help="length of each step (25)")
    parser.add_argument("--strict", action="store_true", help="fail when a 'must' of the budget is missed")
    parser.add_argument("--json", default="", help="where to write the figures (loadtests/out/users.json)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
