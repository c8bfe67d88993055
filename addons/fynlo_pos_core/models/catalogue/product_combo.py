"""Combos: a product that is made of choices, such as a pizza and a drink."""

from odoo import models


class ProductCombo(models.Model):
    _name = "product.combo"
    _inherit = ["product.combo", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "combo_choice"
    _menu_fields = frozenset({"name", "sequence", "company_id", "combo_item_ids", "qty_max", "qty_free"})


class ProductComboItem(models.Model):
    _name = "product.combo.item"
    _inherit = ["product.combo.item", "fynlo.menu.part"]
    _menu_fields = frozenset({"combo_id", "product_id", "extra_price"})

    def _menu_owners(self):
        return self.combo_id
