"""Products and their variants: what can be put on an order."""

from odoo import Command, api, fields, models

from ...tools.money import to_minor
from .catalogue_entry import refused


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "fynlo.catalogue.entry"]
    _resource_name = "product"
    _menu_fields = frozenset(
        {
            "name", "active", "available_in_pos", "sale_ok", "type", "company_id", "list_price", "taxes_id",
            "categ_id", "pos_categ_ids", "pos_sequence", "public_description", "description_sale", "combo_ids",
            "attribute_line_ids", "barcode", "default_code", "image_1920", "fynlo_modifier_group_ids",
            "fynlo_allergen_ids", "fynlo_open_price",
            "fynlo_halves", "is_storable",
        }
    )  # fmt: skip

    fynlo_modifier_group_ids = fields.Many2many(
        "fynlo.modifier.group",
        "fynlo_modifier_group_product_rel",
        "product_tmpl_id",
        "group_id",
        string="Modifier groups",
        help="What a guest may choose with this product: crust, extras, cooking.",
    )
    fynlo_allergen_ids = fields.Many2many(
        "fynlo.allergen",
        "fynlo_allergen_product_rel",
        "product_tmpl_id",
        "allergen_id",
        string="Allergens",
        help="Those of the fourteen allergens of UK food law that this product contains.",
    )
    fynlo_open_price = fields.Boolean(
        "Price is keyed in",
        help="The till may state the price of this product, if the person holds the permission for it.",
    )

    @api.model
    def _catalogue_defaults(self):
        return {"type": "consu", "available_in_pos": True, "sale_ok": True}

    @api.model
    def _catalogue_values(self, identity, sent):
        if len(self.product_variant_ids) > 1 and not {"sku", "barcode"}.isdisjoint(sent):
            raise refused("sku", "has_variants", "Each size of this product has its own code.")
        desk = self.env["fynlo.catalogue.desk"]
        plain = {
            "name": "name",
            "description": "description_sale",
            "sku": "default_code",
            "barcode": "barcode",
            "position": "pos_sequence",
            "open_price": "fynlo_open_price",
        }
        linked = {
            "category_ids": ("pos_categ_ids", "pos.category"),
            "modifier_group_ids": ("fynlo_modifier_group_ids", "fynlo.modifier.group"),
        }
        values = super()._catalogue_values(identity, sent)
        values |= {column: sent[name] for name, column in plain.items() if name in sent}
        for name, (column, model) in linked.items():
            if name in sent:
                values[column] = [Command.set(desk._find_all(identity, model, sent[name], name).ids)]
        if "tax_ids" in sent:
            values["taxes_id"] = [Command.set(self._fynlo_taxes(identity, sent["tax_ids"]).ids)]
        if "allergens" in sent:
            values["fynlo_allergen_ids"] = [Command.set(self._fynlo_allergens(sent["allergens"]).ids)]
        if "price" in sent:
            values["list_price"] = desk._amount(identity, sent["price"], "price")
        return values

    def _fynlo_taxes(self, identity, uuids):
        taxes = self.env["account.tax"].search(
            [("fynlo_uuid", "in", [str(uuid) for uuid in uuids]), ("company_id", "=", identity.company_id)]
        )
        if len(taxes) != len(set(uuids)):
            raise refused("tax_ids", "unknown_id", "There is no such tax.")
        return taxes

    def _fynlo_allergens(self, codes):
        allergens = self.env["fynlo.allergen"].search([("code", "in", codes)])
        if len(allergens) != len(set(codes)):
            raise refused("allergens", "unknown_allergen", "There is no such allergen.")
        return allergens

    def _api_values(self):
        """The product as managers see it; tills read the menu."""
        self.ensure_one()
        own_taxes = self.taxes_id.filtered(lambda tax: tax.company_id == self.env.company)
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "description": self.description_sale or "",
            "category_ids": self.pos_categ_ids.mapped("fynlo_uuid"),
            "tax_ids": own_taxes.mapped("fynlo_uuid"),
            "allergens": self.fynlo_allergen_ids.mapped("code"),
            "modifier_group_ids": self.fynlo_modifier_group_ids.mapped("fynlo_uuid"),
            "price": self._fynlo_money(self.list_price),
            "open_price": self.fynlo_open_price,
            "position": self.pos_sequence,
            "on_tills": self.available_in_pos,
            "active": self.active,
            "variants": [variant._api_values() for variant in self.product_variant_ids],
            "version": self.fynlo_version,
        }

    def _fynlo_money(self, amount):
        return {"amount": to_minor(amount, self.currency_id.decimal_places), "currency": self.currency_id.name}


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "variant"
    _menu_fields = frozenset(
        {"active", "barcode", "default_code", "lst_price", "product_template_attribute_value_ids", "image_variant_1920"}
    )

    def _menu_owners(self):
        return self.product_tmpl_id

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "name": ", ".join(self.product_template_attribute_value_ids.mapped("name")),
            "sku": self.default_code or None,
            "barcode": self.barcode or None,
            "price": self.product_tmpl_id._fynlo_money(self.lst_price),
        }
