"""Refunds whose outcome is not known are asked after until it is; money that came too late is sent back."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import transaction
from odoo.addons.fynlo_pos_core.tools.clock import now

from .refund import WAITING
from .refund_call import look_refund

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
           next_look_at = %(now)s + (%(pauses)s::interval[])[least(coalesce(looks, 0) + 1, %(last)s)]
     WHERE id = %(refund)s AND state IN ('sent', 'unknown') AND next_look_at <= %(now)s
    RETURNING id
"""


class FynloRefund(models.Model):
    _inherit = "fynlo.refund"

    @api.model
    def _cron_recover(self):
        """Send late money back, then look at every refund whose time has come."""
        for payment_id in self._late_money():
            transaction.run(self.env, lambda payment_id=payment_id: self._begin_late(payment_id))
        due = self.sudo().search(
            [("state", "in", list(WAITING)), ("next_look_at", "<=", now())], order="next_look_at", limit=AT_ONCE
        )
        ids = due.ids
        for place, refund_id in enumerate(ids):
            self._look_again(refund_id)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(ids) - place - 1):
                return

    def _late_money(self):
        self.env.cr.execute(LATE, (AT_ONCE,))
        return [payment_id for (payment_id,) in self.env.cr.fetchall()]

    def _begin_late(self, payment_id):
        return self.env["fynlo.refund.service"]._begin_late(self.env["fynlo.payment"].sudo().browse(payment_id))

    def _look_again(self, refund_id):
        """Look at one refund unless another worker just did. Its trouble is no other refund's."""
        if not transaction.run(self.env, lambda: self._claim(refund_id)):
            return
        try:
            look_refund(self.env.registry, refund_id)
        except Exception:  # noqa: BLE001 - boundary between refunds: one that cannot be applied must not stop the others
            _logger.exception("refund %s could not be looked at", refund_id)

    def _claim(self, refund_id):
        """Whether this worker is to look at the refund now; the next look is put off in any case."""
        self.env.flush_all()
        self.env.cr.execute(
            CLAIM, {"refund": refund_id, "now": now(), "pauses": list(PAUSES), "last": len(PAUSES)}
        )
        claimed = self.env.cr.fetchone()
        self.sudo().browse(refund_id).invalidate_recordset(["looks", "next_look_at"], flush=False)
        return bool(claimed)


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
        refund.next_look_at = refund.sent_at  # nobody else asks the provider: the recovery job does, at once
        refund._announce()
        self._audit(refund)
        return refund
