"""Cards on the pay page: typed on Stripe's own page, so that no number of a card comes near this server."""

from datetime import UTC

from odoo import api, models

from ..providers.stripe_client import CheckoutPage, is_checkout
from .apple_pay import CARD
from .pay_page import PayMethod

TEMPLATE = "fynlo_payments.pay_by_card"
STEP = "card"


class FynloPayPage(models.AbstractModel):
    _inherit = "fynlo.pay.page"

    @api.model
    def _pay_methods(self, link):
        """With cards where the location takes them online."""
        methods = super()._pay_methods(link)
        return [*methods, PayMethod(STEP, TEMPLATE)] if self._offers(link, CARD) else methods

    @api.model
    def _goes_on(self, payment):
        """A card's page can be opened again; what Apple Pay has begun is with Stripe, and there is no page of it."""
        if payment.method != CARD:
            return super()._goes_on(payment)
        has_page = not payment.provider_reference or is_checkout(payment.provider_reference)
        return STEP if has_page else None

    @api.model
    def _card_details(self, link):
        """What Stripe needs for its page of a link's payment; the same at each try, as it is sent with one key."""
        house, _days = self.env["pos.config"]._fynlo_receipt_house(link.config_id.id)
        name, back = house.location or house.name, f"{link._url()}/back"
        return {"checkout": CheckoutPage(name, back, link.expires_at.replace(tzinfo=UTC))}
