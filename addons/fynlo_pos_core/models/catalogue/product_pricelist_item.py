"""Price list rules: what one list says of a product, a size, a category or the whole menu."""

from odoo import api, fields, models

from ...tools.money import to_minor
from .catalogue_entry import refused

CATEGORY = "2_pos_category"  # sorts before Odoo's categories, after products: the nearest rule counts

#: What a rule may be about: field of the API, Odoo's name for it, the column, its model and who owns it.
TARGETS = {
    "variant_id": ("0_product_variant", "product_id", "product.product", "company_id"),
    "product_id": ("1_product", "product_tmpl_id", "product.template", "company_id"),
    "category_id": (CATEGORY, "fynlo_category_id", "pos.category", "fynlo_company_id"),
}


class ProductPricelistItem(models.Model):
    """One price, or a share off it.

    Of several rules that fit the nearest counts: size, product, category, everything; of two
    categories the rule that was added last.
    """

    _name = "product.pricelist.item"
    _inherit = ["product.pricelist.item", "fynlo.resource.mixin", "fynlo.menu.part"]
    _resource_name = "price_list_item"
    _menu_fields = frozenset(
        {
            "pricelist_id", "applied_on", "categ_id", "product_tmpl_id", "product_id", "base", "base_pricelist_id",
            "compute_price", "fixed_price", "percent_price", "price_discount", "price_round", "price_surcharge",
            "price_markup", "price_min_margin", "price_max_margin", "min_quantity", "date_start", "date_end",
            "fynlo_category_id",
        }
    )  # fmt: skip

    applied_on = fields.Selection(selection_add=[(CATEGORY, "Menu category")], ondelete={CATEGORY: "cascade"})
    fynlo_category_id = fields.Many2one(
        "pos.category",
        "Menu category",
        ondelete="cascade",
        index="btree_not_null",
        help="The rule is for what tills show in this category and in those below it.",
    )

    def _menu_owners(self):
        return self.pricelist_id

    @api.depends("fynlo_category_id")
    def _compute_name(self):
        super()._compute_name()
        for item in self.filtered(lambda one: one.applied_on == CATEGORY):
            item.name = self.env._("Menu category: %s", item.fynlo_category_id.display_name)

    def _is_applicable_for(self, product, qty_in_product_uom):
        fits = super()._is_applicable_for(product, qty_in_product_uom)
        if self.applied_on != CATEGORY:
            return fits
        return fits and self.fynlo_category_id in product.pos_categ_ids._fynlo_lineage()

    def _is_plain(self):
        """Whether the API can tell the rule; formulas, dates and quantities are for the back office."""
        share = self.compute_price == "percentage" and self.base == "list_price" and self.percent_price > 0
        return (
            (self.compute_price == "fixed" or share)
            and self.applied_on != "2_product_category"
            and not (self.date_start or self.date_end)
            and self.min_quantity <= 1
        )

    @api.model
    def _target_of(self, sent):
        """What a rule of a request is about; ``None`` is the whole menu."""
        return next(((name, str(sent[name])) for name in TARGETS if sent.get(name)), None)

    @api.model
    def _item_values(self, identity, sent, field, currency):
        """Odoo values of a rule in a request. Raises ``validation_failed``."""
        if sum(bool(sent.get(name)) for name in TARGETS) > 1:
            raise refused(field, "one_target", "A price is for a size, a product, a category or everything.")
        if (sent.get("price") is None) == (sent.get("percent_bp") is None):
            raise refused(field, "one_price", "Either a price or a share to take off.")
        return {**self._target_values(identity, sent, field), **self._price_values(identity, sent, field, currency)}

    def _target_values(self, identity, sent, field):
        values = {
            "applied_on": "3_global",
            "display_applied_on": "2_product_category" if sent.get("category_id") else "1_product",
            "product_id": False,
            "product_tmpl_id": False,
            "fynlo_category_id": False,
        }
        for name, (applied_on, column, model, owner) in TARGETS.items():
            if sent.get(name):
                domain = [("fynlo_uuid", "=", str(sent[name])), (owner, "in", [False, identity.company_id])]
                found = self.env[model].search(domain)
                if not found:
                    raise refused(f"{field}.{name}", "unknown_id", "There is no such thing with this id.")
                values |= {"applied_on": applied_on, column: found.id}
                if name == "variant_id":
                    values["product_tmpl_id"] = found.product_tmpl_id.id
        return values

    def _price_values(self, identity, sent, field, currency):
        if sent.get("price") is None:
            return {"compute_price": "percentage", "base": "list_price", "percent_price": sent["percent_bp"] / 100}
        desk = self.env["fynlo.catalogue.desk"]
        price = desk._amount(identity, sent["price"], f"{field}.price", currency)
        return {"compute_price": "fixed", "fixed_price": price}

    def _api_values(self):
        self.ensure_one()
        currency, is_fixed = self.pricelist_id.currency_id, self.compute_price == "fixed"
        price = {"amount": to_minor(self.fixed_price, currency.decimal_places), "currency": currency.name}
        about = {
            name: self[column].fynlo_uuid if self.applied_on == applied_on else None
            for name, (applied_on, column, _model, _owner) in TARGETS.items()
        }
        return {
            "id": self.fynlo_uuid,
            **about,
            "price": price if is_fixed else None,
            "percent_bp": None if is_fixed else round(self.percent_price * 100),
        }
