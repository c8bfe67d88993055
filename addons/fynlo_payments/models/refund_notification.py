"""Notifications about refunds: all refunds of the payment are asked after, as one that succeeded may have failed."""

from odoo import api, models

from .refund_call import look_refunds


class FynloPaymentNotification(models.Model):
    _inherit = "fynlo.payment.notification"

    @api.model
    def _askers(self):
        return super()._askers() | {"refund": _ask_refunds}


def _ask_refunds(registry, payment_id):
    return "unknown" not in look_refunds(registry, payment_id)
