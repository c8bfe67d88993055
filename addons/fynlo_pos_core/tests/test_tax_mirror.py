"""The tax mirror against Odoo's own engine: thousands of random lines, no penny apart."""

import random

from odoo.tests import TransactionCase, tagged

from ..tools.money import to_minor
from ..tools.tax_mirror import TaxRule, round_minor, tax_line

LINES = 3000
#: (amount type, amount, included, raises the base, affected by the base of others, sequence)
KINDS = [
    ("percent", 20, True, False, True, 1),
    ("percent", 20, False, False, True, 1),
    ("percent", 5, True, False, True, 2),
    ("percent", 5, False, False, True, 2),
    ("percent", 8.875, False, False, True, 3),
    ("percent", 0, True, False, True, 1),
    ("percent", 12.5, False, True, True, 0),
    ("percent", 7.25, False, False, False, 4),
    ("fixed", 0.1, False, True, True, 0),
    ("fixed", 0.05, True, True, True, 0),
    ("percent", 17.5, True, True, True, 1),
    ("division", 10, False, False, True, 5),
    ("division", 8, True, False, True, 5),
]
SETS = [
    *([[0]] * 4),
    *([[1]] * 2),
    [4],
    [2],
    [3],
    [5],
    [],
    [0, 2],
    [1, 3],
    [6, 1],
    [6, 0],
    [4, 7],
    [8, 1],
    [8, 0],
    [9, 0],
    [10, 1],
    [10, 2],
    [6, 4, 7],
    [8, 4],
    [11],
    [12],
    [0, 4],
    [2, 3],
]


@tagged("post_install", "-at_install")
class TestTaxMirror(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.tax_calculation_rounding_method = "round_per_line"
        group = cls.env["account.tax.group"].create({"name": "Mirror", "company_id": cls.env.company.id})
        cls.taxes = [
            cls.env["account.tax"].create(
                {
                    "name": f"mirror {index}",
                    "amount_type": kind,
                    "amount": amount,
                    "price_include_override": "tax_included" if included else "tax_excluded",
                    "include_base_amount": raises,
                    "is_base_affected": affected,
                    "sequence": sequence,
                    "tax_group_id": group.id,
                    "type_tax_use": "sale",
                }
            )
            for index, (kind, amount, included, raises, affected, sequence) in enumerate(KINDS)
        ]
        cls.rules = [
            TaxRule(tax.id, f"t{tax.id}", kind, float(amount), included, raises, affected, sequence)
            for tax, (kind, amount, included, raises, affected, sequence) in zip(cls.taxes, KINDS, strict=True)
        ]

    def test_random_lines_agree_to_the_penny(self):
        dice = random.Random(20261124)
        currency = self.env.ref("base.GBP")
        for _ in range(LINES):
            chosen = dice.choice(SETS)
            price = dice.choice([dice.randint(1, 5000) / 100, 9.99, 12.5, 0.05])
            price *= -1 if dice.random() < 0.04 else 1
            quantity = dice.choice([1, 1, 2, 3, 0.5, 1.333, dice.randint(1, 5000) / 1000])
            # compute_all takes the price after discount: at 100 % it no longer knows a refund's sign
            discount = dice.choice([0, 0, 10, 12.5, 33.33, 50, 100 if price > 0 else 99, dice.randint(0, 9999) / 100])
            taxes = self.env["account.tax"].union(*(self.taxes[index] for index in chosen))
            odoo = taxes.compute_all(price * (1 - discount / 100.0), currency, quantity)
            ours = tax_line(price, quantity, discount, tuple(self.rules[index] for index in chosen), 2)
            self.assertEqual(
                (ours.excluded, ours.included),
                (to_minor(odoo["total_excluded"], 2), to_minor(odoo["total_included"], 2)),
                (price, quantity, discount, [KINDS[index] for index in chosen]),
            )

    def test_taxes_add_up_to_the_line(self):
        taxed = tax_line(10.0, 1, 0, (self.rules[1], self.rules[3]), 2)
        self.assertEqual([amount for _rule, amount in taxed.by_tax], [200, 50])
        self.assertEqual((taxed.excluded, taxed.included), (1000, 1250))

    def test_half_a_penny_rounds_away_from_zero_as_odoo_does(self):
        for amount in (0.005, 1.005, 2.675, 1.115, 0.285, -0.005, -2.675):
            self.assertEqual(round_minor(amount, 2), to_minor(self.env.ref("base.GBP").round(amount), 2), amount)
