"""Enter what disputes held before the ledger had a word for it."""

HELD = """
    INSERT INTO fynlo_payment_entry
           (company_id, config_id, currency_id, payment_id, dispute_id, dispute_version, kind, account, amount, at)
    SELECT payment.company_id, payment.config_id, payment.currency_id, payment.id, dispute.id, dispute.version,
           'dispute', part.account, part.amount, dispute.write_date
      FROM fynlo_payment_dispute dispute
      JOIN fynlo_payment payment ON payment.id = dispute.payment_id
     CROSS JOIN LATERAL (VALUES
           ('tender:' || payment.method, -dispute.held),
           (CASE WHEN dispute.state = 'lost' THEN 'dispute_lost' ELSE 'disputed' END, dispute.held)
           ) AS part(account, amount)
     WHERE dispute.held <> 0 AND dispute.currency_id = payment.currency_id
       AND NOT EXISTS (SELECT FROM fynlo_payment_entry WHERE dispute_id = dispute.id)
"""


def migrate(cr, version):
    """May run again: what is in the ledger stays as it is."""
    cr.execute(HELD)
