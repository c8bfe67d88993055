"""Recipes: what one piece of something sold takes from stock."""

from decimal import Decimal

from odoo import api, models


class FynloRecipe(models.AbstractModel):
    """A product that is kept in stock takes itself; addons add dishes made of ingredients."""

    _name = "fynlo.recipe"
    _description = "What sold things take from stock"

    @api.model
    def _of(self, location, variant_ids):
        """What sold things take: (variant id, modifier uuid) → its parts, one of the two being ``None``."""
        location = location.sudo().with_context(allowed_company_ids=location.company_id.ids, active_test=False)
        variants = location.env["product.product"].browse(variant_ids)
        return {
            **{(variant_id, None): parts for variant_id, parts in self._dishes(location, variants).items()},
            **{(None, modifier.fynlo_uuid): parts for modifier, parts in self._modifiers(location).items()},
        }

    @api.model
    def _takers(self, location, variant_ids):
        """The recipes of these variants and of modifiers the other way round, see :func:`takers_of`."""
        return takers_of(self._of(location, variant_ids))

    @api.model
    def _dishes(self, location, variants):
        """Variant id → ((id of a product in stock, amount for one piece in its own unit), …)."""
        return {variant.id: ((variant.id, Decimal(1)),) for variant in variants if variant.is_storable}

    @api.model
    def _modifiers(self, location):
        """The same for modifiers: their record → what choosing it once takes."""
        modifiers = location.env["fynlo.modifier"].search(
            [("company_id", "=", location.company_id.id), ("ingredient_quantity", ">", 0)]
        )
        return {
            modifier: ((modifier.ingredient_id.id, Decimal(str(modifier.ingredient_quantity))),)
            for modifier in modifiers
            if modifier.ingredient_id.is_storable
        }


def takers_of(recipes):
    """Recipes the other way round: product id → what takes it."""
    takers = {}
    for (variant_id, modifier_uuid), parts in recipes.items():
        for product_id, per in parts:
            takers[product_id] = (*takers.get(product_id, ()), (variant_id, modifier_uuid, per))
    return takers
