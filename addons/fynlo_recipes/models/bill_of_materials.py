"""Bills of materials as parts of the menu: what they say decides on what can be sold."""

from odoo import models


class MrpBom(models.Model):
    _name = "mrp.bom"
    _inherit = ["mrp.bom", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {"active", "company_id", "product_tmpl_id", "product_id", "product_qty", "product_uom_id", "type", "sequence"}
    )

    def _fynlo_ingredients(self, dish, pieces):
        """(line, amount in the ingredient's own unit) of what so many pieces of ``dish`` are made of.

        Kits within kits are taken apart.
        """
        self.ensure_one()
        number = dish.uom_id._compute_quantity(float(pieces), self.product_uom_id, round=False) / self.product_qty
        _boms, lines = self.sudo().explode(dish, number)
        for line, values in lines:
            yield line, line.product_uom_id._compute_quantity(values["qty"], line.product_id.uom_id, round=False)


class MrpBomLine(models.Model):
    _name = "mrp.bom.line"
    _inherit = ["mrp.bom.line", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {"bom_id", "product_id", "product_qty", "product_uom_id", "bom_product_template_attribute_value_ids"}
    )

    def _menu_owners(self):
        return self.bom_id
