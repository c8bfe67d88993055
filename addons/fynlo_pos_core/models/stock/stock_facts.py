"""What sold things take of countdowns and of stock, as part of a location's facts."""

from dataclasses import replace
from decimal import Decimal

from odoo import api, models

from ...engine.facts import ThingFacts
from ...engine.portions import COUNT, STOCK
from .recipe import takers_of

ONE = Decimal(1)


class FynloLocationFacts(models.AbstractModel):
    _inherit = "fynlo.location.facts"

    @api.model
    def _load(self, location_id, version):
        facts = super()._load(location_id, version)
        location = self.env["pos.config"].sudo().browse(location_id)
        location = location.with_context(allowed_company_ids=location.company_id.ids, lang=None)
        facts.stock_policy = location._fynlo_stock_policy()
        facts.stock_place_id = location.picking_type_id.default_location_src_id.id or None
        recipes = self.env["fynlo.recipe"]._of(location, [variant.id for variant in facts.variants.values()])
        facts.takers = takers_of(recipes)
        self._take_off(location, facts, recipes)
        self._count(location, facts)
        if facts.stock_policy != "allow" and facts.stock_place_id:
            self._use_stock(location, facts, recipes)
        return facts

    def _take_off(self, location, facts, recipes):
        """What is made of an ingredient that has run out is not available either."""
        away = self.env["fynlo.availability"]._without(location, recipes)
        for uuid, variant in facts.variants.items():
            groups = tuple(_without_modifiers(group, away) for group in variant.groups)
            available = variant.available and (variant.id, None) not in away
            if (groups, available) != (variant.groups, variant.available):
                facts.variants[uuid] = replace(variant, groups=groups, available=available)

    def _count(self, location, facts):
        """Countdowns: of a variant itself, else of its product; of modifiers."""
        rows = self.env["fynlo.availability"].sudo().search([("config_id", "=", location.id), ("counted", "=", True)])
        things = {row: _counted(row) for row in rows}
        by_variant = {row.product_id.fynlo_uuid: thing for row, thing in things.items() if row.product_id}
        by_product = {row.product_tmpl_id.fynlo_uuid: thing for row, thing in things.items() if row.product_tmpl_id}
        for uuid, variant in facts.variants.items():
            thing = by_variant.get(uuid) or by_product.get(variant.product_uuid)
            if thing:
                facts.uses[uuid] = ((thing, ONE),)
        facts.uses |= {row.modifier_id.fynlo_uuid: ((thing, ONE),) for row, thing in things.items() if row.modifier_id}

    def _use_stock(self, location, facts, recipes):
        uuids = {variant.id: variant.uuid for variant in facts.variants.values()}
        products = location.env["product.product"].browse({part[0] for parts in recipes.values() for part in parts})
        things = {product.id: _stocked(product) for product in products}
        for (variant_id, modifier_uuid), parts in recipes.items():
            uuid = modifier_uuid or uuids[variant_id]
            facts.uses[uuid] = facts.uses.get(uuid, ()) + tuple((things[part], per) for part, per in parts)


def _without_modifiers(group, away):
    gone = {uuid for uuid in group.modifiers if (None, uuid) in away}
    if not gone:
        return group
    modifiers = {
        uuid: replace(modifier, available=modifier.available and uuid not in gone)
        for uuid, modifier in group.modifiers.items()
    }
    return replace(group, modifiers=modifiers)


def _counted(row):
    product = row.product_tmpl_id or row.product_id.product_tmpl_id
    return ThingFacts(
        kind=COUNT,
        row_id=row.id,
        name=(row.product_id or row.product_tmpl_id or row.modifier_id).display_name,
        product_uuid=product.fynlo_uuid or None,
        variant_uuid=row.product_id.fynlo_uuid or None,
        modifier_uuid=row.modifier_id.fynlo_uuid or None,
    )


def _stocked(product):
    return ThingFacts(
        kind=STOCK,
        row_id=product.id,
        name=product.display_name,
        product_uuid=product.product_tmpl_id.fynlo_uuid,
        variant_uuid=product.fynlo_uuid,
    )
