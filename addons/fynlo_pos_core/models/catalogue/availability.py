"""Availability: what a location has run out of, and how many are left."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: The column that names a thing, by its model.
COLUMNS = {"product.template": "product_tmpl_id", "product.product": "product_id", "fynlo.modifier": "modifier_id"}


class Unavailable(NamedTuple):
    """Ids of what a location does not have."""

    products: frozenset[int]
    variants: frozenset[int]
    modifiers: frozenset[int]


class FynloAvailability(models.Model):
    """One row a location and thing. Without a row a thing is available, and nobody counts it."""

    _name = "fynlo.availability"
    _description = "Availability at a location"
    _inherit = ["fynlo.menu.part"]
    _order = "available, id desc"
    _rec_name = "config_id"
    _check_company_auto = True
    _menu_fields = frozenset(
        {"config_id", "product_tmpl_id", "product_id", "modifier_id", "available", "counted", "countdown"}
    )

    config_id = fields.Many2one("pos.config", "Location", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    product_tmpl_id = fields.Many2one("product.template", "Product", ondelete="cascade", check_company=True)
    product_id = fields.Many2one("product.product", "Variant", ondelete="cascade", check_company=True)
    modifier_id = fields.Many2one("fynlo.modifier", ondelete="cascade", check_company=True)
    available = fields.Boolean(default=True)
    counted = fields.Boolean(help="Portions are counted down; at zero the thing is no longer available.")
    countdown = fields.Integer("Portions left")
    reason = fields.Char()
    changed_by = fields.Char(readonly=True, help="Who changed it last.")

    _one_thing = models.Constraint(
        "CHECK (num_nonnulls(product_tmpl_id, product_id, modifier_id) = 1)",
        "Name one product, variant or modifier.",
    )
    _product_once = models.UniqueIndex("(config_id, product_tmpl_id) WHERE product_tmpl_id IS NOT NULL")
    _variant_once = models.UniqueIndex("(config_id, product_id) WHERE product_id IS NOT NULL")
    _modifier_once = models.UniqueIndex("(config_id, modifier_id) WHERE modifier_id IS NOT NULL")

    @api.constrains("counted", "countdown")
    def _check_countdown(self):
        if any(row.counted and row.countdown < 0 for row in self):
            raise ValidationError(self.env._("There cannot be fewer than no portions left."))

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create([{"changed_by": self.env.user.name, **vals} for vals in vals_list])
        rows._announce()
        return rows

    def write(self, vals):
        done = super().write({"changed_by": self.env.user.name, **vals})
        if not self._menu_fields.isdisjoint(vals):
            self._announce()
        return done

    def unlink(self):
        """Without its row a thing is available again."""
        for row in self:
            row._emit({**row._api_values(), "available": True, "stock": None, "reason": None})
        return super().unlink()

    @api.model
    def _set(self, location, record, available, *, countdown=None, reason=None, changed_by=None):
        """Say whether ``location`` has ``record`` (a product, variant or modifier) and how many portions.

        The last word counts. Tills hear of it, and the menu is a new version, when this commits.
        Returns the row; saying the same again changes nothing.
        """
        column = COLUMNS[record._name]
        values = {
            "available": available and countdown != 0,
            "counted": countdown is not None,
            "countdown": countdown or 0,
            "oversold": 0,
            "reason": reason or False,
        }
        row = self.search([("config_id", "=", location.id), (column, "=", record.id)], limit=1)
        if row and all(row[name] == value for name, value in values.items()):
            return row
        values["changed_by"] = changed_by or self.env.user.name
        if row:
            row.write(values)
            return row
        return self.create({"config_id": location.id, column: record.id, **values})

    @api.model
    def _unavailable(self, location):
        """The :class:`Unavailable` of a location. A variant is also away when its product is."""
        away = self.sudo().search([("config_id", "=", location.id), ("available", "=", False)])
        return Unavailable(
            products=frozenset(away.product_tmpl_id.ids),
            variants=frozenset(away.product_id.ids),
            modifiers=frozenset(away.modifier_id.ids),
        )

    @api.model
    def _without(self, location, recipes):
        """Those of ``recipes`` of which the location has run out of an ingredient."""
        ingredients = self.env["product.product"].browse({part[0] for parts in recipes.values() for part in parts})
        away = self._unavailable(location)
        if not ingredients or not (away.products or away.variants):
            return frozenset()
        gone = {p.id for p in ingredients if p.id in away.variants or p.product_tmpl_id.id in away.products}
        return frozenset(key for key, parts in recipes.items() if any(part[0] in gone for part in parts))

    def _announce(self):
        for row in self:
            row._emit(row._api_values())

    def _emit(self, shape):
        self.env["fynlo.outbox"]._emit(
            self.company_id.id,
            f"l.{self.config_id.fynlo_uuid}.menu",
            "product.availability_changed",
            shape["modifier_id"] or shape["variant_id"] or shape["product_id"],
            shape,
        )

    def _api_values(self):
        self.ensure_one()
        product = self.product_tmpl_id or self.product_id.product_tmpl_id
        return {
            "product_id": product.fynlo_uuid or None,
            "variant_id": self.product_id.fynlo_uuid or None,
            "modifier_id": self.modifier_id.fynlo_uuid or None,
            "location_id": self.config_id.fynlo_uuid,
            "available": self.available,
            "stock": self.countdown if self.counted else None,
            "reason": self.reason or None,
        }
