"""Cards by Stripe: typed, tapped on a reader, or Apple Pay, which Stripe turns into a card."""

from odoo import api, models

from .connection import ProviderUnavailable
from .provider import PREFIX


class FynloProviderStripe(models.AbstractModel):
    _name = PREFIX + "stripe"
    _inherit = ["fynlo.provider"]
    _description = "Card (Stripe)"

    _immediate = False
    _notified_at = "/api/v1/stripe/webhook"
    _kinds_until_captured = frozenset(
        {
            "payment_intent.created",
            "payment_intent.requires_action",
            "payment_intent.processing",
            "payment_intent.amount_capturable_updated",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.captured",
        }
    )

    @api.model
    def _connection(self, location):
        """Stripe with the settings of a location. Raises ``ProviderUnavailable`` while it is not set up."""
        return self.env["fynlo.stripe.connection"]._connection(location)

    @api.model
    def _place(self, location):
        """The mode and the account of a location, and the name of its key, as columns of a payment."""
        return self.env["fynlo.stripe.connection"]._place(location)

    @api.model
    def _connection_of(self, payment):
        """Stripe as it was when the payment was sent; of older payments, which do not know, as it is now."""
        if not payment.sudo().provider_mode:
            return super()._connection_of(payment)
        return self.env["fynlo.stripe.connection"]._connection_of(payment)

    @api.model
    def _captures_later(self, location):
        return location.fynlo_stripe_capture == "manual"

    @api.model
    def _listener(self):
        """What verifies notifications of every account. Raises ``ProviderUnavailable`` while there is no secret."""
        return self.env["fynlo.stripe.connection"]._listener()

    @api.model
    def _setup_facts(self, location):
        """What a location needs, as a list of :class:`~.setup.SetupFact`; no secret is in it."""
        return self.env["fynlo.stripe.connection"]._facts(location)

    @api.model
    def _setup_mode(self, location):
        """``live`` when real money moves at ``location``, ``test`` when none does, ``None`` without a mode."""
        return location.sudo().fynlo_stripe_mode or None

    @api.model
    def _is_set_up(self, location):
        """Whether the tender can be taken at a location. Calls nobody."""
        try:
            self._connection(location)
        except ProviderUnavailable:
            return False
        return True
