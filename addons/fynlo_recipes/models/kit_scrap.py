"""Waste of kits: a dish that was thrown away takes its ingredients with it."""

from odoo import models


class StockScrap(models.Model):
    _inherit = "stock.scrap"

    def _fynlo_of_till(self, session, product, quantity):
        """Odoo takes a kit's ingredients from stock either way; told the bill, it also keeps the number of dishes."""
        found = self.env["mrp.bom"]._bom_find(product, company_id=session.company_id.id, bom_type="phantom")
        return {**super()._fynlo_of_till(session, product, quantity), "bom_id": found[product].id}
