"""Discounts that a person at the till may give."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FynloDiscount(models.Model):
    """A named reason to charge less: a share of the price, or an amount."""

    _name = "fynlo.discount"
    _description = "Discount"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "sequence, id"
    _resource_name = "discount"
    _menu_fields = frozenset(
        {"name", "sequence", "active", "company_id", "kind", "value_bp", "amount", "scope", "permission"}
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection([("percent", "Percentage"), ("amount", "Amount")], required=True, default="percent")
    value_bp = fields.Integer("Rate (basis points)", default=0, help="1000 is ten percent.")
    rate = fields.Float("Rate", compute="_compute_rate", inverse="_inverse_rate", help="The share to take off.")
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
