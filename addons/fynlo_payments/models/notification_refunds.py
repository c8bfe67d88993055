"""Notifications of refunds: what became of money on its way back is asked, all of a payment's at once."""

from odoo import api, models

from .refund_call import look_refunds


class FynloPaymentNotification(models.Model):
    _inherit = "fynlo.payment.notification"

    @api.model
    def _askers(self):
        return super()._askers() | {"refund": _ask_refunds}


def _ask_refunds(registry, payment_id):
    """One that succeeded may have failed since; one that the provider has not decided is asked for again later."""
    return "unknown" not in look_refunds(registry, payment_id)
