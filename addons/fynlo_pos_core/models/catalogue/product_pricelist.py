"""Price lists: other prices by location, by time or by the way an order is served."""

from odoo import models


class ProductPricelist(models.Model):
    _name = "product.pricelist"
    _inherit = ["product.pricelist", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "price_list"
    _menu_fields = frozenset({"name", "active", "currency_id", "company_id", "item_ids"})


class ProductPricelistItem(models.Model):
    _name = "product.pricelist.item"
    _inherit = ["product.pricelist.item", "fynlo.menu.part"]
    _menu_fields = frozenset(
        {
            "pricelist_id", "applied_on", "categ_id", "product_tmpl_id", "product_id", "base", "base_pricelist_id",
            "compute_price", "fixed_price", "percent_price", "price_discount", "price_round", "price_surcharge",
            "price_markup", "price_min_margin", "price_max_margin", "min_quantity", "date_start", "date_end",
        }
    )  # fmt: skip

    def _menu_owners(self):
        return self.pricelist_id
