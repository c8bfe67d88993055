"""Apple Pay as one of the ways to pay on the pay page."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from odoo import api, models

from .apple_pay import CARD
from .pay_page import PayMethod

TEMPLATE = "fynlo_payments.pay_by_apple_pay"
SCRIPT = "/fynlo_payments/static/pay/apple_pay.js"


@dataclass(frozen=True, slots=True)
class ApplePayMethod(PayMethod):
    """``processor`` is the origin to which the page takes Apple's token."""

    processor: str = ""


class FynloPayPage(models.AbstractModel):
    _inherit = "fynlo.pay.page"

    @api.model
    def _pay_methods(self, link):
        """With Apple Pay where it is set up; a phone that has none does not show it."""
        methods = super()._pay_methods(link)
        if self._offers(link, CARD) and CARD in self._tenders(link.config_id):
            url = urlsplit(self.env["fynlo.apple.pay"]._card_processor(link.config_id)["url"])
            methods.append(ApplePayMethod("apple_pay", TEMPLATE, SCRIPT, f"{url.scheme}://{url.netloc}"))
        return methods

    @api.model
    def _tenders(self, location):
        """Apple Pay is charged as a card."""
        tenders = super()._tenders(location)
        return tenders if self.env["fynlo.apple.pay"]._lacking(location) else tenders | {CARD}

    @api.model
    def _policy(self, policy, values):
        """The token may go to the card processor, and the page to nobody else."""
        policy = super()._policy(policy, values)
        for method in values.get("methods") or ():
            if isinstance(method, ApplePayMethod):
                policy = policy.replace("connect-src 'self'", f"connect-src 'self' {method.processor}")
        return policy
