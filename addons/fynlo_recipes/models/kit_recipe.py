"""Kits as recipes: a dish takes its ingredients from stock, and is off the menu without one of them."""

from decimal import Decimal

from odoo import api, models


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
    _boms, lines = bom.explode(kit, kit.uom_id._compute_quantity(1, bom.product_uom_id, round=False) / bom.product_qty)
    amounts = {}
    for line, values in lines:
        ingredient = line.product_id
        if ingredient.is_storable:
            amount = line.product_uom_id._compute_quantity(values["qty"], ingredient.uom_id, round=False)
            amounts[ingredient.id] = amounts.get(ingredient.id, Decimal(0)) + Decimal(str(round(amount, 6)))
    return tuple((product_id, amount) for product_id, amount in amounts.items() if amount)
