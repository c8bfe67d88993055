"""Attributes: the sizes and kinds that tell the variants of a product apart."""

from odoo import models


class ProductTemplateAttributeValue(models.Model):
    _name = "product.template.attribute.value"
    _inherit = ["product.template.attribute.value", "fynlo.menu.part"]
    _menu_fields = frozenset({"price_extra", "ptav_active", "product_attribute_value_id"})

    def _menu_owners(self):
        return self.product_tmpl_id


class ProductAttributeValue(models.Model):
    _name = "product.attribute.value"
    _inherit = ["product.attribute.value", "fynlo.menu.part"]
    _menu_fields = frozenset({"name", "sequence"})

    def _menu_owners(self):
        return self.pav_attribute_line_ids.product_tmpl_id
