"""One till of ours and one of stock Odoo sell the same; whatever their books do not share is told."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from loadtests.books import await_posted, close_till, session_books
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Restaurant
from loadtests.stock_books.baskets import sell_at_random

#: Each till has a cash journal of its own, so its account is told by its kind; labels name the till.
JOURNAL = """
    WITH moves AS (
        SELECT move_id FROM pos_session WHERE id = {session}
        UNION SELECT move_id FROM account_bank_statement_line WHERE pos_session_id = {session}
        UNION SELECT m.account_move_id FROM stock_move m JOIN stock_picking p ON p.id = m.picking_id
               WHERE p.pos_session_id = {session}
    ), lines AS (
        SELECT CASE WHEN a.account_type = 'asset_cash' THEN 'cash' ELSE l.account_id::text END AS account,
               coalesce(l.tax_line_id::text, '-') AS tax, l.debit, l.credit, l.tax_base_amount,
               (SELECT coalesce(string_agg(account_tax_id::text, '+' ORDER BY account_tax_id), '-')
                  FROM account_move_line_account_tax_rel WHERE account_move_line_id = l.id) AS taxes,
               (SELECT coalesce(string_agg(account_account_tag_id::text, '+' ORDER BY account_account_tag_id), '-')
                  FROM account_account_tag_account_move_line_rel WHERE account_move_line_id = l.id) AS tags
          FROM account_move_line l JOIN account_account a ON a.id = l.account_id
         WHERE l.move_id IN (SELECT move_id FROM moves)
    )
    SELECT account, tax, taxes, tags, sum(debit), sum(credit), sum(tax_base_amount), count(*)
      FROM lines GROUP BY account, tax, taxes, tags
"""
STOCK = """
    SELECT m.product_id, m.location_id, m.location_dest_id, m.state, sum(m.quantity), round(sum(m.value)::numeric, 2)
      FROM stock_move m JOIN stock_picking p ON p.id = m.picking_id WHERE p.pos_session_id = {session}
     GROUP BY m.product_id, m.location_id, m.location_dest_id, m.state
"""
REPORT = """
    SELECT product_id, state, sum(nbr_lines), round(sum(product_qty)::numeric, 3),
           round(sum(price_sub_total)::numeric, 2), round(sum(price_subtotal_excl)::numeric, 2),
           round(sum(price_total)::numeric, 2), round(sum(total_discount)::numeric, 2), round(sum(margin)::numeric, 2)
      FROM report_pos_order WHERE session_id = {session} GROUP BY product_id, state
"""
BOOKS = {"journal": JOURNAL, "stock moves": STOCK, "report.pos.order": REPORT}


class Shell(Protocol):
    """Runs a scene in Odoo's shell."""

    def __call__(self, script: str, function: str, **arguments: object) -> Any: ...


@dataclass
class Twins:
    """How much was compared, and what differs."""

    orders: int
    taken: int
    rows: dict[str, int]
    faults: list[str]


def compare_books(restaurant: Restaurant, shell: Shell, till: LoadTill, orders: int, seed: int) -> Twins:
    """Sells at random with ours, repeats it with stock, closes both and compares. The drawer must be fresh."""
    menu = shell("stock_books", "varied_menu")
    desk = shell("restaurant", "open_stock", name="twin", real_time=False)
    taken = sell_at_random(till, menu, orders, random.Random(seed))
    session, _reply = close_till(till, taken)
    await_posted(till, session)
    amounts = shell("stock_books", "repeat", desk=desk, session=session["id"])["amounts"]
    closed = shell("stock_books", "close_stock", desk=desk)
    books = session_books(restaurant, session["id"])
    twins = Twins(len(amounts), taken, {}, books.faults(orders, taken))
    twins.faults += [f"order {number}: {row}" for number, row in enumerate(amounts) if row[:2] != row[2:]]
    if closed["state"] != "closed":
        twins.faults.append(f"stock's till is {closed}")
    _compare(restaurant, twins, (books.row_id, desk["session_id"]))
    return twins


def _compare(restaurant: Restaurant, twins: Twins, sessions: Sequence[int]) -> None:
    for name, query in BOOKS.items():
        ours, stock = (sorted(restaurant.sql(query.format(session=session)).splitlines()) for session in sessions)
        twins.rows[name] = len(ours)
        if ours != stock or not ours:
            twins.faults.append(f"{name}: only ours {_beyond(ours, stock)}, only stock's {_beyond(stock, ours)}")


def _beyond(rows: Sequence[str], others: Sequence[str]) -> list[str]:
    return sorted(set(rows) - set(others))
