"""Bills of materials as parts of the menu: what they say decides on what can be sold."""

from odoo import models


class MrpBom(models.Model):
    _name = "mrp.bom"
    _inherit = ["mrp.bom", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {"active", "company_id", "product_tmpl_id", "product_id", "product_qty", "product_uom_id", "type", "sequence"}
    )


class MrpBomLine(models.Model):
    _name = "mrp.bom.line"
    _inherit = ["mrp.bom.line", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {"bom_id", "product_id", "product_qty", "product_uom_id", "bom_product_template_attribute_value_ids"}
    )

    def _menu_owners(self):
        return self.bom_id
