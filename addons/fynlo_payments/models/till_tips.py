"""Tips of a till session by the method they were paid with."""

from odoo import models

#: As money taken is counted: a refund stands apart, a payment that was taken back never came.
TIPS = """
    SELECT method_id, sum(tip)
      FROM (SELECT row.payment_method_id AS method_id, payment.tip
              FROM fynlo_payment payment
              JOIN pos_payment row ON row.fynlo_payment_id = payment.id
                                      AND NOT coalesce(row.is_change, FALSE) AND row.amount > 0
             WHERE row.session_id = %(session)s AND payment.state = 'captured'
            UNION ALL
            SELECT row.payment_method_id, -refund.tip
              FROM fynlo_refund refund
              JOIN pos_payment row ON row.fynlo_payment_id = refund.payment_id
                                      AND NOT coalesce(row.is_change, FALSE) AND row.amount > 0
             WHERE refund.session_id = %(session)s AND refund.kind = 'rollback' AND refund.state <> 'failed') tips
     GROUP BY method_id
"""


class PosSession(models.Model):
    _inherit = "pos.session"

    def _fynlo_tips_by_method(self):
        self.env.cr.execute(TIPS, {"session": self.id})
        return dict(self.env.cr.fetchall())
