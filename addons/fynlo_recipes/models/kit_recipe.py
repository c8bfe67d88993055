"""Kits as recipes: a dish takes its ingredients from stock, and is off the menu without one of them."""

from decimal import Decimal

from odoo import api, models

#: Odoo rounds every line of an explosion up to its unit; over many pieces that hardly shows.
SAMPLE = 1000


class FynloRecipe(models.AbstractModel):
    _inherit = "fynlo.recipe"

    @api.model
    def _dishes(self, location, variants):
        """A kit takes what Odoo's own explosion of its bill of materials says, kits within kits included."""
        found = location.env["mrp.bom"]._bom_find(variants, company_id=location.company_id.id, bom_type="phantom")
        kits = {variant: bom for variant, bom in found.items() if bom}
        plain = variants.browse([variant.id for variant in variants if variant not in kits])
        return super()._dishes(location, plain) | {kit.id: _parts(kit, bom) for kit, bom in kits.items()}


def _parts(kit, bom):
    """(product id, amount in its own unit) for one piece of ``kit``, of ingredients that are kept in stock."""
    amounts = {}
    for line, amount in bom._fynlo_ingredients(kit, SAMPLE):
        if line.product_id.is_storable:
            amounts[line.product_id.id] = amounts.get(line.product_id.id, 0) + amount / SAMPLE
    return tuple((product_id, Decimal(str(round(amount, 6)))) for product_id, amount in amounts.items() if amount)
