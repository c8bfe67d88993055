"""Modifiers: what a guest may change about a product, alone or in a number, for a price or none."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FynloModifierGroup(models.Model):
    """One question to the guest. Many products may share it."""

    _name = "fynlo.modifier.group"
    _description = "Modifier group"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "sequence, id"
    _check_company_auto = True
    _resource_name = "modifier_group"
    _menu_fields = frozenset(
        {"name", "sequence", "active", "company_id", "min_choices", "max_choices", "free_choices", "product_tmpl_ids"}
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    min_choices = fields.Integer("At least", default=0, help="How many must be chosen before the product can be sold.")
    max_choices = fields.Integer(
        "At most", default=0, help="How many may be chosen; 0 means as many as the guest likes."
    )
    free_choices = fields.Integer("Free of charge", default=0, help="How many of the cheapest chosen cost nothing.")
    modifier_ids = fields.One2many("fynlo.modifier", "group_id", string="Modifiers", copy=True)
    product_tmpl_ids = fields.Many2many(
        "product.template",
        "fynlo_modifier_group_product_rel",
        "group_id",
        "product_tmpl_id",
        string="Products",
        check_company=True,
    )

    _choices_in_order = models.Constraint(
        "CHECK (min_choices >= 0 AND free_choices >= 0 AND (max_choices = 0 OR max_choices >= min_choices))",
        "At least must not be more than at most.",
    )


class FynloModifier(models.Model):
    """One answer. Its price carries the taxes of the product that it is sold with."""

    _name = "fynlo.modifier"
    _description = "Modifier"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "sequence, id"
    _resource_name = "modifier"
    _menu_fields = frozenset({"name", "sequence", "group_id", "price", "active"})

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    group_id = fields.Many2one("fynlo.modifier.group", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="group_id.company_id", store=True)
    currency_id = fields.Many2one(related="group_id.company_id.currency_id")
    price = fields.Monetary(default=0, help="Added to the price of the product, once for each time it is chosen.")

    @api.constrains("price")
    def _check_price(self):
        if any(modifier.price < 0 for modifier in self):
            raise ValidationError(self.env._("A modifier cannot make a product cheaper; use a discount."))

    def _menu_owners(self):
        return self.group_id
