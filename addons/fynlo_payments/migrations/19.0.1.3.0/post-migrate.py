"""Enter what was taken and given back before there was a ledger."""

PARTS = """
    INSERT INTO fynlo_payment_entry
           (company_id, config_id, currency_id, payment_id, refund_id, kind, account, amount, at)
    SELECT payment.company_id, payment.config_id, payment.currency_id, payment.id, {refund}, '{kind}',
           part.account, part.amount, {moment}
      FROM {source}
     CROSS JOIN LATERAL (VALUES {parts}) AS part(account, amount)
     WHERE {which} AND part.amount <> 0
    ON CONFLICT DO NOTHING
"""
CAPTURES = PARTS.format(
    refund="NULL::integer",
    kind="capture",
    moment="payment.create_date",
    source="fynlo_payment payment",
    parts="""('tender:' || payment.method, payment.amount + payment.tip + payment.surcharge),
             ('order', -payment.amount), ('tips', -payment.tip), ('surcharge', -payment.surcharge)""",
    which="payment.state IN ('captured', 'refund_due')",
)
REFUNDS = PARTS.format(
    refund="refund.id",
    kind="refund",
    moment="refund.create_date",
    source="fynlo_refund refund JOIN fynlo_payment payment ON payment.id = refund.payment_id",
    parts="""('tender:' || payment.method, -refund.amount), ('order', refund.amount - refund.tip),
             ('tips', refund.tip)""",
    which="refund.state = 'succeeded'",
)


def migrate(cr, version):
    """May run again: what is in the ledger stays as it is."""
    cr.execute(CAPTURES)
    cr.execute(REFUNDS)
