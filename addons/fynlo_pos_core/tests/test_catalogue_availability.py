"""What a location has run out of."""

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation

from .restaurant import Restaurant


@tagged("post_install", "-at_install")
class TestCatalogueAvailability(Restaurant, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location = cls.open_restaurant("Soho")
        cls.company = cls.location.company_id
        cls.pizza = cls.product(cls.company, "Margherita", 9, attribute_line_ids=cls.sizes({"S": 9, "L": 12}))
        cls.small, cls.large = cls.pizza.product_variant_ids
        cls.group = cls.env["fynlo.modifier.group"].create(
            {
                "name": "Extras",
                "company_id": cls.company.id,
                "modifier_ids": [Command.create({"name": "Cheese"})],
                "product_tmpl_ids": [Command.set(cls.pizza.ids)],
            }
        )
        cls.rows = cls.env["fynlo.availability"]

    def test_a_variant_that_ran_out(self):
        self.rows._set(self.location, self.large, False, reason="No dough")
        (product,) = self.menu(self.location)["products"]
        self.assertEqual((product["available"], [v["available"] for v in product["variants"]]), (True, [True, False]))
        self.assertEqual(
            self.events(self.location, "product.availability_changed"),
            [
                {
                    "product_id": self.pizza.fynlo_uuid,
                    "variant_id": self.large.fynlo_uuid,
                    "modifier_id": None,
                    "location_id": self.location.fynlo_uuid,
                    "available": False,
                    "stock": None,
                    "reason": "No dough",
                }
            ],
        )

    def test_a_product_takes_its_variants_with_it(self):
        self.rows._set(self.location, self.pizza, False)
        (product,) = self.menu(self.location)["products"]
        self.assertEqual((product["available"], [v["available"] for v in product["variants"]]), (False, [False, False]))

    def test_a_product_without_any_variant_left(self):
        self.rows._set(self.location, self.small, False)
        self.rows._set(self.location, self.large, False)
        (product,) = self.menu(self.location)["products"]
        self.assertFalse(product["available"])

    def test_a_modifier(self):
        self.rows._set(self.location, self.group.modifier_ids, False)
        (group,) = self.menu(self.location)["modifier_groups"]
        self.assertEqual([modifier["available"] for modifier in group["modifiers"]], [False])

    def test_the_last_word_counts_and_saying_it_twice_changes_nothing(self):
        row = self.rows._set(self.location, self.pizza, False, reason="Sold out")
        self.rows._set(self.location, self.pizza, True)
        version = self.version(self.company)
        self.assertEqual(self.rows._set(self.location, self.pizza, True), row)
        self.assertEqual(self.version(self.company), version)
        self.assertEqual((row.available, row.reason), (True, False))

    def test_no_portions_is_not_available(self):
        self.assertFalse(self.rows._set(self.location, self.pizza, True, countdown=0).available)

    def test_the_row_gone_it_is_available_again(self):
        self.rows._set(self.location, self.pizza, False).unlink()
        event = self.events(self.location, "product.availability_changed")[-1]
        self.assertEqual((event["product_id"], event["available"]), (self.pizza.fynlo_uuid, True))
        self.assertTrue(self.menu(self.location)["products"][0]["available"])

    def test_ids_of_what_is_away(self):
        self.rows._set(self.location, self.pizza, False)
        self.rows._set(self.location, self.large, False)
        away = self.rows._unavailable(self.location)
        self.assertEqual(away, ({self.pizza.id}, {self.large.id}, set()))

    @mute_logger("odoo.sql_db")
    def test_a_row_names_one_thing_once(self):
        refusals = {
            "nothing": ({}, CheckViolation),
            "two things": ({"product_tmpl_id": self.pizza.id, "product_id": self.small.id}, CheckViolation),
            "again": ({"product_tmpl_id": self.pizza.id}, UniqueViolation),
        }
        self.rows._set(self.location, self.pizza, False)
        for name, (values, refusal) in refusals.items():
            with self.subTest(name), self.assertRaises(refusal), self.env.cr.savepoint():
                self.rows.create({"config_id": self.location.id, **values})

    def test_no_fewer_than_no_portions(self):
        with self.assertRaises(ValidationError):
            self.rows._set(self.location, self.pizza, True, countdown=-1)
