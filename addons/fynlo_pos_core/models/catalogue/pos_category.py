"""Categories: the pages of a menu."""

from odoo import models


class PosCategory(models.Model):
    """Categories belong to no company; a menu shows those that its products are in."""

    _name = "pos.category"
    _inherit = ["pos.category", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "category"
    _menu_fields = frozenset({"name", "parent_id", "sequence", "color"})

    def _menu_companies(self):
        return self.env["res.company"].search([])
