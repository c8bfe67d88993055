"""Bills worked out by hand, as a guest in Britain and one in New York would check them."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from ..controllers.order_shapes import OrderShape
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools import process_cache
from ..tools.identifiers import uuid7
from .shop import Shop


class Bills(Shop, TransactionCase):
    """Prices orders without making them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        process_cache.forget()  # a test that was rolled back gives its catalogue version back too

    def bill(self, *lines, **values):
        """The order's document, and its totals as plain minor units."""
        self.env.flush_all()
        self.env.cr.flush()
        wish = parse(OrderShape, to_json(self.order_body(*lines, **values)))
        document = self.env["fynlo.order.service"]._calculate(self.identity(self.manager), wish)
        return document, {name: money["amount"] for name, money in document["totals"].items()}

    def charge_service(self, rate_bp, *, tax=None):
        product = self.product("Service", 0.0, tax or self.env["account.tax"])
        self.location.write({"fynlo_service_charge_bp": rate_bp, "fynlo_service_product_id": product.id})


@tagged("post_install", "-at_install")
class TestBritishBills(Bills):
    """VAT lies in the price; HMRC allows rounding each line to the penny."""

    def test_vat_out_of_the_price(self):
        document, totals = self.bill(self.line(self.menu.pizza), self.line(self.menu.cola, "2"))
        # 10.00 / 1.2 = 8.333 → VAT 1.67; 6.00 / 1.2 = 5.00 → VAT 1.00
        self.assertEqual([line["tax"]["amount"] for line in document["lines"]], [167, 100])
        self.assertEqual((totals["subtotal"], totals["tax"], totals["total"]), (1333, 267, 1600))

    def test_cold_food_to_take_away_is_zero_rated_and_costs_the_same(self):
        eaten_in = self.bill(self.line(self.menu.cookie))[1]
        taken_away = self.bill(self.line(self.menu.cookie), preset_id=self.takeaway.fynlo_uuid)[1]
        self.assertEqual((eaten_in["tax"], eaten_in["total"]), (42, 250))
        self.assertEqual(taken_away["tax"], 0)

    def test_optional_service_charge_outside_vat(self):
        self.charge_service(1250)
        _document, totals = self.bill(self.line(self.menu.pizza), guests=2)
        # 12.5 % of 10.00, freely given, so without VAT (VAT Notice 700, 8.3)
        self.assertEqual((totals["service_charge"], totals["tax"], totals["total"]), (125, 167, 1125))

    def test_compulsory_service_charge_with_vat(self):
        vat = self.env["account.tax"].search([("company_id", "=", self.company.id), ("name", "=", "20 %")])
        self.charge_service(1000, tax=vat)
        _document, totals = self.bill(self.line(self.menu.pizza), guests=2)
        # 10 % of 10.00 = 1.00, of which VAT 0.17
        self.assertEqual((totals["service_charge"], totals["tax"], totals["total"]), (100, 184, 1100))

    def test_a_discount_is_shared_by_the_rates(self):
        discount = {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}
        document, totals = self.bill(self.line(self.menu.pizza), self.line(self.menu.cookie), discounts=[discount])
        # 10 % of 12.50 = 1.25: 1.00 off the pizza, 0.25 off the cookie
        self.assertEqual([line["total"]["amount"] for line in document["lines"]], [900, 225])
        self.assertEqual((totals["discount"], totals["total"]), (125, 1125))


@tagged("post_install", "-at_install")
class TestAmericanBills(Bills):
    """Sales tax comes on top; New York City's is 8.875 %: state 4, city 4.5, commuter district 0.375."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.city_tax = cls._tax(cls.company, "NYC", 8.875, price_include_override="tax_excluded")
        cls.burger = cls.product("Burger", 14.0, cls.city_tax)
        cls.soda = cls.product("Soda", 3.25, cls.city_tax)
        cls.water = cls.product("Water", 2.0, cls.env["account.tax"])

    def test_tax_on_top(self):
        document, totals = self.bill(self.line(self.burger), self.line(self.soda, "2"))
        # 14.00 × 8.875 % = 1.2425 → 1.24; 6.50 × 8.875 % = 0.576875 → 0.58
        self.assertEqual([line["tax"]["amount"] for line in document["lines"]], [124, 58])
        self.assertEqual((totals["subtotal"], totals["tax"], totals["total"]), (2050, 182, 2232))

    def test_several_taxes_of_one_place(self):
        parts = [
            self._tax(self.company, name, rate, price_include_override="tax_excluded")
            for name, rate in (("State", 4.0), ("City", 4.5), ("District", 0.375))
        ]
        steak = self.product("Steak", 38.0, self.env["account.tax"])
        steak.taxes_id = [Command.set([tax.id for tax in parts])]
        document, totals = self.bill(self.line(steak))
        # 1.52 + 1.71 + 0.1425 → 0.14
        self.assertEqual([tax["amount"]["amount"] for tax in document["lines"][0]["taxes"]], [152, 171, 14])
        self.assertEqual((totals["tax"], totals["total"]), (337, 4137))

    def test_what_is_exempt_stays_so(self):
        totals = self.bill(self.line(self.water), self.line(self.burger))[1]
        self.assertEqual((totals["subtotal"], totals["tax"], totals["total"]), (1600, 124, 1724))

    def test_a_discount_comes_off_before_the_tax(self):
        discount = {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}
        totals = self.bill(self.line(self.burger), discounts=[discount])[1]
        # 12.60 × 8.875 % = 1.11825 → 1.12
        self.assertEqual(
            (totals["subtotal"], totals["discount"], totals["tax"], totals["total"]), (1260, 140, 112, 1372)
        )

    def test_mandatory_gratuity_for_large_parties_is_taxed(self):
        self.charge_service(2000, tax=self.city_tax)
        self.location.fynlo_service_charge_guests = 6
        small = self.bill(self.line(self.burger, "6"), guests=5)[1]
        self.assertEqual(small["service_charge"], 0)
        large = self.bill(self.line(self.burger, "6"), guests=6)[1]
        self.assertGreater(large["service_charge"], 0)
        self.assertEqual(large["total"], large["subtotal"] + large["tax"])
