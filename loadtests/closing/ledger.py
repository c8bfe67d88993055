"""Everything that closing writes, row by row, so that two databases can be compared."""

from loadtests.races.outcome import Restaurant

#: Ids of accounts, taxes and products are the same in both: one database is a copy of the other.
PARTS = {
    "journal": """
        SELECT l.journal_id, l.account_id, l.name, l.debit, l.credit, l.balance, l.tax_line_id, l.tax_base_amount,
               l.reconciled, l.partner_id, m.state,
               (SELECT string_agg(account_tax_id::text, '+' ORDER BY account_tax_id)
                  FROM account_move_line_account_tax_rel WHERE account_move_line_id = l.id),
               (SELECT string_agg(account_account_tag_id::text, '+' ORDER BY account_account_tag_id)
                  FROM account_account_tag_account_move_line_rel WHERE account_move_line_id = l.id)
          FROM account_move_line l JOIN account_move m ON m.id = l.move_id
    """,
    "stock": """
        SELECT m.product_id, m.quantity, m.state, m.location_id, m.location_dest_id, m.value
          FROM stock_move m JOIN stock_picking p ON p.id = m.picking_id WHERE p.pos_session_id IS NOT NULL
    """,
    "statement": "SELECT l.amount, l.payment_ref, l.is_reconciled FROM account_bank_statement_line l",
    "orders": """
        SELECT o.uuid, o.state, o.amount_total, o.amount_paid, o.fynlo_payment_state, o.account_move IS NULL
          FROM pos_order o
    """,
    "costs": "SELECT l.uuid, l.total_cost, l.is_total_cost_computed FROM pos_order_line l",
    "payments": "SELECT p.uuid, p.amount, p.payment_method_id, p.account_move_id IS NULL FROM pos_payment p",
    "batches left": "SELECT count(*) FROM fynlo_posting_batch",
}

Ledger = dict[str, list[str]]


def read_ledger(restaurant: Restaurant) -> Ledger:
    """The rows of each part in an order that does not depend on ids."""
    return {name: sorted(restaurant.sql(query).splitlines()) for name, query in PARTS.items()}


def differences(control: Ledger, other: Ledger) -> list[str]:
    """A sentence for each part that is not the same."""
    found = []
    for name, rows in control.items():
        lost, new = sorted(set(rows) - set(other[name])), sorted(set(other[name]) - set(rows))
        if rows != other[name]:
            found.append(f"{name}: {len(rows)} rows against {len(other[name])}; missing {lost[:3]}, surplus {new[:3]}")
    return found
