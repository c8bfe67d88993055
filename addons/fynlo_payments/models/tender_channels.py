"""Guests who pay on their own phone are no till: what counts for them is what is offered online."""

from odoo import api, models

from .tender_offer import ONLINE


class FynloPayLinkService(models.AbstractModel):
    _inherit = "fynlo.pay.link.service"

    @api.model
    def _make(self, identity, wish):
        """A till asks for the link, but it is paid online."""
        return super(FynloPayLinkService, self.with_context(fynlo_channel=ONLINE))._make(identity, wish)


class FynloPayPage(models.AbstractModel):
    _inherit = "fynlo.pay.page"

    @api.model
    def _offers(self, link, tender):
        rule = link.config_id._fynlo_tender_rules().get(tender)
        if rule and not (rule.is_offered(ONLINE) and rule.fits(link.amount + link.tip)):
            return False
        return super()._offers(link, tender)

    @api.model
    def _begin(self, link, method, details=None):
        return super(FynloPayPage, self.with_context(fynlo_channel=ONLINE))._begin(link, method, details)
