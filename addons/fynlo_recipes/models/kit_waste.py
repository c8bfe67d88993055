"""Waste of kits: a dish that was thrown away takes its ingredients with it."""

from decimal import Decimal

from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _fynlo_thrown_away(self, amount, company):
        """A kit is nothing by itself: its ingredients are scrapped, those that are not kept in stock included."""
        bom = self.env["mrp.bom"]._bom_find(self, company_id=company.id, bom_type="phantom")[self]
        if not bom:
            return super()._fynlo_thrown_away(amount, company)
        return [(line.product_id, Decimal(str(quantity))) for line, quantity in bom._fynlo_ingredients(self, amount)]
