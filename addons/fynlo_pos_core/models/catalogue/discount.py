"""Discounts that a person at the till may give."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.money import to_minor
from .catalogue_entry import refused


class FynloDiscount(models.Model):
    """A named reason to charge less: a share of the price, or an amount."""

    _name = "fynlo.discount"
    _description = "Discount"
    _inherit = ["fynlo.catalogue.entry"]
    _order = "sequence, id"
    _resource_name = "discount"
    _menu_fields = frozenset(
        {"name", "sequence", "active", "company_id", "kind", "value_bp", "amount", "scope", "permission", "exclusive"}
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection([("percent", "Percentage"), ("amount", "Amount")], required=True, default="percent")
    value_bp = fields.Integer("Rate (basis points)", default=0, help="1000 is ten percent.")
    rate = fields.Float(compute="_compute_rate", inverse="_inverse_rate", help="The share to take off.")
    amount = fields.Monetary(default=0, help="How much less, for the kind Amount.")
    scope = fields.Selection([("order", "Whole order"), ("line", "One line")], required=True, default="order")
    permission = fields.Char(required=True, default="discount.apply", help="Who may give it: the code of a permission.")

    @api.depends("value_bp")
    def _compute_rate(self):
        for discount in self:
            discount.rate = discount.value_bp / 10_000

    def _inverse_rate(self):
        for discount in self:
            discount.value_bp = round(discount.rate * 10_000)

    @api.constrains("kind", "value_bp", "amount")
    def _check_value(self):
        for discount in self:
            if discount.kind == "percent" and not 0 < discount.value_bp <= 10_000:
                raise ValidationError(self.env._("A percentage discount is above 0 and at most 100 percent."))
            if discount.kind == "amount" and discount.amount <= 0:
                raise ValidationError(self.env._("An amount to take off is above zero."))

    @api.model
    def _catalogue_values(self, identity, sent):
        columns = {
            "name": "name",
            "position": "sequence",
            "kind": "kind",
            "scope": "scope",
            "permission": "permission",
        }
        values = super()._catalogue_values(identity, sent)
        values |= {column: sent[name] for name, column in columns.items() if name in sent}
        if sent.get("value_bp") is not None:
            values["value_bp"] = sent["value_bp"]
        if sent.get("amount") is not None:
            values["amount"] = self.env["fynlo.catalogue.desk"]._amount(identity, sent["amount"], "amount")
        self._check_complete(values)
        code = values.get("permission")
        if code and not self.env["fynlo.permission"].sudo().search_count([("code", "=", code)], limit=1):
            raise refused("permission", "unknown_permission", "There is no such permission.")
        return values

    def _check_complete(self, values):
        """A percentage needs its rate, an amount its amount."""
        kind = values.get("kind", self.kind)
        field = "value_bp" if kind == "percent" else "amount"
        if not values.get(field, self[field] if self else 0):
            raise refused(field, "missing", f"A discount of this kind needs {field}.")

    def _api_values(self):
        self.ensure_one()
        is_percent, currency = self.kind == "percent", self.currency_id
        amount = {"amount": to_minor(self.amount, currency.decimal_places), "currency": currency.name}
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "position": self.sequence,
            "kind": self.kind,
            "value_bp": self.value_bp if is_percent else None,
            "amount": None if is_percent else amount,
            "scope": self.scope,
            "permission": self.permission,
            "active": self.active,
            "version": self.fynlo_version,
        }
