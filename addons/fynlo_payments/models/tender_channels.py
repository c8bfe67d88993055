"""Guests who pay on their own phone are no till: what counts for them is what is offered online."""

from dataclasses import replace

from odoo import api, models

from .tender_offer import ONLINE, TILL


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


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    @api.model
    def _ranked(self, location, wish):
        """A pay page passes no fee on, so none counts there."""
        return super()._ranked(location, replace(wish, pass_fee=False) if wish.channel == ONLINE else wish)

    def _tenders(self, location, channel=TILL):
        """Online it is what the pay page has a way to be paid with."""
        offered = super()._tenders(location, channel)
        if channel != ONLINE:
            return offered
        on_page = self.env["fynlo.pay.page"].sudo()._tenders(location)
        return {code: name for code, name in offered.items() if code in on_page}
