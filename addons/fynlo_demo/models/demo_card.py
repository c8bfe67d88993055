"""The demo's menu: pizzas from the data, and what stands beside them on the card."""

from odoo import Command, api, models

from ..tools import card, pizzaplace


class FynloDemoCard(models.AbstractModel):
    _name = "fynlo.demo.card"
    _description = "Menu of the demo"

    @api.model
    def _write_pizza_card(self, company):
        """The whole menu of the pizza company, unless it has one."""
        if self.env["fynlo.modifier.group"].search_count([("company_id", "=", company.id)]):
            return
        desk = self.with_company(company)
        groups = desk._groups(company)
        categories = desk._categories(company)
        desk._pizzas(company, categories, groups)
        desk._items(company, card.ITEMS, categories, groups)
        desk._deal(company, categories)
        desk._discounts(company)

    @api.model
    def _write_bistro_card(self, company):
        if self.env["product.template"].search_count([("company_id", "=", company.id)]):
            return
        plats = self.env["pos.category"].create({"name": "Plats", "sequence": 90, "fynlo_company_id": company.id})
        self.with_company(company)._items(company, card.BISTRO_ITEMS, {"Plats": plats}, {})

    @api.model
    def _variants(self, company):
        """The pizza variants by (name, size) in the data."""
        variants = self.env["product.product"].search(
            [("company_id", "=", company.id), ("default_code", "=like", "%-%")]
        )
        return {tuple(variant.default_code.rsplit("-", 1)): variant for variant in variants}

    def _groups(self, company):
        groups = self.env["fynlo.modifier.group"].create(
            [
                {
                    "name": group.name,
                    "sequence": place,
                    "company_id": company.id,
                    "min_choices": group.least,
                    "max_choices": group.most,
                    "free_choices": group.free,
                    "modifier_ids": [
                        Command.create({"name": name, "price": _pounds(pence), "sequence": order})
                        for order, (name, pence) in enumerate(group.answers)
                    ],
                }
                for place, group in enumerate(card.GROUPS)
            ]
        )
        return {group.code: record for group, record in zip(card.GROUPS, groups, strict=True)}

    def _categories(self, company):
        create = self.env["pos.category"].create
        owner = {"fynlo_company_id": company.id}
        pages = create([{**owner, "name": name, "sequence": place} for place, name in enumerate(card.CATEGORIES, 1)])
        categories = dict(zip(card.CATEGORIES, pages, strict=True))
        kinds = create(
            [
                {**owner, "name": kind, "sequence": place, "parent_id": categories["Pizza"].id, "color": place}
                for place, kind in enumerate(card.PIZZA_KINDS, 1)
            ]
        )
        return {**categories, **dict(zip(card.PIZZA_KINDS, kinds, strict=True))}

    def _pizzas(self, company, categories, groups):
        sizes = self._sizes()
        tax = self.env["fynlo.demo.business"]._standard_tax(company)
        prices = pizzaplace.prices()
        products = self.env["product.template"].create(
            [
                {
                    **self._sold(company, tax, categories[pizza.kind], (*card.PIZZA_ALLERGENS, *pizza.allergens)),
                    "name": pizza.name,
                    "description_sale": pizza.toppings,
                    "list_price": float(min(prices[code].values())),
                    "fynlo_modifier_group_ids": [Command.set([groups[group].id for group in card.PIZZA_GROUPS])],
                    "attribute_line_ids": [
                        Command.create(
                            {
                                "attribute_id": sizes["S"].attribute_id.id,
                                "value_ids": [Command.set([sizes[size].id for size in prices[code]])],
                            }
                        )
                    ],
                }
                for code, pizza in card.PIZZAS.items()
            ]
        )
        for code, product in zip(card.PIZZAS, products, strict=True):
            _price_sizes(product, code, prices[code])

    def _sizes(self):
        attribute = self.env["product.attribute"].search([("name", "=", "Pizza size")], limit=1)
        if not attribute:
            attribute = self.env["product.attribute"].create(
                {
                    "name": "Pizza size",
                    "create_variant": "always",
                    "value_ids": [
                        Command.create({"name": size, "sequence": place}) for place, size in enumerate(pizzaplace.SIZES)
                    ],
                }
            )
        return {value.name: value for value in attribute.value_ids}

    def _items(self, company, items, categories, groups):
        business = self.env["fynlo.demo.business"]
        standard, cold = business._standard_tax(company), business._cold_food_tax(company)
        return self.env["product.template"].create(
            [
                {
                    **self._sold(
                        company, cold if item.cold_food else standard, categories[item.category], item.allergens
                    ),
                    "name": item.name,
                    "default_code": item.code,
                    "list_price": _pounds(item.price),
                    "fynlo_modifier_group_ids": [Command.set([groups[group].id for group in item.groups])],
                }
                for item in items
            ]
        )

    def _sold(self, company, tax, category, allergens):
        """What every product of the card has."""
        codes = self.env["fynlo.allergen"].search([("code", "in", list(allergens))])
        return {
            "company_id": company.id,
            "type": "consu",
            "available_in_pos": True,
            "taxes_id": [Command.set(tax.ids)],
            "supplier_taxes_id": [Command.clear()],
            "pos_categ_ids": [Command.set(category.ids)],
            "fynlo_allergen_ids": [Command.set(codes.ids)],
        }

    def _deal(self, company, categories):
        medium = [variant for (_name, size), variant in sorted(self._variants(company).items()) if size == "M"]
        drinks = self.env["product.product"].search(
            [("company_id", "=", company.id), ("default_code", "in", list(card.SOFT_DRINKS))]
        )
        choices = self.env["product.combo"].create(
            [
                _choice(company, "Any medium pizza", 1, medium),
                _choice(company, "Any soft drink", 2, drinks),
            ]
        )
        tax = self.env["fynlo.demo.business"]._standard_tax(company)
        self.env["product.template"].create(
            {
                **self._sold(company, tax, categories["Deals"], ()),
                "name": "Pizza and drink",
                "default_code": "deal_pizza_drink",
                "type": "combo",
                "list_price": _pounds(card.DEAL_PRICE),
                "combo_ids": [Command.set(choices.ids)],
            }
        )

    def _discounts(self, company):
        self.env["fynlo.discount"].create(
            [
                {
                    "name": name,
                    "sequence": place,
                    "company_id": company.id,
                    "kind": kind,
                    "value_bp": value if kind == "percent" else 0,
                    "amount": _pounds(value) if kind == "amount" else 0,
                    "scope": scope,
                    "permission": permission,
                }
                for place, (name, kind, value, scope, permission) in enumerate(card.DISCOUNTS)
            ]
        )


def _price_sizes(product, code, prices):
    """Give every size exactly its price of the data, and its code."""
    cheapest = min(prices.values())
    for value in product.attribute_line_ids.product_template_value_ids:
        value.price_extra = float(prices[value.name] - cheapest)
    for variant in product.product_variant_ids:
        variant.default_code = f"{code}-{variant.product_template_attribute_value_ids.name}"


def _choice(company, name, sequence, variants):
    return {
        "name": name,
        "sequence": sequence,
        "company_id": company.id,
        "combo_item_ids": [Command.create({"product_id": variant.id}) for variant in variants],
    }


def _pounds(pence):
    return pence / 100
