"""The list of tenders that tills show, and the same list as managers see it before tills do."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.tender_rule import TenderRule
from odoo.addons.fynlo_pos_core.tools.money import to_major

from .fee_quote import Wish


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    @api.model
    def _listed(self, location):
        """The location's tenders as ``GET /payments/methods`` tells them, best first for a bill of a hundred."""
        usual = Wish(bill=100 * 10**location.currency_id.decimal_places)
        rules, places = location._fynlo_tender_rules(), list(location._fynlo_offered())
        return [
            {
                **_listed(location, rank, one),
                **_conditions(location, rules.get(one.method, TenderRule())),
                "position": places.index(one.method) + 1 if one.method in places else rank,
            }
            for rank, one in enumerate(self._ranked(location, usual), 1)
        ]


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_tender_preview = fields.Html("On tills", compute="_compute_fynlo_tender_preview", sanitize=False)

    @api.depends("fynlo_offer_ids.offered", "fynlo_offer_ids.sequence", "fynlo_offer_ids.channel",
                 "fynlo_offer_ids.least", "fynlo_offer_ids.most", "payment_method_ids")  # fmt: skip
    def _compute_fynlo_tender_preview(self):
        """What a till is answered now, in words; of settings that are saved."""
        for location in self:
            stored = location._origin.sudo()
            items = sorted(self.env["fynlo.fees"]._listed(stored), key=lambda one: one["position"]) if stored else []
            shown = {"tenders": items, "money": stored._fynlo_money_text, "reasons": self._fynlo_reasons()}
            location.fynlo_tender_preview = self.env["ir.qweb"]._render("fynlo_payments.tender_preview", shown)

    @api.model
    def _fynlo_reasons(self):
        """Why a tender cannot be taken now, in words."""
        return {
            "no_open_session": self.env._("the till is closed"),
            "provider_unavailable": self.env._("not set up"),
            "provider_unresponsive": self.env._("does not answer"),
            "fee_unknown": self.env._("no fee schedule"),
        }

    def _fynlo_money_text(self, money):
        """An amount of the wire as text: ``0.30 GBP``."""
        digits = self.currency_id.decimal_places
        return f"{to_major(money['amount'], digits):.{digits}f} {money['currency']}"


def surcharge(permission):
    """What the law lets the location charge for a tender, on the wire."""
    return {
        "allowed": permission.allowed,
        "cap_bps": permission.limit.cap_bps if permission.limit else None,
        "rule_id": permission.rule_uuid,
        "source": permission.source,
    }


def money(location, minor):
    """An amount of the location's currency, on the wire."""
    return {"amount": minor, "currency": location.currency_id.name}


def _conditions(location, rule):
    return {
        "minimum": money(location, rule.least) if rule.least else None,
        "maximum": money(location, rule.most) if rule.most else None,
    }


def _listed(location, rank, one):
    reason = one.hindrance or (None if one.priced else "fee_unknown")  # the usual bill may be out of its range
    terms = one.priced.terms if one.priced else None
    fee = terms and {
        "provider_rate_ppm": terms.provider_ppm,
        "fixed": money(location, terms.fixed),
        "platform_rate_ppm": terms.platform_ppm,
    }
    return {
        "method": one.method,
        "name": one.name,
        "rank": rank,
        "fee": fee,
        "fee_text": _fee_text(location, terms),
        "success_bp": one.success_bp,
        "available": reason is None,
        "reason": reason,
        "surcharge_rule": surcharge(one.priced.permission) if one.priced else None,
    }


def _fee_text(location, terms):
    """The fee as a person reads it: ``2.9 % + 0.30 GBP + 1 %``."""
    if terms is None:
        return location.env._("Not known")
    fixed = location._fynlo_money_text(money(location, terms.fixed)) if terms.fixed else ""
    parts = [_percent(terms.provider_ppm), fixed, _percent(terms.platform_ppm)]
    return " + ".join(part for part in parts if part) or location.env._("Free")


def _percent(ppm):
    return f"{ppm / 10_000:g} %" if ppm else ""
