"""The demo restaurant as it is built."""

import json

from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tools import process_cache
from odoo.tests import tagged

from ..models.demo_business import BISTRO_COMPANY, PIZZA_COMPANY
from ..tools import people, pizzaplace


@tagged("post_install", "-at_install")
class TestDemo(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fynlo.demo"]._build()
        cls.pizza = cls.env["res.company"].search([("name", "=", PIZZA_COMPANY)])
        cls.bistro = cls.env["res.company"].search([("name", "=", BISTRO_COMPANY)])
        cls.soho = cls.env["pos.config"].search([("name", "=", "Soho"), ("company_id", "=", cls.pizza.id)])

    def _menu(self, location):
        self.env.flush_all()
        process_cache.forget()
        return json.loads(self.env["fynlo.menu"]._prepared(location.id, location.fynlo_uuid, 0).raw)

    def test_building_it_again_changes_nothing(self):
        counted = (
            "res.company", "pos.config", "restaurant.floor", "restaurant.table", "product.template", "product.product",
            "pos.category", "fynlo.modifier.group", "fynlo.discount", "pos.preset", "account.tax", "hr.employee",
            "product.combo", "pos.payment.method", "account.fiscal.position",
        )  # fmt: skip
        before = {model: self.env[model].search_count([]) for model in counted}
        self.env["fynlo.demo"]._build()
        self.assertEqual({model: self.env[model].search_count([]) for model in counted}, before)

    def test_every_size_has_exactly_its_price_of_the_data(self):
        menu = self._menu(self.soho)
        shown = {variant["sku"]: variant["price"] for product in menu["products"] for variant in product["variants"]}
        for name, sizes in pizzaplace.prices().items():
            for size, price in sizes.items():
                self.assertEqual(shown[f"{name}-{size}"], {"amount": int(price * 100), "currency": "GBP"})

    def test_the_menu_has_all_kinds_of_things(self):
        menu = self._menu(self.soho)
        self.assertTrue(menu["prices_include_tax"])
        self.assertEqual(len(menu["products"]), 32 + 14 + 1)
        self.assertEqual([preset["kind"] for preset in menu["presets"]], ["eat_in", "takeaway"])
        self.assertEqual(sorted({tax["rate_bp"] for tax in menu["taxes"]}), [0, 2000])
        crust = next(group for group in menu["modifier_groups"] if group["name"] == "Crust")
        self.assertEqual((crust["min"], crust["max"], len(crust["modifiers"])), (1, 1, 4))
        (deal,) = menu["combos"]
        self.assertEqual([choice["name"] for choice in deal["choices"]], ["Any medium pizza", "Any soft drink"])
        self.assertEqual(len(menu["discounts"]), 4)
        self.assertEqual([len(floor["tables"]) for floor in menu["floors"]], [6, 4])

    def test_cold_food_is_free_of_vat_when_taken_away(self):
        takeaway = self.env["pos.preset"].search([("name", "=", "Takeaway")], limit=1)
        salad = self.env["product.product"].search([("default_code", "=", "side_salad")])
        hot = self.env["product.product"].search([("default_code", "=", "garlic_bread")])
        self.assertEqual(salad.taxes_id.mapped("amount"), [20])
        self.assertEqual(takeaway.fiscal_position_id.map_tax(salad.taxes_id).mapped("amount"), [0])
        self.assertEqual(takeaway.fiscal_position_id.map_tax(hot.taxes_id).mapped("amount"), [20])

    def test_the_bistro_sees_nothing_of_the_pizza_place(self):
        location = self.env["pos.config"].search([("company_id", "=", self.bistro.id)])
        menu = self._menu(location)
        names = [product["name"] for product in menu["products"]]
        self.assertEqual(names, ["Onion soup", "Steak frites", "Crème brûlée"])
        self.assertEqual((menu["modifier_groups"], menu["combos"], menu["discounts"]), ([], [], []))
        self.assertEqual([category["name"] for category in menu["categories"]], ["Plats"])

    def test_each_location_has_a_drawer_and_they_share_the_card_terminal(self):
        camden = self.env["pos.config"].search([("name", "=", "Camden"), ("company_id", "=", self.pizza.id)])
        drawers = [location.payment_method_ids.filtered("is_cash_count") for location in (self.soho, camden)]
        self.assertEqual([len(drawer) for drawer in drawers], [1, 1])
        self.assertNotEqual(*(drawer.journal_id for drawer in drawers))
        soho_card, camden_card = self.soho.payment_method_ids - drawers[0], camden.payment_method_ids - drawers[1]
        self.assertEqual(soho_card, camden_card)
        self.assertEqual(self.pizza.point_of_sale_update_stock_quantities, "closing")

    def test_the_way_in(self):
        welcome = self.env["fynlo.demo"]._welcome()
        self.assertEqual(
            [location["name"] for location in welcome["locations"]],
            ["Soho", "Camden", "Bistro"],
        )
        self.assertEqual({person["role"] for person in welcome["employees"]}, {
            "kitchen", "server", "cashier", "supervisor", "manager", "owner"
        })  # fmt: skip
        body = {"code": welcome["pairing_code"], "name": "Till", "platform": "iPadOS 19", "app_version": "1.0"}
        paired = self.api("POST", "/devices/pair", body, key=False)
        self.assertEqual(paired.status_code, 201, paired.text)
        names = {person["name"]: person["id"] for person in paired.json()["employees"]}
        server = next(person for person in people.PIZZA_STAFF if person.role == "server")
        self._hash_again(server)
        by_pin = {"employee_id": names[server.name], "pin": server.pin}
        signed_in = self.api("POST", "/auth/pin", by_pin, device_key=paired.json()["device_key"])
        self.assertEqual(signed_in.status_code, 200, signed_in.text)
        login = welcome["logins"][0]
        answer = self.api("POST", "/auth/login", {"email": login["login"], "password": login["password"]}, key=False)
        self.assertEqual(answer.status_code, 200, answer.text)

    def _hash_again(self, person):
        """The demo may have been built with another pepper than that of the tests."""
        self.env["hr.employee"].search([("name", "=", person.name)])._fynlo_set_pin(person.pin)
