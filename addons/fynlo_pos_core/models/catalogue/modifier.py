"""Modifiers: what a guest may change about a product, alone or in a number, for a price or none."""

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ...tools.money import to_minor
from .catalogue_entry import refused


class FynloModifierGroup(models.Model):
    """One question to the guest. Many products may share it."""

    _name = "fynlo.modifier.group"
    _description = "Modifier group"
    _inherit = ["fynlo.catalogue.entry"]
    _order = "sequence, id"
    _check_company_auto = True
    _resource_name = "modifier_group"
    _menu_fields = frozenset(
        {
            "name",
            "sequence",
            "active",
            "company_id",
            "min_choices",
            "max_choices",
            "free_choices",
            "product_tmpl_ids",
            "modifier_ids",
        }
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    min_choices = fields.Integer("At least", default=0, help="How many must be chosen before the product can be sold.")
    max_choices = fields.Integer(
        "At most", default=0, help="How many may be chosen; 0 means as many as the guest likes."
    )
    free_choices = fields.Integer("Free of charge", default=0, help="How many of the cheapest chosen cost nothing.")
    modifier_ids = fields.One2many("fynlo.modifier", "group_id", string="Modifiers", copy=True)
    product_tmpl_ids = fields.Many2many(
        "product.template",
        "fynlo_modifier_group_product_rel",
        "group_id",
        "product_tmpl_id",
        string="Products",
        check_company=True,
    )

    _choices_in_order = models.Constraint(
        "CHECK (min_choices >= 0 AND free_choices >= 0 AND (max_choices = 0 OR max_choices >= min_choices))",
        "At least must not be more than at most.",
    )

    @api.model
    def _catalogue_values(self, identity, sent):
        columns = {
            "name": "name",
            "position": "sequence",
            "min": "min_choices",
            "free": "free_choices",
        }
        values = super()._catalogue_values(identity, sent)
        values |= {column: sent[name] for name, column in columns.items() if name in sent}
        if "max" in sent:
            values["max_choices"] = sent["max"] or 0
        least = values.get("min_choices", self.min_choices)
        most = values.get("max_choices", self.max_choices)
        if most and least > most:
            raise refused("min", "min_above_max", "At least must not be more than at most.")
        if "modifiers" in sent:
            values["modifier_ids"] = self._modifier_commands(identity, sent["modifiers"])
        return values

    def _modifier_commands(self, identity, sent):
        """Make the group's modifiers those of the request: known ids change, new ones join, the rest go."""
        known = {modifier.fynlo_uuid: modifier for modifier in self.modifier_ids}
        commands, kept = [], self.env["fynlo.modifier"]
        for place, modifier in enumerate(sent):
            amount = self.env["fynlo.catalogue.desk"]._amount(identity, modifier["price"], f"modifiers[{place}].price")
            values = {"name": modifier["name"], "price": amount, "sequence": place, "active": True}
            found = known.get(str(modifier.get("id")))
            if found:
                kept |= found
                commands.append(Command.update(found.id, values))
            elif modifier.get("id"):
                raise refused(f"modifiers[{place}].id", "unknown_id", "The group has no such modifier.")
            else:
                commands.append(Command.create(values))
        gone = (self.modifier_ids - kept).filtered("active")
        return commands + [Command.update(modifier.id, {"active": False}) for modifier in gone]

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "position": self.sequence,
            "min": self.min_choices,
            "max": self.max_choices or None,
            "free": self.free_choices,
            "active": self.active,
            "modifiers": [modifier._api_values() for modifier in self.modifier_ids.filtered("active")],
            "version": self.fynlo_version,
        }


class FynloModifier(models.Model):
    """One answer. Its price carries the taxes of the product that it is sold with."""

    _name = "fynlo.modifier"
    _description = "Modifier"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "sequence, id"
    _check_company_auto = True
    _resource_name = "modifier"
    _menu_fields = frozenset(
        {"name", "sequence", "group_id", "price", "active", "ingredient_id", "ingredient_quantity"}
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    group_id = fields.Many2one("fynlo.modifier.group", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="group_id.company_id", store=True)
    currency_id = fields.Many2one(related="group_id.company_id.currency_id")
    price = fields.Monetary(default=0, help="Added to the price of the product, once for each time it is chosen.")

    ingredient_id = fields.Many2one(
        "product.product",
        domain="[('is_storable', '=', True)]",
        check_company=True,
        help="What is taken from stock each time this is chosen: the cheese of extra cheese.",
    )
    ingredient_quantity = fields.Float(
        digits="Product Unit", default=0.0, help="How much of it, in its own unit of measure."
    )

    @api.constrains("ingredient_quantity")
    def _check_ingredient_quantity(self):
        if any(modifier.ingredient_quantity < 0 for modifier in self):
            raise ValidationError(self.env._("A modifier takes nothing from stock or something, never less."))

    @api.constrains("price")
    def _check_price(self):
        if any(modifier.price < 0 for modifier in self):
            raise ValidationError(self.env._("A modifier cannot make a product cheaper; use a discount."))

    def _menu_owners(self):
        return self.group_id

    def _api_values(self):
        self.ensure_one()
        currency = self.currency_id
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "price": {"amount": to_minor(self.price, currency.decimal_places), "currency": currency.name},
        }
