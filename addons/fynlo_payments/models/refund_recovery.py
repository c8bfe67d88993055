"""Refunds whose outcome is not known are asked after until it is; money that came too late is sent back."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import transaction
from odoo.addons.fynlo_pos_core.tools.clock import now

from .refund_call import give_back, look_refund

_logger = logging.getLogger(__name__)

#: How long after a look the next one comes; the last goes on for good, as banks may take days.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
#: So many in one go; more are looked at a minute later.
AT_ONCE = 100

LATE = """
    SELECT payment.id FROM fynlo_payment payment
     WHERE payment.state = 'refund_due'
       AND payment.refunded + coalesce(payment.owed, 0) < payment.amount + payment.tip + payment.surcharge
     ORDER BY payment.id LIMIT %s
"""
CLAIM = """
    UPDATE fynlo_refund SET looks = coalesce(looks, 0) + 1,
           next_look_at = %(now)s + (%(pauses)s)[least(coalesce(looks, 0) + 1, %(last)s)] * interval '1 second'
     WHERE id IN (SELECT id FROM fynlo_refund WHERE next_look_at <= %(now)s AND state IN ('sent', 'unknown')
                   ORDER BY next_look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


class FynloRefund(models.Model):
    _inherit = "fynlo.refund"

    @api.model
    def _cron_recover(self):
        """Send late money back, then look at every refund that is due for it; one failure stops no other."""
        give_back(self.env.registry, self._begin_late())
        for refund_id in transaction.run(self.env, self._claim_due):  # committed before a provider is asked
            try:
                look_refund(self.env.registry, refund_id)
            except Exception:  # boundary: the other refunds are to be looked at as well
                _logger.exception("refund %s could not be looked at", refund_id)

    def _late_money(self):
        """Payments that came too late and are not on their way back yet."""
        self.env.flush_all()
        self.env.cr.execute(LATE, (AT_ONCE,))
        return [payment_id for (payment_id,) in self.env.cr.fetchall()]

    def _begin_late(self):
        """Refunds (ids) of late money, each begun in a transaction of its own."""
        payments, service = self.env["fynlo.payment"].sudo(), self.env["fynlo.refund.service"]
        begun = [
            transaction.run(self.env, lambda payment_id=payment_id: service._begin_late(payments.browse(payment_id)))
            for payment_id in self._late_money()
        ]
        return [refund.id for refund in begun if refund]

    @api.model
    def _claim_due(self):
        """Refunds that are due, each put off to its next turn, so that no two jobs look at the same."""
        self.env.flush_all()
        pauses = [int(pause.total_seconds()) for pause in PAUSES]
        self.env.cr.execute(CLAIM, {"now": now(), "pauses": pauses, "last": len(pauses), "limit": AT_ONCE})
        claimed = [refund_id for (refund_id,) in self.env.cr.fetchall()]
        self.browse(claimed).invalidate_recordset(["looks", "next_look_at"])
        return claimed


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    @api.model
    def _begin_late(self, payment):
        """A refund of money that no order needs, to be sent to the provider. May be repeated and raced.

        Returns it, or nothing when all of the money is on its way back or owed already. It is in no
        till's books: nothing of it was ever booked there.
        """
        refunds = self._refunds()
        self.env.cr.execute("SELECT id FROM pos_order WHERE id = %s FOR NO KEY UPDATE", (payment.order_id.id,))
        payment.invalidate_recordset()
        left = payment._charged() - payment.refunded - payment.owed
        if payment.state != "refund_due" or left <= 0:
            return refunds
        refund = refunds.create(
            {
                "kind": "late",
                "order_id": payment.order_id.id,
                "payment_id": payment.id,
                "company_id": payment.company_id.id,
                "config_id": payment.config_id.id,
                "currency_id": payment.currency_id.id,
                "amount": left,
                "tip": 0,
                "reason": self.env._("Paid when the order needed it no longer"),
            }
        )
        payment._give(left)
        self._send(refund)
        refund._announce()
        self._audit(refund)
        return refund
