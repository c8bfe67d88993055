"""Does the ledger say what payments and refunds say? Looked at every night; a difference raises an alert."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.health import Reading
from odoo.addons.fynlo_pos_core.tools.clock import now

#: Differences that a check names; it counts them all.
NAMED = 20
EVER = fields.Datetime.to_datetime("1970-01-01")
#: All of the history is looked at so often; on other nights only what was touched since the last good look.
WHOLE_EVERY = timedelta(days=7)
#: What was being committed while the last look went on is seen by the next.
OVERLAP = timedelta(days=1)

#: Payment by payment, so that two mistakes cannot hide each other in a sum.
DIFFERENCES = """
    SELECT placed.uuid AS order_uuid, payment.method AS provider, payment.create_date::date AS day,
           payment.fynlo_uuid AS payment_uuid, fact.taken - fact.returned - fact.held AS expected, fact.entered,
           payment.refunded AS refunded, fact.given_up
      FROM fynlo_payment payment
      JOIN pos_order placed ON placed.id = payment.order_id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN payment.state IN ('captured', 'refund_due')
                       THEN payment.amount + payment.tip + payment.surcharge ELSE 0 END AS taken,
                  coalesce((SELECT sum(amount) FROM fynlo_refund
                             WHERE payment_id = payment.id AND state = 'succeeded'), 0) AS returned,
                  coalesce((SELECT sum(amount) FROM fynlo_refund
                             WHERE payment_id = payment.id AND state <> 'failed'), 0) AS given_up,
                  coalesce((SELECT sum(held) FROM fynlo_payment_dispute
                             WHERE payment_id = payment.id AND currency_id = payment.currency_id), 0) AS held,
                  coalesce((SELECT sum(amount) FROM fynlo_payment_entry
                             WHERE payment_id = payment.id AND account LIKE 'tender:%%'), 0) AS entered) fact
     WHERE payment.company_id = %(company)s
       AND (%(since)s <= '1970-01-01'::timestamp
            OR payment.id IN (SELECT id FROM fynlo_payment WHERE write_date >= %(since)s
                               UNION SELECT payment_id FROM fynlo_refund WHERE write_date >= %(since)s
                               UNION SELECT payment_id FROM fynlo_payment_dispute WHERE write_date >= %(since)s
                               UNION SELECT payment_id FROM fynlo_payment_entry WHERE at >= %(since)s))
       AND (fact.taken - fact.returned - fact.held <> fact.entered OR payment.refunded <> fact.given_up)
     ORDER BY payment.id
"""

LATEST = """
    SELECT DISTINCT ON (seen.company_id) seen.differences AS value, coalesce(seen.note, '') AS note, seen.company_id,
           company.fynlo_uuid AS key, company.name
      FROM fynlo_ledger_check seen JOIN res_company company ON company.id = seen.company_id
     ORDER BY seen.company_id, seen.id DESC
"""


class FynloLedgerCheck(models.Model):
    """One look at a company's ledger."""

    _name = "fynlo.ledger.check"
    _description = "Check of the payment ledger"
    _log_access = False
    _order = "id desc"
    _rec_name = "at"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    at = fields.Datetime(required=True, readonly=True)
    differences = fields.Integer("Payments that differ", required=True, readonly=True)
    note = fields.Text("Which", readonly=True)
    whole = fields.Boolean("All of the history", readonly=True, help="Else only what was touched since the last look.")

    @api.model
    def _differences(self, company_id, since):
        """Payments touched since then whose money is not what the ledger holds.

        Each is a dict of ``order_uuid``, ``provider``, ``day`` and ``payment_uuid`` with ``expected`` (taken less
        given back and less what disputes hold) and ``entered`` in minor units, and ``refunded`` beside
        ``given_up``, which are equal when every penny that a refund holds is held once.
        """
        self.env.flush_all()
        self.env.cr.flush()  # entries are written last
        self.env.cr.execute(DIFFERENCES, {"company": company_id, "since": since})
        return self.env.cr.dictfetchall()

    @api.model
    def _look(self):
        """Check every company; keep what was found."""
        for company in self.env["res.company"].sudo().with_context(active_test=False).search([]):
            since = self.sudo()._since(company)
            found = self._differences(company.id, since)
            named = [
                f"{row['day']} {row['provider']} order {row['order_uuid']} payment {row['payment_uuid']}: "
                f"{row['expected']} there, {row['entered']} entered; {row['refunded']} and {row['given_up']} given back"
                for row in found[:NAMED]
            ]
            self.sudo().create(
                {
                    "company_id": company.id,
                    "at": now(),
                    "differences": len(found),
                    "note": "\n".join(named),
                    "whole": since == EVER,
                }
            )

    def _since(self, company):
        """From when on a company is to be checked: all of it once a week, and as long as something differs."""
        last = self.search([("company_id", "=", company.id)], limit=1)
        whole = self.search([("company_id", "=", company.id), ("whole", "=", True)], limit=1)
        if not whole or last.differences or whole.at < now() - WHOLE_EVERY:
            return EVER
        return last.at - OVERLAP


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {"payment_ledger": self._payment_ledger}

    def _payment_ledger(self):
        """Payments that differed from the ledger when each company was last looked at."""
        return [Reading(**row, kind="company") for row in self._rows(LATEST)]
