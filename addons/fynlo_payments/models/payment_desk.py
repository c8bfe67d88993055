"""The back office's buttons on payments that are not over: ask the provider again, or have it end them."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.exceptions import UserError
from odoo.fields import Domain

from . import provider_call
from .desk_errand import after_commit

#: Each asks a provider, which may take its time.
AT_ONCE = 10


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    def action_look_again(self):
        """Learn from their providers what became of these payments."""
        service = self.env["fynlo.payment.service"]
        wishes = [(payment, service._wish_seen(payment._desk_identity(), payment.fynlo_uuid)) for payment in self]
        self._run_errand(provider_call.look, [row for _payment, row in wishes if row])

    def action_cancel_attempt(self):
        """Have the provider end the payment; if the guest has paid already, it stays paid."""
        self.ensure_one()
        row = self.env["fynlo.payment.service"]._wish_cancelled(self._desk_identity(), self.fynlo_uuid)
        self._run_errand(provider_call.cancel, [row] if row else [])

    def _desk_identity(self):
        """The user of the back office at the payment's location. Raises ``permission_denied``."""
        identity = self._at_desk()
        identity.require("payment.take")
        return identity

    def _at_desk(self):
        self.check_access("read")
        return self.env["fynlo.access"]._at_desk(self.config_id)

    def _run_errand(self, errand, rows):
        if len(rows) > AT_ONCE:
            raise UserError(self.env._("Choose at most %s payments at once.", AT_ONCE))
        registry = self.env.registry
        if rows:
            after_commit(self.env, lambda: _ask_each(registry, errand, rows))


class FynloAttention(models.AbstractModel):
    _inherit = "fynlo.attention"

    @api.model
    def _things(self):
        stuck = Domain("stuck", "=", True)
        return [
            *super()._things(),
            (self.env._("Stuck payments"), "fynlo.payment", stuck, "fynlo_payments.action_fynlo_payment_stuck"),
        ]


def _ask_each(registry, errand, rows):
    """Every provider is asked, also after one that could not be; then its refusal is told."""
    refused = None
    for row in rows:
        try:
            errand(registry, row)
        except Problem as problem:
            refused = problem
    if refused:
        raise refused
