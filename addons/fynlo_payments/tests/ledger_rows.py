"""Entries of the ledger, for tests of what was there before them."""


def forget_entries(cr, kinds):
    """As if the payments' ledger had never had entries of these kinds; the database refuses that to all others."""
    cr.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit keeps a table from being altered
    cr.execute("ALTER TABLE fynlo_payment_entry DISABLE TRIGGER fynlo_payment_entry_insert_only")
    cr.execute("DELETE FROM fynlo_payment_entry WHERE kind = ANY(%s)", (list(kinds),))
    cr.execute("ALTER TABLE fynlo_payment_entry ENABLE TRIGGER fynlo_payment_entry_insert_only")
