"""Tips of a till session by the method they were paid with."""

from odoo import models

TIPS = """
    SELECT row.payment_method_id, sum(payment.tip)
      FROM fynlo_payment payment
      JOIN pos_payment row ON row.fynlo_payment_id = payment.id AND NOT coalesce(row.is_change, FALSE)
     WHERE row.session_id = %s AND payment.state = 'captured' GROUP BY row.payment_method_id
"""


class PosSession(models.Model):
    _inherit = "pos.session"

    def _fynlo_tips_by_method(self):
        self.env.cr.execute(TIPS, (self.id,))
        return dict(self.env.cr.fetchall())
