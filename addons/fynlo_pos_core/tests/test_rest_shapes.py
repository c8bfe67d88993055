"""The building blocks of shapes: what they take and what they refuse."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase
from pydantic import ValidationError

from ..rest.shapes import Day, Quantity, QueryShape, Shape


class Asked(QueryShape):
    day: Day


class Weighed(Shape):
    quantity: Quantity


class TestShapes(BaseCase):
    def test_days(self):
        self.assertEqual(Asked(day="2024-02-29").day, date(2024, 2, 29))
        for wrong in ("0", "1764000000", "2026-2-1", "2026-02-30", "2026-11-24T00:00", "", 0, None):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                Asked(day=wrong)

    def test_quantities(self):
        self.assertEqual(Weighed(quantity="1.250").quantity, Decimal("1.25"))
        for wrong in (1, 1.5, "1,5", "1e3", "1.2345", "+1", " 1", "NaN", "12345678", "", None, True):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                Weighed(quantity=wrong)
