"""Prices that depend on the hour, the preset, the party and the person: happy hour, service charge, limits, halves."""

from datetime import UTC, datetime

from odoo import Command
from odoo.tests import BaseCase, TransactionCase, tagged

from ..engine.facts import PriceWindowFacts
from ..rest import Problem
from ..tools.identifiers import uuid7
from .editing import Editing


class TestPriceWindow(BaseCase):
    def test_hours_and_days(self):
        friday = PriceWindowFacts(frozenset({4}), 17 * 60, 19 * 60, {})
        night = PriceWindowFacts(frozenset({4}), 22 * 60, 2 * 60, {})
        for window, moment, open_ in [
            (friday, datetime(2026, 11, 27, 17, 0), True),
            (friday, datetime(2026, 11, 27, 18, 59), True),
            (friday, datetime(2026, 11, 27, 19, 0), False),
            (friday, datetime(2026, 11, 28, 17, 30), False),
            (night, datetime(2026, 11, 27, 23, 0), True),
            (night, datetime(2026, 11, 28, 1, 59), True),
            (night, datetime(2026, 11, 28, 2, 0), False),
            (night, datetime(2026, 11, 27, 1, 0), False),
        ]:
            self.assertEqual(window.open_at(moment), open_, moment)


@tagged("post_install", "-at_install")
class TestPriceRules(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()

    def total(self, document):
        return document["totals"]["total"]["amount"]

    def problem(self, *lines, **values):
        with self.assertRaises(Problem) as caught:
            self.place(*lines, **values)
        return caught.exception

    def price_list(self, variant, price):
        return self.env["product.pricelist"].create(
            {
                "name": f"Other prices {uuid7()}",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "0_product_variant",
                            "product_id": variant.id,
                            "compute_price": "fixed",
                            "fixed_price": price,
                        }
                    )
                ],
            }
        )

    def test_happy_hour_by_the_clock_on_the_wall(self):
        self.env["fynlo.price.window"].create(
            {
                "name": "Happy hour",
                "company_id": self.company.id,
                "pricelist_id": self.price_list(self.menu.cola, 1.5).id,
                "start_minute": 17 * 60,
                "end_minute": 18 * 60,
                "saturday": True,
                "sunday": True,
            }
        )
        self.location.fynlo_time_zone = "Europe/Paris"
        self.env.cr.flush()
        now = datetime.now(UTC).replace(tzinfo=None)
        today = now.date()
        lines = [self.line(self.menu.cola), self.line(self.menu.pizza)]
        for hour, total in [("16:30", 1150), ("17:30", 1300)]:  # Paris is ahead of UTC in winter and in summer
            winter = hour if today.month in (11, 12, 1, 2, 3) else f"{int(hour[:2]) - 1}:30"
            moment = f"{today.isoformat()}T{winter}:00Z"
            if datetime.fromisoformat(moment).replace(tzinfo=None) > now:
                moment = moment.replace(today.isoformat(), str(today.fromordinal(today.toordinal() - 1)))
            wishes = [{**line, "id": uuid7()} for line in lines]
            self.assertEqual(self.total(self.place(*wishes, client_created_at=moment)), total, moment)

    def test_a_preset_has_prices_of_its_own(self):
        self.takeaway.pricelist_id = self.price_list(self.menu.pizza, 9.0)
        self.env.cr.flush()
        document = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), preset_id=self.takeaway.fynlo_uuid)
        self.assertEqual(self.total(document), 1200)
        self.assertEqual(self.total(self.place(self.line(self.menu.pizza))), 1000)

    def charge(self, guests=0):
        """Give the location a service charge of 12.5 % without VAT."""
        no_tax = self.env["account.tax"]
        product = self.product("Service", 0.0, no_tax, type="service", available_in_pos=False)
        self.location.write(
            {
                "fynlo_service_product_id": product.id,
                "fynlo_service_charge_bp": 1250,
                "fynlo_service_charge_guests": guests,
            }
        )
        self.env.cr.flush()

    def test_service_charge_is_part_of_the_bill_until_declined(self):
        self.charge()
        order = self.place(self.line(self.menu.pizza))
        totals = {
            name: order["totals"][name]["amount"] for name in ("subtotal", "service_charge", "tax", "total", "due")
        }
        self.assertEqual(totals, {"subtotal": 958, "service_charge": 125, "tax": 167, "total": 1125, "due": 1125})
        row = self.row(order)
        self.assertEqual((len(row.lines), row.amount_total), (2, 11.25))
        order = self.edit(order, {"type": "change_quantity", "line_id": order["lines"][0]["id"], "delta": "1"})
        self.assertEqual((self.total(order), len(order["lines"])), (2250, 1))
        order = self.edit(order, {"type": "decline_service_charge", "reason": "slow"})
        self.assertEqual((self.total(order), order["service_charge"]["amount"]), (2000, 0))
        self.env.invalidate_all()
        self.assertEqual(self.env["fynlo.order.service"]._document(self.identity(), order["id"]), order)
        order = self.edit(order, {"type": "restore_service_charge"})
        self.assertEqual(self.total(order), 2250)
        row = self.row(order)
        given = row.amount_total
        row._compute_prices()
        self.assertEqual(given, row.amount_total)

    def test_service_charge_is_for_parties_and_tables(self):
        self.charge(guests=6)
        small = self.place(self.line(self.menu.pizza), guests=4)
        self.assertEqual(self.total(small), 1000)
        self.assertEqual(self.total(self.edit(small, {"type": "set_guests", "guests": 6})), 1125)
        away = self.place(self.line(self.menu.cookie), guests=9, preset_id=self.takeaway.fynlo_uuid)
        self.assertEqual(self.total(away), 250)

    def test_discounts_have_a_limit_by_role(self):
        half = self._discount(
            self.company, "Half", kind="percent", value_bp=5000, scope="order", permission="order.edit"
        )
        self.env.cr.flush()
        wish = {"id": uuid7(), "discount_id": half.fynlo_uuid}
        self.assertEqual(self.problem(self.line(self.menu.pizza), discounts=[wish]).code, "discount_limit")
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.refused(order, {"type": "apply_discount", "discount": wish}), "approval_required")
        applied = self.edit(order, {"type": "apply_discount", "discount": wish}, identity=self.identity(self.owner()))
        self.assertEqual(self.total(applied), 500)

    def owner(self):
        return self.hire("Olga", "owner")

    def test_exclusive_discounts_stand_alone(self):
        self.tenth.exclusive = True
        other = self._discount(self.company, "Five", kind="percent", value_bp=500, scope="order")
        self.env.cr.flush()
        wishes = [{"id": uuid7(), "discount_id": each.fynlo_uuid} for each in (self.tenth, other)]
        for pair in (wishes, wishes[::-1]):
            problem = self.problem(self.line(self.menu.pizza), discounts=pair, identity=self.identity(self.manager))
            self.assertEqual(problem.code, "discount_conflict")

    def test_half_and_half_costs_the_dearer_half(self):
        vat = self.menu.pizza.taxes_id
        dear = self.product("Truffle", 14.0, vat, fynlo_halves=True)
        cheap = self.product("Marinara", 8.0, vat, fynlo_halves=True)
        self.env.cr.flush()
        halves = [cheap.fynlo_uuid, dear.fynlo_uuid]
        document = self.place(self.line(cheap, "2", halves=halves))
        line = document["lines"][0]
        self.assertEqual(
            (line["name"], line["unit_price"]["amount"], self.total(document)), ("½ Marinara / ½ Truffle", 1400, 2800)
        )
        self.assertEqual([half["variant_id"] for half in line["halves"]], halves)
        self.env.invalidate_all()
        self.assertEqual(self.env["fynlo.order.service"]._document(self.identity(), document["id"]), document)
        whole = [self.menu.pizza.fynlo_uuid, dear.fynlo_uuid]
        self.assertEqual(self.problem(self.line(self.menu.pizza, halves=whole)).code, "invalid_choice")
        self.assertEqual(self.problem(self.line(self.menu.cola, halves=halves)).code, "invalid_choice")
