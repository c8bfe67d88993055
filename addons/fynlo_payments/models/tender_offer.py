"""Which of its tenders a location offers, in which order, for which sales and amounts.

A tender exists at a location as soon as one of its payment methods books it. Without a row here it is
offered everywhere for any amount. A tender that is switched off is not taken any more; what was begun
with it is still brought to its end.
"""

from dataclasses import replace

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.tender_rule import TenderRule
from odoo.addons.fynlo_pos_core.rest import Invalid
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor
from odoo.exceptions import ValidationError

from .fee_schedule import CHANNELS

TILL, ONLINE = "in_person", "online"
#: Where a tender stands until somebody moves it.
PLACE = 10


class FynloTenderOffer(models.Model):
    """One tender of one location. Changing it is a change of the settings: audited, and tills hear of it."""

    _name = "fynlo.tender.offer"
    _description = "Offered tender"
    _inherit = ["fynlo.settings.part", "fynlo.menu.part"]
    _order = "config_id, sequence, id"
    _rec_name = "method"
    _menu_fields = frozenset({"offered", "sequence", "channel", "least", "most"})

    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    currency_id = fields.Many2one(related="config_id.currency_id")
    method = fields.Selection("_select_method", "Tender", required=True, readonly=True)
    offered = fields.Boolean(default=True, help="Switched off, tills no longer take it.")
    sequence = fields.Integer("Place", default=PLACE)
    channel = fields.Selection(CHANNELS, "Offered for", required=True, default="any")
    least = fields.Integer("Smallest amount (minor units)", required=True, default=0)
    most = fields.Integer("Largest amount (minor units)", required=True, default=0)
    least_shown = fields.Monetary("From", compute="_compute_shown", inverse="_inverse_least_shown", help="0: no limit.")
    most_shown = fields.Monetary("Up to", compute="_compute_shown", inverse="_inverse_most_shown", help="0: no limit.")
    booked_as = fields.Char("Payment method", compute="_compute_booked_as")

    _once = models.UniqueIndex("(config_id, method)", "The tender is in the list already.")

    @api.constrains("least", "most")
    def _check_amounts(self):
        for offer in self:
            if offer.least < 0 or (offer.most and offer.most < offer.least) or offer.most < 0:
                raise ValidationError(
                    self.env._("Amounts are not negative, and the largest is not below the smallest.")
                )

    @api.model
    def _select_method(self):
        return self.env["pos.payment.method"]._select_fynlo_provider()

    @api.depends("method")
    def _compute_display_name(self):
        names = dict(self._select_method())
        for offer in self:
            offer.display_name = names.get(offer.method, offer.method)

    @api.depends("least", "most", "currency_id")
    def _compute_shown(self):
        for offer in self:
            digits = offer.currency_id.decimal_places
            offer.least_shown, offer.most_shown = to_major(offer.least, digits), to_major(offer.most, digits)

    def _inverse_least_shown(self):
        for offer in self:
            offer.least = to_minor(offer.least_shown, offer.currency_id.decimal_places)

    def _inverse_most_shown(self):
        for offer in self:
            offer.most = to_minor(offer.most_shown, offer.currency_id.decimal_places)

    @api.depends("config_id.payment_method_ids", "method")
    def _compute_booked_as(self):
        for offer in self:
            booking = offer.config_id._fynlo_tender_methods().get(offer.method)
            offer.booked_as = booking.name if booking else False

    @api.model_create_multi
    def create(self, vals_list):
        """A new row changes nothing by itself; what is wished beside that is written, so that it is told."""
        bare = [{name: vals[name] for name in ("config_id", "method")} for vals in vals_list]
        offers = super().create(bare)
        for offer, vals in zip(offers, vals_list, strict=True):
            wished = {name: value for name, value in vals.items() if name not in ("config_id", "method")}
            if wished:
                offer.write(wished)
        return offers

    def _settings_owners(self):
        return self.config_id

    def _menu_owners(self):
        return self.config_id

    def _rule(self):
        return TenderRule(self.offered, self.channel, self.least, self.most)


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_offer_ids = fields.One2many("fynlo.tender.offer", "config_id", "Tenders")

    def _fynlo_tender_methods(self):
        """The payment methods by the tender they book, in their order; of two for one tender the first."""
        methods = self.sudo().payment_method_ids.filtered(
            lambda method: method.fynlo_provider and not method.is_online_payment
        )
        return {method.fynlo_provider: method for method in methods.sorted("sequence", reverse=True)}

    def _fynlo_tender_rules(self):
        """When each tender is offered, by its code; those without a row are left out."""
        return {offer.method: offer._rule() for offer in self.sudo().fynlo_offer_ids}

    def _fynlo_offered(self, channel=TILL):
        """Tender → payment method of what is offered for ``channel``, in the order that the manager chose."""
        self.ensure_one()
        offers = {offer.method: offer for offer in self.sudo().fynlo_offer_ids}
        found = [
            (offers[code].sequence if code in offers else PLACE, method.sequence, method.id, code, method)
            for code, method in self._fynlo_tender_methods().items()
            if code not in offers or offers[code]._rule().is_offered(channel)
        ]
        return {code: method for *_place, code, method in sorted(found, key=lambda one: one[:3])}

    @api.model
    def action_fynlo_tenders(self):
        """Back office: the locations, each with its tenders."""
        locations = self.search([])
        locations._fynlo_list_tenders()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_payments.action_tenders_of_locations")
        if len(locations) == 1:
            form = [view for view in action["views"] if view[1] == "form"]
            action.update(res_id=locations.id, views=form, view_mode="form")
        return action

    def _fynlo_list_tenders(self):
        """Give each tender of these locations a row that can be changed. May be repeated."""
        for location in self:
            known = set(location.fynlo_offer_ids.mapped("method"))
            missing = [code for code in location._fynlo_tender_methods() if code not in known]
            self.env["fynlo.tender.offer"].create([{"config_id": location.id, "method": code} for code in missing])


