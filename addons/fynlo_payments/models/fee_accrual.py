"""Fynlo's revenue follows the ledger: it is earned with money that came in and goes back with money that went back."""

from odoo import api, models


class FynloPaymentEntry(models.Model):
    _inherit = "fynlo.payment.entry"

    @api.model
    def _enter_capture(self, payment):
        super()._enter_capture(payment)
        if payment._is_outside() and payment.fee_schedule_id:
            self.env["fynlo.fee.revenue"]._accrue(
                payment,
                payment.application_fee,
                charged_minor=payment._charged(),
                schedule_id=payment.fee_schedule_id.id,
                rule_id=payment.fee_rule_id.id or None,
            )

    @api.model
    def _enter_refund(self, refund):
        super()._enter_refund(refund)
        self._return_fee(refund)

    @api.model
    def _enter_owed_back(self, refund):
        super()._enter_owed_back(refund)
        self._return_fee(refund)

    @api.model
    def _enter_failed_refund(self, refund):
        super()._enter_failed_refund(refund)
        if not refund._provider()._immediate:
            self.env["fynlo.fee.revenue"]._restore(refund.payment_id, refund.fynlo_uuid, refund.amount)

    def _return_fee(self, refund):
        """Fynlo's share goes back with money that goes back as it came; another tender leaves the charge as it was."""
        if not refund._provider()._immediate:
            self.env["fynlo.fee.revenue"]._return(refund.payment_id, refund.fynlo_uuid, refund.amount)
