"""Presets: the ways an order is served, which may change its taxes."""

from odoo import fields, models


class PosPreset(models.Model):
    """The price on the menu stays the same whatever the preset; its fiscal position decides the VAT in it."""

    _name = "pos.preset"
    _inherit = ["pos.preset", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "preset"
    _menu_fields = frozenset({"name", "fynlo_kind", "pricelist_id", "fiscal_position_id", "is_return"})

    fynlo_kind = fields.Selection(
        [("eat_in", "Eat in"), ("takeaway", "Takeaway"), ("delivery", "Delivery")],
        "Kind",
        required=True,
        default="eat_in",
        help="What tills make of it: a table to choose, a bag to pack, a rider to call.",
    )

    def _menu_companies(self):
        return self.env["res.company"].search([])
