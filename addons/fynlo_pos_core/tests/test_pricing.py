"""The pricing engine on hand-made baskets: discounts, combos, modifiers, sums."""

from datetime import date, datetime
from decimal import Decimal
from random import Random

from odoo.tests import BaseCase

from ..engine.facts import LocationFacts
from ..engine.order import AppliedDiscount, Line, Order
from ..engine.pricing import combo_prices, price_order, split
from ..tools.tax_mirror import TaxRule

VAT = TaxRule(1, "vat", "percent", 20.0, True)
SALES_TAX = TaxRule(2, "sales", "percent", 8.875, False)
MOMENT = datetime(2026, 11, 24, 12, 0)


def facts():
    return LocationFacts(
        version=1,
        location_id=1,
        location_uuid="l",
        company_id=1,
        currency_id=1,
        currency="GBP",
        digits=2,
        time_zone="Europe/London",
        day_start=240,
        taxes={1: VAT, 2: SALES_TAX},
    )


def line(price, quantity="1", tax_ids=(1,), uuid="a", parts=()):
    return Line(
        uuid=uuid,
        variant_id=1,
        variant_uuid="v",
        product_uuid="p",
        name="Thing",
        quantity=Decimal(quantity),
        unit_price=price,
        base_price=price,
        tax_ids=tax_ids,
        catalogue_version=1,
        parts=list(parts),
    )


def discount(kind="percent", value_bp=0, value=0, line_uuid=None):
    return AppliedDiscount("d", "D", "Less", kind, value_bp, value, line_uuid)


def priced(*lines, discounts=()):
    order = Order(
        uuid="o",
        number=None,
        preset_id=None,
        business_date=date(2026, 11, 24),
        client_created_at=MOMENT,
        created_at=MOMENT,
        updated_at=MOMENT,
        created_by={},
        device_uuid=None,
        catalogue_version=1,
        lines=list(lines),
        discounts=list(discounts),
    )
    return price_order(order, facts())


class TestPricing(BaseCase):
    def amounts(self, order):
        return order.net, order.tax, order.total, order.discount

    def test_price_with_vat_in_it(self):
        self.assertEqual(self.amounts(priced(line(1200, "2"))), (2000, 400, 2400, 0))

    def test_tax_on_top(self):
        self.assertEqual(self.amounts(priced(line(1000, tax_ids=(2,)))), (1000, 89, 1089, 0))

    def test_no_lines_cost_nothing(self):
        self.assertEqual(self.amounts(priced()), (0, 0, 0, 0))

    def test_percent_of_the_order_is_spread_to_the_penny(self):
        order = priced(*[line(333, uuid=str(i)) for i in range(3)], discounts=[discount(value_bp=1000)])
        self.assertEqual((order.discount, order.total), (100, 899))
        self.assertEqual([each.discount for each in order.lines], [34, 33, 33])
        self.assertEqual(order.total, sum(each.total for each in order.lines))

    def test_amount_never_takes_more_than_there_is(self):
        order = priced(line(500), discounts=[discount(kind="amount", value=800)])
        self.assertEqual((order.discount, order.total, order.discounts[0].amount), (500, 0, 500))

    def test_discounts_of_lines_come_before_those_of_the_order(self):
        order = priced(
            line(1000, uuid="a"),
            line(1000, uuid="b"),
            discounts=[discount(value_bp=1000), discount(kind="amount", value=500, line_uuid="a")],
        )
        self.assertEqual([each.amount for each in order.discounts], [150, 500])
        self.assertEqual(order.total, 1350)

    def test_discount_of_a_line_that_is_gone_takes_nothing(self):
        order = priced(line(1000), discounts=[discount(kind="amount", value=500, line_uuid="gone")])
        self.assertEqual((order.total, order.discounts[0].amount), (1000, 0))

    def test_combo_is_the_sum_of_its_parts(self):
        parts = [line(1050, "2", uuid="p1"), line(350, "2", tax_ids=(), uuid="p2")]
        order = priced(line(1400, "2", parts=parts))
        self.assertEqual(self.amounts(order), (1750 + 700, 350, 2800, 0))
        self.assertEqual(order.lines[0].taxes, (("vat", 2000, 350),))

    def test_combo_price_over_its_choices(self):
        self.assertEqual(combo_prices(1400, [1200, 400]), [1050, 350])
        self.assertEqual(combo_prices(1000, [1, 1, 1]), [333, 333, 334])
        self.assertEqual(combo_prices(1000, [0, 0]), [500, 500])

    def test_split_adds_up_and_is_fair(self):
        dice = Random(7)
        for _ in range(500):
            weights = [dice.randint(0, 10_000) for _ in range(dice.randint(1, 9))]
            amount = dice.randint(0, 20_000)
            shares = split(amount, weights)
            if not sum(weights):
                self.assertEqual(set(shares), {0})
                continue
            self.assertEqual(sum(shares), amount)
            exact = [amount * weight / sum(weights) for weight in weights]
            self.assertTrue(all(abs(share - value) < 1 for share, value in zip(shares, exact, strict=True)))

    def test_every_penny_of_discount_is_exact_on_random_baskets(self):
        """A discount handed to the tax engine as a percentage takes off exactly its pennies."""
        dice = Random(20261124)
        for _ in range(2_000):
            lines = [
                line(dice.randint(1, 9_999), dice.choice(["1", "2", "3", "0.5", "1.333"]), uuid=str(i))
                for i in range(dice.randint(1, 8))
            ]
            order = priced(*lines, discounts=[discount(value_bp=dice.randint(1, 10_000))])
            for each in order.lines:
                self.assertEqual(each.total, each.gross - each.discount)
            self.assertEqual(order.total, sum(each.gross for each in order.lines) - order.discount)
