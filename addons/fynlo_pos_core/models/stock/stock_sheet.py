"""The stock sheet: how many of each counted thing and of each product in stock a location has left now."""

from decimal import ROUND_FLOOR
from typing import NamedTuple

from odoo import api, models

from .recipe import takers_of

COUNTED = """
    SELECT template.fynlo_uuid AS product_id, variant.fynlo_uuid AS variant_id, modifier.fynlo_uuid AS modifier_id,
           row.available, row.countdown AS stock, nullif(row.reason, '') AS reason, row.product_id AS id
      FROM fynlo_availability row
      LEFT JOIN product_product variant ON variant.id = row.product_id
      LEFT JOIN product_template template ON template.id = coalesce(row.product_tmpl_id, variant.product_tmpl_id)
      LEFT JOIN fynlo_modifier modifier ON modifier.id = row.modifier_id
     WHERE row.config_id = %s AND row.counted
     ORDER BY row.id
"""


class MenuStock(NamedTuple):
    """``pieces`` by variant id; ``away`` is (variant id, modifier uuid) of what lacks an ingredient."""

    pieces: dict[int, int]
    away: frozenset


class FynloStockSheet(models.AbstractModel):
    _name = "fynlo.stock.sheet"
    _description = "What is left, for tills"

    @api.model
    def _items(self, location_id, version):
        """Every counted thing and every variant in stock, in the shape of ``product.availability_changed``."""
        facts = self.env["fynlo.location.facts"]._of(location_id, version)
        self.env.cr.execute(COUNTED, (location_id,))
        counted = self.env.cr.dictfetchall()
        known = {row.pop("id") for row in counted}
        stock = self._stock(facts)
        variants = [v for v in facts.variants.values() if v.id in stock and v.id not in known]
        rows = counted + [_in_stock(variant, stock[variant.id]) for variant in variants]
        return [{**row, "location_id": facts.location_uuid} for row in rows]

    @api.model
    def _of_menu(self, location_id, product_ids):
        """The :class:`MenuStock` of the variants of these products (ids of templates)."""
        location = self.env["pos.config"].sudo().browse(location_id)
        variants = location.env["product.product"].search([("product_tmpl_id", "in", product_ids)])
        recipes = self.env["fynlo.recipe"]._of(location, variants.ids)
        place, takers = location.picking_type_id.default_location_src_id, takers_of(recipes)
        left = self.env["fynlo.stock.room"]._left(place.id, takers, list(takers)) if takers and place else {}
        away = self.env["fynlo.availability"].sudo()._without(location, recipes) if recipes else frozenset()
        return MenuStock(makeable(takers, left) if left else {}, away)

    @api.model
    def _stock(self, facts):
        """Variant id → how many can still be made of what is in stock."""
        if not facts.takers or not facts.stock_place_id:
            return {}
        left = self.env["fynlo.stock.room"]._left(facts.stock_place_id, facts.takers, list(facts.takers))
        return makeable(facts.takers, left)


def makeable(takers, left):
    """Variant id → pieces, as many as the scarcest ingredient allows; none below zero."""
    pieces = {}
    for product_id, uses in takers.items():
        for variant_id, _modifier, per in uses:
            if variant_id:
                enough_for = int((max(left[product_id], 0) / per).to_integral_value(ROUND_FLOOR))
                pieces[variant_id] = min(pieces.get(variant_id, enough_for), enough_for)
    return pieces


def _in_stock(variant, stock):
    return {
        "product_id": variant.product_uuid,
        "variant_id": variant.uuid,
        "modifier_id": None,
        "available": variant.available,
        "stock": stock,
        "reason": None,
    }
