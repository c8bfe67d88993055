"""Products and their variants: what can be put on an order."""

from odoo import fields, models


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "product"
    _menu_fields = frozenset(
        {
            "name", "active", "available_in_pos", "sale_ok", "type", "company_id", "list_price", "taxes_id", "categ_id",
            "pos_categ_ids", "pos_sequence", "public_description", "description_sale", "combo_ids", "attribute_line_ids",
            "barcode", "default_code", "image_1920", "fynlo_modifier_group_ids", "fynlo_allergen_ids", "fynlo_open_price",
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


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "variant"
    _menu_fields = frozenset(
        {"active", "barcode", "default_code", "lst_price", "product_template_attribute_value_ids", "image_variant_1920"}
    )
