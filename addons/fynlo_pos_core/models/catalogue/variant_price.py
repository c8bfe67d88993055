"""What a variant costs at a location."""

from odoo import models

from ...tools.money import to_minor


class PosConfig(models.Model):
    _inherit = "pos.config"

    def _fynlo_prices(self, variants):
        """The price of one of each variant at this location, in minor units, by the variant's id.

        Odoo's own engine: the location's price list if it has one, else the sales price, in the
        location's currency. Taxes are in it or not as the product's taxes say.
        """
        self.ensure_one()
        location = self.sudo().with_company(self.company_id)
        currency = location.currency_id
        variants = variants.with_env(location.env).with_prefetch(variants.ids)
        pricelist = location.pricelist_id if location.use_pricelist else location.env["product.pricelist"]
        if pricelist:
            prices = pricelist._get_products_price(variants, 1.0, currency=currency)
        else:
            prices = variants._price_compute("lst_price", currency=currency, company=location.company_id)
        return {variant_id: to_minor(price, currency.decimal_places) for variant_id, price in prices.items()}

    def _fynlo_list_prices(self, variants, pricelist):
        """What another price list says of these variants, in minor units; it is silent on the others."""
        self.ensure_one()
        location = self.sudo().with_company(self.company_id)
        currency = location.currency_id
        rules = pricelist.with_env(location.env)._compute_price_rule(
            variants.with_env(location.env), 1.0, currency=currency
        )
        return {
            variant_id: to_minor(price, currency.decimal_places) for variant_id, (price, rule) in rules.items() if rule
        }
