"""An evening with more and more staff, and whether the books agree with what the staff was told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.locust_run import LocustRun, run_locust
from loadtests.races.outcome import Restaurant
from loadtests.staff.sessions import SessionCost, cost_of_sessions

#: Orders that are paid in full, what they cost, and what was paid in all; minor units. The till is still open.
SOLD = """
    SELECT count(*) FILTER (WHERE o.state IN ('paid', 'done')),
           round(100 * coalesce(sum(o.amount_total) FILTER (WHERE o.state IN ('paid', 'done')), 0)),
           (SELECT round(100 * coalesce(sum(p.amount), 0)) FROM pos_payment p WHERE p.session_id = s.id)
      FROM pos_session s LEFT JOIN pos_order o ON o.session_id = s.id
     WHERE s.fynlo_uuid = '{session}' GROUP BY s.id
"""


@dataclass
class Evening:
    """What was measured, what one session costs, and everything that was wrong."""

    run: LocustRun
    session: SessionCost
    faults: list[str] = field(default_factory=list)


def work_an_evening(
    restaurant: Restaurant,
    location: Mapping[str, Any],
    steps: Sequence[tuple[int, float]],
    sessions: int,
    memory_mb: Callable[[], float],
) -> Evening:
    """Opens the drawer, measures the cost of a session, lets the staff work in steps, compares the books."""
    host = LoadTill(restaurant.url, location["tills"][0], location["pin"])
    host.ensure_session()
    query = SOLD.format(session=expect(host.read("/till-sessions/current"), 200).body["id"])
    expect(host.write("/auth/logout"), 200)
    before = restaurant.sql(query)
    cost = cost_of_sessions(restaurant, location, sessions, memory_mb)
    run = run_locust(restaurant.url, "Staff", steps, location, "staff")
    return Evening(run, cost, differences(run, before, restaurant.sql(query)))


def differences(run: LocustRun, before: str, after: str) -> list[str]:
    """Where orders and money in the database are not those that the staff was told of."""
    told = {"orders": run.orders_paid, "sold": run.taken, "paid": run.taken}
    new = [int(late) - int(early) for early, late in zip(before.split("|"), after.split("|"), strict=True)]
    return [
        f"{name}: {found} in the books, {value} told"
        for (name, value), found in zip(told.items(), new, strict=True)
        if found != value
    ]
