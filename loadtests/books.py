"""What the database says of a till session: orders, payments and journal in minor units, to be equal."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.exchange import Reply, Unexpected, expect
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Restaurant

SUMS = """
    SELECT s.id, s.state,
           (SELECT count(*) FROM pos_order o WHERE o.session_id = s.id AND o.state = 'done'),
           (SELECT count(*) FROM pos_order o WHERE o.session_id = s.id AND o.state NOT IN ('done', 'cancel')),
           (SELECT coalesce(sum(amount_total), 0) FROM pos_order o WHERE o.session_id = s.id AND o.state = 'done'),
           (SELECT coalesce(sum(amount), 0) FROM pos_payment p WHERE p.session_id = s.id),
           (SELECT coalesce(sum(l.credit - l.debit), 0) FROM account_move_line l
              JOIN account_account a ON a.id = l.account_id
             WHERE l.move_id = s.move_id AND (a.account_type LIKE 'income%' OR l.tax_line_id IS NOT NULL)),
           (SELECT coalesce(sum(amount), 0) FROM account_bank_statement_line l WHERE l.pos_session_id = s.id),
           (SELECT coalesce(sum(l.debit - l.credit), 0) FROM account_move_line l WHERE l.move_id = s.move_id)
      FROM pos_session s WHERE s.fynlo_uuid = '{session}'
"""
PENCE = 100
POSTING_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class SessionBooks:
    """A till session's orders, what was paid for them, and what the journal says of both."""

    row_id: int
    state: str
    orders: int
    unfinished: int
    sold: int
    paid: int
    journal_sales: int
    journal_cash: int
    imbalance: int

    def faults(self, orders: int, taken: int) -> list[str]:
        """What differs from ``orders`` and the money that the tills were told of."""
        wanted = {
            "state": "closed",
            "orders": orders,
            "unfinished": 0,
            "sold": taken,
            "paid": taken,
            "journal_sales": taken,
            "journal_cash": taken,
            "imbalance": 0,
        }
        return [
            f"{name} is {getattr(self, name)}, not {value}"
            for name, value in wanted.items()
            if getattr(self, name) != value
        ]


def session_books(restaurant: Restaurant, session: str) -> SessionBooks:
    """The books of a till session by its public id."""
    row = restaurant.sql(SUMS.format(session=session)).split("|")
    counts, amounts = [int(count) for count in row[2:4]], [round(float(amount) * PENCE) for amount in row[4:]]
    return SessionBooks(int(row[0]), row[1], *counts, *amounts)


def close_till(till: LoadTill, taken: int) -> tuple[dict[str, Any], Reply]:
    """Counts exactly what should be in the drawer and closes; the session, and the answer with its time."""
    session = expect(till.read("/till-sessions/current"), 200).body
    counted = {**session["float"], "amount": session["float"]["amount"] + taken}
    reply = expect(till.write(f"/till-sessions/{session['id']}:close", {"counted": counted}), 200)
    return session, reply


def await_posted(till: LoadTill, session: Mapping[str, Any], timeout_s: float = POSTING_TIMEOUT_S) -> float:
    """Seconds until the books are posted."""
    began = time.monotonic()
    while (posting := expect(till.read(f"/till-sessions/{session['id']}"), 200).body["posting"]) != "done":
        if posting == "failed" or time.monotonic() - began > timeout_s:
            raise Unexpected(f"the books of {session['name']} are {posting} after {timeout_s:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began
