"""Stops the testing of stolen cards: whoever is declined again and again may not try another one at once."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem, declare

WITHIN_MINUTES = 10
#: The sixth declined payment closes the door.
DECLINES = 5

#: A failure of the provider or of its set-up says nothing of the card.
NEWEST = """
    SELECT count(*), extract(epoch FROM %(within)s * interval '1 minute' - ((now() AT TIME ZONE 'UTC') - min(at)))
      FROM (SELECT write_date AS at FROM fynlo_payment
             WHERE state = 'failed' AND coalesce(failure_code, '') NOT LIKE 'provider\\_%%'
               AND coalesce(failure_code, '') <> 'never_arrived'
               AND write_date > (now() AT TIME ZONE 'UTC') - %(within)s * interval '1 minute'
               AND (device_id = %(device)s OR order_id = %(order)s
                    OR (device_id IS NULL AND employee_id = %(employee)s))
             ORDER BY write_date DESC LIMIT %(limit)s) newest
"""

declare(
    "too_many_declines",
    429,
    "Too many declined cards",
    "More than five payments were declined within ten minutes on this device or order.",
    "Take cash, or wait Retry-After seconds. Look at who holds the cards: this is how stolen ones are tried out.",
    retryable=True,
)


class FynloDeclineGuard(models.AbstractModel):
    _name = "fynlo.decline.guard"
    _description = "Limit of declined payments"

    @api.model
    def _check(self, identity, order_id=None):
        """Raises ``too_many_declines`` when the caller's device, or the order (``pos.order`` id), had too many.

        One query. Whoever has no device is counted as the employee; a guest on the payment page counts for
        the till that made the link.
        """
        self.env["fynlo.payment"].flush_model(["state", "failure_code", "write_date"])
        values = {"device": identity.device_id or None, "employee": identity.employee_id or None, "order": order_id}
        self.env.cr.execute(NEWEST, {**values, "within": WITHIN_MINUTES, "limit": DECLINES + 1})
        declined, wait = self.env.cr.fetchone()
        if declined > DECLINES:
            raise Problem(
                "too_many_declines",
                self.env._("Too many cards were declined here. Take cash, or wait a few minutes."),
                headers={"Retry-After": str(max(1, int(wait)))},
            )


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _send(self, order, identity, facts, method_id, wish):
        """Nothing is reserved, and no provider asked, for whoever had too many declines."""
        self.env["fynlo.decline.guard"]._check(identity, order.row_id)
        return super()._send(order, identity, facts, method_id, wish)


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    _declined_on_device = models.Index("(device_id, write_date) WHERE state = 'failed'")
    _declined_on_order = models.Index("(order_id, write_date) WHERE state = 'failed'")
    _declined_by_employee = models.Index("(employee_id, write_date) WHERE state = 'failed' AND device_id IS NULL")
