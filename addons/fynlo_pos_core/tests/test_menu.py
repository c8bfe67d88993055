"""The menu document: what is on it, what it costs, and when it is made anew."""

import gzip
import json
from datetime import date, datetime, timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.tests import TransactionCase, tagged

from ..controllers.catalogue.menu_views import MenuView
from ..tools import process_cache
from ..tools.identifiers import uuid7
from .restaurant import Restaurant

#: Statements that a cold menu takes, however many products it has.
COLD_QUERIES = 24  # one of them for recipes, where manufacturing is installed


@tagged("post_install", "-at_install")
class TestMenu(Restaurant, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location = cls.open_restaurant("Soho")
        cls.company = cls.location.company_id
        cls.tax20 = cls.tax(cls.company, "20%", 20)

    def test_an_empty_menu(self):
        menu = self.menu(self.location, 7)
        self.assertEqual((menu["version"], menu["currency"], menu["prices_include_tax"]), (7, "GBP", True))
        parts = ("categories", "products", "modifier_groups", "combos", "taxes", "presets", "discounts", "floors")
        self.assertEqual([menu[part] for part in parts], [[]] * len(parts))

    def test_a_full_menu_has_the_shape_of_the_contract(self):
        pizza, cola, deal = self._write_card()
        menu = self.menu(self.location, 8)
        MenuView.model_validate_json(json.dumps(menu))
        by_name = {product["name"]: product for product in menu["products"]}
        shown = by_name["Margherita"]
        self.assertEqual(shown["id"], pizza.fynlo_uuid)
        self.assertEqual(shown["description"], "Tomato, mozzarella")
        self.assertEqual(shown["allergens"], ["gluten", "milk"])
        self.assertEqual(shown["tax_ids"], [self.tax20.fynlo_uuid])
        self.assertEqual(
            [(v["name"], v["price"]) for v in shown["variants"]],
            [("S", {"amount": 995, "currency": "GBP"}), ("L", {"amount": 1450, "currency": "GBP"})],
        )
        parent, child = menu["categories"]
        self.assertEqual((parent["name"], child["parent_id"], child["colour"]), ("Food", parent["id"], "#F4A460"))
        (group,) = menu["modifier_groups"]
        self.assertEqual((group["min"], group["max"], group["free"]), (0, None, 1))
        self.assertEqual(group["modifiers"][0]["price"]["amount"], 150)
        self.assertEqual(shown["modifier_group_ids"], [group["id"]])
        (combo,) = menu["combos"]
        self.assertEqual((combo["id"], by_name["Deal"]["combo"]), (deal.fynlo_uuid, deal.fynlo_uuid))
        self.assertEqual([choice["name"] for choice in combo["choices"]], ["A pizza", "A drink"])
        self.assertEqual(combo["choices"][1]["extra_prices"][cola.product_variant_id.fynlo_uuid]["amount"], 50)
        self.assertEqual(menu["discounts"][0]["amount"], {"amount": 500, "currency": "GBP"})
        (floor,) = menu["floors"]
        self.assertEqual([(t["name"], t["seats"], t["x"]) for t in floor["tables"]], [("1", 2, 10), ("2", 4, 10)])

    def _write_card(self):
        food = self.env["pos.category"].create({"name": "Food", "sequence": 1})
        pizzas = self.env["pos.category"].create({"name": "Pizza", "sequence": 2, "parent_id": food.id, "color": 2})
        extras = self.env["fynlo.modifier.group"].create(
            {
                "name": "Extras",
                "company_id": self.company.id,
                "free_choices": 1,
                "modifier_ids": [Command.create({"name": "Cheese", "price": 1.5})],
            }
        )
        allergens = self.env.ref("fynlo_pos_core.allergen_milk") | self.env.ref("fynlo_pos_core.allergen_gluten")
        pizza = self.product(
            self.company,
            "Margherita",
            9.95,
            attribute_line_ids=self.sizes({"S": 9.95, "L": 14.5}),
            pos_categ_ids=[Command.set(pizzas.ids)],
            taxes_id=[Command.set(self.tax20.ids)],
            public_description="<p>Tomato, mozzarella</p>",
            fynlo_allergen_ids=[Command.set(allergens.ids)],
            fynlo_modifier_group_ids=[Command.set(extras.ids)],
        )
        self.price_sizes(pizza, {"S": 9.95, "L": 14.5})
        cola = self.product(self.company, "Cola", 2.8, available_in_pos=False)
        deal = self._deal(pizza.product_variant_ids, cola.product_variant_ids)
        self.env["fynlo.discount"].create(
            {"name": "Voucher", "kind": "amount", "amount": 5, "company_id": self.company.id}
        )
        tables = [Command.create({"table_number": 2, "seats": 4}), Command.create({"table_number": 1, "seats": 2})]
        self.env["restaurant.floor"].create(
            {"name": "Ground", "pos_config_ids": [Command.set(self.location.ids)], "table_ids": tables}
        )
        return pizza, cola, deal

    def _deal(self, pizzas, drinks):
        choices = self.env["product.combo"].create(
            [
                {
                    "name": name,
                    "sequence": place,
                    "company_id": self.company.id,
                    "combo_item_ids": [
                        Command.create({"product_id": variant.id, "extra_price": extra}) for variant in variants
                    ],
                }
                for place, (name, variants, extra) in enumerate((("A pizza", pizzas, 0), ("A drink", drinks, 0.5)))
            ]
        )
        return self.product(self.company, "Deal", 12, type="combo", combo_ids=[Command.set(choices.ids)])

    def test_a_part_of_a_combo_that_is_not_sold_alone(self):
        _pizza, cola, _deal = self._write_card()
        shown = {product["id"]: product["sold_alone"] for product in self.menu(self.location)["products"]}
        self.assertFalse(shown[cola.fynlo_uuid])
        self.assertEqual(sum(shown.values()), 2)

    def test_what_is_not_sold_here_is_not_on_it(self):
        other = self.open_restaurant("Bistro")
        self.product(other.company_id, "Steak", 20)
        self.product(self.company, "Archived", 1, active=False)
        self.product(self.company, "Not on tills", 1, available_in_pos=False)
        self.product(self.company, "Not sold", 1, sale_ok=False)
        self.env["fynlo.modifier.group"].create({"name": "Cooking", "company_id": other.company_id.id})
        self.env["fynlo.discount"].create({"name": "Theirs", "value_bp": 100, "company_id": other.company_id.id})
        ours = self.product(self.company, "Ours", 1)
        shared = self.product(self.company, "Shared", 1)
        shared.company_id = False
        menu = self.menu(self.location)
        mine = {ours.fynlo_uuid, shared.fynlo_uuid}
        self.assertLessEqual(mine, {product["id"] for product in menu["products"]})
        names = {product["name"] for product in menu["products"]}
        self.assertFalse(names & {"Steak", "Archived", "Not on tills", "Not sold"})
        self.assertEqual((menu["modifier_groups"], menu["discounts"]), ([], []))

    def test_another_location_of_the_company_has_its_own_availability(self):
        camden = self.location.copy({"name": "Camden", "payment_method_ids": [Command.clear()]})
        pizza = self.product(self.company, "Margherita", 9)
        self.env["fynlo.availability"]._set(camden, pizza, False)
        self.assertTrue(self.menu(self.location)["products"][0]["available"])
        self.assertFalse(self.menu(camden)["products"][0]["available"])

    def test_a_location_may_limit_its_categories(self):
        bar, kitchen = self.env["pos.category"].create([{"name": "Bar"}, {"name": "Kitchen"}])
        self.product(self.company, "Beer", 5, pos_categ_ids=[Command.set(bar.ids)])
        self.product(self.company, "Pie", 9, pos_categ_ids=[Command.set(kitchen.ids)])
        self.location.write({"limit_categories": True, "iface_available_categ_ids": [Command.set(bar.ids)]})
        menu = self.menu(self.location)
        self.assertEqual([product["name"] for product in menu["products"]], ["Beer"])
        self.assertEqual([category["name"] for category in menu["categories"]], ["Bar"])

    def test_prices_of_the_price_list(self):
        pizza = self.product(self.company, "Margherita", 9, attribute_line_ids=self.sizes({"S": 9, "L": 12}))
        self.price_sizes(pizza, {"S": 9, "L": 12})
        rule = {"compute_price": "percentage", "percent_price": 15, "applied_on": "3_global"}
        pricelist = self.env["product.pricelist"].create(
            {"name": "Happy hour", "company_id": self.company.id, "item_ids": [Command.create(rule)]}
        )
        self.location.write({"pricelist_id": pricelist.id, "available_pricelist_ids": [Command.set(pricelist.ids)]})
        self.assertEqual(self._prices(), [900, 1200])
        self.location.use_pricelist = True
        self.assertEqual(self._prices(), [765, 1020])

    def _prices(self):
        (product,) = self.menu(self.location)["products"]
        return [variant["price"]["amount"] for variant in product["variants"]]

    def test_a_group_of_taxes_stands_for_its_parts(self):
        state, city = self.tax(self.company, "State", 4), self.tax(self.company, "City", 4.5)
        both = self.tax(
            self.company, "Both", 0, amount_type="group", children_tax_ids=[Command.set((state | city).ids)]
        )
        self.product(self.company, "Pie", 9, taxes_id=[Command.set(both.ids)])
        menu = self.menu(self.location)
        self.assertEqual(menu["products"][0]["tax_ids"], [state.fynlo_uuid, city.fynlo_uuid])
        self.assertEqual([tax["rate_bp"] for tax in menu["taxes"]], [400, 450])

    def test_taxes_on_top_of_the_price(self):
        added = self.tax(self.company, "Sales tax", 8.25, price_include_override="tax_excluded")
        self.product(self.company, "Pie", 9, taxes_id=[Command.set(added.ids)])
        menu = self.menu(self.location)
        self.assertFalse(menu["prices_include_tax"])
        self.assertEqual([(tax["rate_bp"], tax["included"]) for tax in menu["taxes"]], [(825, False)])

    def test_presets_and_the_taxes_they_put_in_place(self):
        position = self.env["account.fiscal.position"].create({"name": "Takeaway", "company_id": self.company.id})
        zero = self.tax(
            self.company,
            "0% takeaway",
            0,
            fiscal_position_ids=[Command.set(position.ids)],
            original_tax_ids=[Command.set(self.tax20.ids)],
        )
        self.product(self.company, "Salad", 5, taxes_id=[Command.set(self.tax20.ids)])
        eat_in, takeaway, _unused = self.env["pos.preset"].create(
            [
                {"name": "Eat in"},
                {"name": "Takeaway", "fynlo_kind": "takeaway", "fiscal_position_id": position.id},
                {"name": "Unused"},
            ]
        )
        self.location.write({"default_preset_id": eat_in.id, "available_preset_ids": [Command.set(takeaway.ids)]})
        self.assertEqual(self.menu(self.location)["presets"], [])
        self.location.use_presets = True
        menu = self.menu(self.location)
        self.assertEqual(
            [(p["name"], p["kind"]) for p in menu["presets"]], [("Eat in", "eat_in"), ("Takeaway", "takeaway")]
        )
        self.assertEqual({tax["id"] for tax in menu["taxes"]}, {self.tax20.fynlo_uuid, zero.fynlo_uuid})

    def test_names_in_the_language_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        product = self.product(self.company, "Water", 2)
        product.with_context(lang="fr_FR").name = "Eau"
        self.assertEqual(self.menu(self.location)["products"][0]["name"], "Water")
        self.company.partner_id.lang = "fr_FR"
        self.assertEqual(self.menu(self.location)["products"][0]["name"], "Eau")


@tagged("post_install", "-at_install")
class TestPreparedMenu(Restaurant, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location = cls.open_restaurant("Soho")
        cls.company = cls.location.company_id
        cls.env.cr.flush()  # a menu is kept only while the catalogue rests

    def setUp(self):
        super().setUp()
        process_cache.forget()

    def _prepared(self, version):
        return self.env["fynlo.menu"]._prepared(self.location.id, self.location.fynlo_uuid, version)

    def test_a_warm_menu_takes_no_query(self):
        version = uuid7()
        first = self._prepared(version)
        with self.assertQueryCount(0):
            self.assertIs(self._prepared(version), first)

    def test_a_cold_menu_takes_the_same_few_queries_for_any_number_of_products(self):
        for size in (1, 500):
            prices = [{"name": f"Dish {n}", "list_price": n, "company_id": self.company.id} for n in range(size)]
            common = {"available_in_pos": True, "taxes_id": [Command.clear()]}
            self.env["product.template"].create([{**price, **common} for price in prices])
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(COLD_QUERIES):
                prepared = self._prepared(uuid7())
        self.assertEqual(len(json.loads(prepared.raw)["products"]), 501)
        self.assertLess(len(prepared.compressed), 40_000)

    def test_both_forms_say_the_same(self):
        prepared = self._prepared(uuid7())
        self.assertEqual(gzip.decompress(prepared.compressed), prepared.raw)

    def test_another_process_finds_it_in_redis(self):
        version = uuid7()
        first = self._prepared(version)
        process_cache.forget()
        with self.assertQueryCount(0):
            self.assertEqual(self._prepared(version), first)

    def test_the_tag_tells_versions_and_contents_apart(self):
        first, same = self._prepared(1_000_001), self._prepared(1_000_001)
        self.assertEqual(first.etag, same.etag)
        self.assertRegex(first.etag, r'^"m1000001-[0-9a-f]{12}"$')
        self.assertNotEqual(self._prepared(1_000_002).etag, first.etag)

    def test_a_new_business_day_makes_it_anew(self):
        version = uuid7()
        with freeze_time("2026-06-10 02:59:00"):  # 03:59 in London: still the ninth
            self.assertEqual(self._business_date(version), date(2026, 6, 9))
        with freeze_time("2026-06-10 03:00:00"):
            self.assertEqual(self._business_date(version), date(2026, 6, 10))

    def _business_date(self, version):
        return date.fromisoformat(json.loads(self._prepared(version).raw)["business_date"])

    def test_a_dated_price_begins_on_time(self):
        pizza = self.product(self.company, "Margherita", 9)
        begins = datetime(2026, 6, 10, 16)
        rule = {
            "applied_on": "1_product",
            "product_tmpl_id": pizza.id,
            "compute_price": "fixed",
            "fixed_price": 7,
            "date_start": begins,
        }
        pricelist = self.env["product.pricelist"].create(
            {"name": "Happy hour", "company_id": self.company.id, "item_ids": [Command.create(rule)]}
        )
        lists = {"pricelist_id": pricelist.id, "available_pricelist_ids": [Command.set(pricelist.ids)]}
        self.location.write({"use_pricelist": True, **lists})
        self.env.flush_all()
        version = uuid7()
        for moment, amount in ((begins - timedelta(minutes=1), 900), (begins, 700)):
            with self.subTest(moment), freeze_time(moment):
                product = json.loads(self._prepared(version).raw)["products"][0]
                self.assertEqual(product["variants"][0]["price"]["amount"], amount)
