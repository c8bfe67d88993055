"""Asking after payments whose outcome nobody told: after crashes, time-outs, lost notifications, idle guests."""

import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, models
from odoo.addons.fynlo_pos_core.engine.health import Reading
from odoo.addons.fynlo_pos_core.rest import Problem, transaction
from odoo.addons.fynlo_pos_core.tools.clock import now

from . import provider_call
from .payment_conclusion import MISMATCH

_logger = logging.getLogger(__name__)

#: How long after each look the next one is; the last goes on for ever.
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600)]
#: Authorised money is captured so long before the authorisation lapses: the guest owes it.
BEFORE_LAPSE = timedelta(hours=2)
AT_ONCE = 50

CLAIM = """
    UPDATE fynlo_payment SET looks = coalesce(looks, 0) + 1,
           next_look_at = %(now)s + (%(pauses)s)[least(coalesce(looks, 0) + 1, %(last)s)] * interval '1 second'
     WHERE id IN (SELECT id FROM fynlo_payment
                   WHERE next_look_at <= %(now)s
                     AND state IN ('reserved', 'sent', 'action_required', 'authorised', 'unknown')
                   ORDER BY next_look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
#: Payments whose outcome is open for minutes, by location; one that contradicts its provider at once.
STUCK = """
    SELECT count(*) AS value, config.company_id, config.id AS config_id, config.fynlo_uuid AS key, config.name,
           string_agg(payment.method || ' ' || payment.fynlo_uuid, ', ' ORDER BY payment.id) AS note
      FROM fynlo_payment payment JOIN pos_config config ON config.id = payment.config_id
     WHERE payment.failure_code = %(mismatch)s AND payment.state = 'unknown'
        OR payment.state IN ('reserved', 'sent', 'unknown') AND payment.sent_at < %(since)s
        OR payment.state = 'refund_due' AND payment.refunded < payment.amount + payment.tip + payment.surcharge
     GROUP BY config.id
"""


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    @api.model
    def _cron_recover(self):
        """Look at each payment that is due for it; one failure stops no other."""
        for payment_id in transaction.run(self.env, self._claim_due):  # committed before a provider is asked
            try:
                recover(self.env.registry, payment_id)
            except Problem as away:
                _logger.info("payment %s could not be looked at: %s", payment_id, away.code)
            except Exception:  # boundary: the other payments are to be looked at as well
                _logger.exception("payment %s could not be looked at", payment_id)

    def _errand(self):
        """What is to be done with the payment: end it, capture it or look at it."""
        attempt, moment = self.sudo(), now()
        lapsing = attempt.capture_before and attempt.capture_before - BEFORE_LAPSE <= moment
        if attempt.cancel_wanted:
            return provider_call.cancel
        if attempt.state == "authorised":
            return provider_call.capture if attempt.capture_amount or lapsing else provider_call.look
        if attempt.expires_at and attempt.expires_at <= moment:
            return provider_call.expire
        return provider_call.look

    @api.model
    def _claim_due(self):
        """Payments that are due, each put off to its next turn, so that no two jobs look at the same."""
        pauses = [int(pause.total_seconds()) for pause in PAUSES]
        self.env.cr.execute(CLAIM, {"now": now(), "pauses": pauses, "last": len(pauses), "limit": AT_ONCE})
        claimed = [payment_id for (payment_id,) in self.env.cr.fetchall()]
        self.browse(claimed).invalidate_recordset(["looks", "next_look_at"])
        return claimed


def recover(registry, payment_id):
    """Do with a payment what is to be done now; safe to repeat. Raises ``provider_unavailable``."""
    with registry.cursor() as cr:
        errand = api.Environment(cr, SUPERUSER_ID, {})["fynlo.payment"].browse(payment_id)._errand()
    errand(registry, payment_id)


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {"payments_stuck": self._payments_stuck}

    def _payments_stuck(self):
        """Payments of each location that need a person: open for five minutes, contradicted, or owed back."""
        rows = self._rows(STUCK, mismatch=MISMATCH, since=now() - timedelta(minutes=5))
        return [Reading(**row, kind="location") for row in rows]
