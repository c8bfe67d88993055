"""A payment that contradicts its provider, settled there by a person: a manager lets the order go on without it."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.exceptions import UserError

from ..providers.connection import ProviderState
from .payment_conclusion import MISMATCH

PERMISSION = "reconciliation.resolve"
RELEASED = "released_by_hand"


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _release(self, identity, attempt, reason):
        """End an attempt of which a manager has seen to it that no money of the guest's is kept; the order is free.

        Asks nobody: for what the provider cannot tell, or tells otherwise for good. Money that comes after all is
        booked or due back as any late money. Raises ``permission_denied`` and ``illegal_transition``.
        """
        identity.require(PERMISSION)
        attempt = attempt.sudo()
        if (attempt.state, attempt.failure_code) != ("unknown", MISMATCH):
            raise Problem(
                "illegal_transition",
                self.env._("Only a payment that contradicts its provider is settled by hand."),
                current_state=attempt.state,
                allowed=[],
            )
        self.env["fynlo.audit.log"]._record(
            "payment.released",
            company_id=attempt.company_id.id,
            resource=("payment", attempt.fynlo_uuid),
            before={"state": attempt.state, "amount": attempt._charged(), "failure": attempt.failure_code},
            reason=reason,
        )
        return self._conclude(attempt.id, ProviderState("cancelled", failure_code=RELEASED))


class FynloPaymentRelease(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its service
    _name = "fynlo.payment.release"
    _description = "Settle a payment by hand"

    payment_id = fields.Many2one("fynlo.payment", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="payment_id.currency_id", related_sudo=False)
    amount_shown = fields.Monetary("Asked for", related="payment_id.amount_shown", related_sudo=False)
    provider_reference = fields.Char("At the provider", related="payment_id.provider_reference", related_sudo=False)
    reason = fields.Char("What was done at the provider", required=True)
    seen = fields.Boolean("At the provider I have seen that none of the guest's money is kept")

    def action_release(self):
        """Let the order go on without the payment."""
        self.ensure_one()
        if not self.seen:
            raise UserError(self.env._("Look at the provider's own page first, and give back what it holds."))
        payment = self.payment_id
        self.env["fynlo.payment.service"]._release(payment._at_desk(), payment, self.reason)
        return {"type": "ir.actions.act_window_close"}


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    def action_release(self):
        """Back office: the window in which a manager says what was done at the provider."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settle by hand"),
            "res_model": "fynlo.payment.release",
            "context": {"default_payment_id": self.id},
            "view_mode": "form",
            "target": "new",
        }