class FynloLocationFacts(models.AbstractModel):
    _inherit = "fynlo.location.facts"

    def _tenders(self, location):
        return {code: method.id for code, method in location._fynlo_tender_methods().items()}

    def _tender_rules(self, location):
        return location._fynlo_tender_rules()


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    def _tenders(self, location, channel=TILL):
        """What is offered for ``channel``, by code with the name that the manager gave it."""
        return {code: method.name for code, method in location._fynlo_offered(channel).items()}

    @api.model
    def _quotes(self, location, methods, wish):
        """A charge that the location does not take with a tender is out of its range, whatever the provider takes."""
        rules = location._fynlo_tender_rules()
        return {
            code: replace(priced, out_of_range=True)
            if priced and code in rules and not rules[code].fits(priced.quote.charge)
            else priced
            for code, priced in super()._quotes(location, methods, wish).items()
        }


class FynloPaymentService(models.AbstractModel):
    """What begins a payment away from tills names its channel in the context, as ``fynlo_channel``."""

    _inherit = "fynlo.payment.service"

    def _method(self, facts, tender):
        """A tender that is switched off is no more taken than one that the location never had."""
        rule = facts.tender_rules.get(tender)
        if rule and not rule.is_offered(self.env.context.get("fynlo_channel", TILL)):
            raise Invalid(
                self.env._("This location does not take %s at the moment.", tender),
                code="payment_method_unavailable",
                field="method",
            )
        return super()._method(facts, tender)

    def _check_amounts(self, order, facts, wish):
        super()._check_amounts(order, facts, wish)
        rule = facts.tender_rules.get(wish.method)
        charged = wish.amount.amount + (wish.tip.amount if wish.tip else 0)
        if rule and not rule.fits(charged):
            raise Invalid(
                self.env._("This location takes no such amount with %s.", wish.method),
                code="charge_out_of_range",
                field="amount",
            )
