"""Surcharge rules: where the law lets a guest be charged for how he pays, and up to what."""

from dataclasses import dataclass

from odoo import fields, models

from ..fees.charge import Limit

FUNDINGS = [
    ("any", "Any"),
    ("credit", "Credit"),
    ("debit", "Debit"),
    ("prepaid", "Prepaid"),
    ("commercial", "Commercial"),
    ("unknown", "Unknown"),
]


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether fees may be passed on, and by which rule it was decided (``None``: no rule allows it)."""

    allowed: bool
    limit: Limit | None = None
    rule_id: int | None = None
    rule_uuid: str | None = None
    source: str | None = None


class FynloSurchargeRule(models.Model):
    """One row of the law. Without a row that allows it, nothing is passed on."""

    _name = "fynlo.surcharge.rule"
    _description = "Surcharge rule"
    _inherit = ["fynlo.fee.terms"]
    _resource_name = "surcharge_rule"
    _order = "country_id, state_id, method, funding, valid_from desc, id"
    _rec_name = "source"
    _told = (
        "country_id", "state_id", "method", "funding", "allowed", "capped", "cap_bps", "platform_too", "valid_from",
        "source", "active",
    )  # fmt: skip

    country_id = fields.Many2one("res.country", required=True, ondelete="restrict", index=True)
    state_id = fields.Many2one("res.country.state", ondelete="restrict", domain="[('country_id', '=', country_id)]")
    method = fields.Char("Tender", help="The code of a tender. Empty: any.")
    funding = fields.Selection(FUNDINGS, "Card", required=True, default="any")
    allowed = fields.Boolean(help="Whether a guest may be charged for paying so.")
    capped = fields.Boolean("With a cap")
    cap_bps = fields.Integer("Cap (basis points)", default=0, required=True, help="Of bill and tip; 300 is 3 %.")
    platform_too = fields.Boolean("Fynlo's fee too", help="Otherwise only what the provider costs may be passed on.")
    valid_from = fields.Date(required=True, default=fields.Date.context_today)
    source = fields.Char(required=True, help="The law or the contract that says so.")
    active = fields.Boolean(default=True)

    _cap = models.Constraint("CHECK(cap_bps BETWEEN 0 AND 10000)", "A cap lies between 0 and 100 percent.")
    _once = models.UniqueIndex(
        "(country_id, COALESCE(state_id, 0), COALESCE(method, ''), funding, valid_from) WHERE active",
        "From that day on there is such a rule already.",
    )

    def _of_country(self, country, day):
        """All rules of a country and its states that are in force on ``day``; one query."""
        return self.sudo().search([("country_id", "=", country.id), ("valid_from", "<=", day)])

    def _permission(self, state, method, funding):
        """What these rules, of one country, say of a charge.

        Country and state must both allow it, and the lower cap counts. Where states differ and the
        state is not known, nothing is passed on.
        """
        national = self.filtered(lambda rule: not rule.state_id)._most_exact(method, funding)
        local = self.filtered(lambda rule: rule.state_id and rule.state_id == state)._most_exact(method, funding)
        if not national or (not state and self.state_id):
            return Permission(False, None, *_named(national))
        for rule in (local, national):
            if rule and not rule.allowed:
                return Permission(False, None, *_named(rule))
        caps = [(rule.cap_bps, rule) for rule in (local, national) if rule.capped]
        cap, deciding = min(caps, key=lambda pair: pair[0], default=(None, local or national))
        platform_too = all(rule.platform_too for rule in local | national)
        return Permission(True, Limit(cap, platform_too), *_named(deciding))

    def _most_exact(self, method, funding):
        """The rule that names tender and card; of such the newest."""
        fitting = self.filtered(
            lambda rule: (not rule.method or rule.method == method) and rule.funding in ("any", funding)
        )
        return fitting.sorted(
            lambda rule: (bool(rule.method), rule.funding != "any", rule.valid_from, rule.id), reverse=True
        )[:1]

    def _allow_somewhere(self, state):
        """Whether any tender and card may be charged more in ``state`` by these rules."""
        methods = {rule.method or "" for rule in self} | {""}
        return any(
            self._permission(state, method, funding).allowed for method in methods for funding, _name in FUNDINGS
        )


def _named(rule):
    return (rule.id, rule.fynlo_uuid, rule.source) if rule else (None, None, None)
