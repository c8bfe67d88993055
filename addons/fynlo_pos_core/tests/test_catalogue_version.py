"""The catalogue version moves on with every change of what a till sells, and with no other."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from .restaurant import Restaurant


@tagged("post_install", "-at_install")
class TestCatalogueVersion(Restaurant, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location = cls.open_restaurant("Soho")
        cls.company = cls.location.company_id
        cls.other = cls.open_restaurant("Bistro")
        cls.tax20 = cls.tax(cls.company, "20%", 20)
        cls.category = cls.env["pos.category"].create({"name": "Pizza"})
        cls.pizza = cls.product(
            cls.company,
            "Margherita",
            9,
            attribute_line_ids=cls.sizes({"S": 9, "L": 12}),
            pos_categ_ids=[Command.set(cls.category.ids)],
            taxes_id=[Command.set(cls.tax20.ids)],
        )
        cls.calzone = cls.product(cls.company, "Calzone", 11)
        cls.group = cls.env["fynlo.modifier.group"].create(
            {"name": "Extras", "company_id": cls.company.id, "modifier_ids": [Command.create({"name": "Cheese"})]}
        )
        cls.discount = cls.env["fynlo.discount"].create(
            {"name": "Friends", "kind": "percent", "value_bp": 1000, "company_id": cls.company.id}
        )
        cls.floor = cls.env["restaurant.floor"].create(
            {
                "name": "Ground",
                "pos_config_ids": [Command.set(cls.location.ids)],
                "table_ids": [Command.create({"table_number": 1})],
            }
        )
        cls.choice = cls.env["product.combo"].create(
            {
                "name": "Any pizza",
                "company_id": cls.company.id,
                "combo_item_ids": [Command.create({"product_id": cls.pizza.product_variant_ids[0].id})],
            }
        )
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Evening",
                "company_id": cls.company.id,
                "item_ids": [Command.create({"compute_price": "fixed", "fixed_price": 7})],
            }
        )
        cls.preset = cls.env["pos.preset"].create({"name": "Takeaway"})
        cls.position = cls.env["account.fiscal.position"].create({"name": "Takeaway", "company_id": cls.company.id})
        cls.env.cr.flush()

    def assert_moves(self, change, *, other=False):
        """``change`` moves the company on by one, and the other company too if ``other``."""
        before = self.version(self.company), self.version(self.other.company_id)
        change()
        after = self.version(self.company), self.version(self.other.company_id)
        self.assertEqual(after, (before[0] + 1, before[1] + other))

    def test_every_part_of_the_menu_moves_it_on(self):
        sizes = self.pizza.attribute_line_ids.product_template_value_ids
        changes = {
            "product name": lambda: self.pizza.write({"name": "Regina"}),
            "product price": lambda: self.pizza.write({"list_price": 10}),
            "product taxes": lambda: self.pizza.write({"taxes_id": [Command.clear()]}),
            "product archived": lambda: self.pizza.write({"active": False}),
            "product back": lambda: self.pizza.write({"active": True}),
            "product off the till": lambda: self.calzone.write({"available_in_pos": False}),
            "product allergens": lambda: self.pizza.write(
                {"fynlo_allergen_ids": [Command.set(self.env.ref("fynlo_pos_core.allergen_milk").ids)]}
            ),
            "product groups": lambda: self.pizza.write({"fynlo_modifier_group_ids": [Command.set(self.group.ids)]}),
            "new product": lambda: self.product(self.company, "Lasagne", 11),
            "variant code": lambda: self.pizza.product_variant_ids[0].write({"default_code": "MAR-S"}),
            "variant price": lambda: sizes[1].write({"price_extra": 4}),
            "size renamed": lambda: sizes[1].product_attribute_value_id.write({"name": "Large"}),
            "tax rate": lambda: self.tax20.write({"amount": 5}),
            "modifier price": lambda: self.group.modifier_ids.write({"price": 1}),
            "modifier gone": lambda: self.group.modifier_ids.unlink(),
            "group limits": lambda: self.group.write({"max_choices": 3}),
            "discount rate": lambda: self.discount.write({"value_bp": 2000}),
            "discount gone": lambda: self.discount.unlink(),
            "choice renamed": lambda: self.choice.write({"name": "A pizza"}),
            "choice price": lambda: self.choice.combo_item_ids.write({"extra_price": 1}),
            "price list": lambda: self.pricelist.item_ids.write({"fixed_price": 8}),
            "price list in use": lambda: self.location.write({"use_pricelist": True}),
            "fiscal position": lambda: self.position.write({"active": False}),
            "floor renamed": lambda: self.floor.write({"name": "First"}),
            "table seats": lambda: self.floor.table_ids.write({"seats": 8}),
            "availability": lambda: self.env["fynlo.availability"]._set(self.location, self.pizza, False),
            "rounding": lambda: self.company.write({"tax_calculation_rounding_method": "round_globally"}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.assert_moves(change)

    def test_what_no_company_owns_moves_every_company_on(self):
        shared = self.product(self.company, "Water", 2)
        changes = {
            "category": lambda: self.category.write({"name": "Pizze"}),
            "preset": lambda: self.preset.write({"fynlo_kind": "takeaway"}),
            "allergen": lambda: self.env["fynlo.allergen"].create({"code": "kiwi", "name": "Kiwi"}),
            "product becomes shared": lambda: shared.write({"company_id": False}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.assert_moves(change, other=True)

    def test_other_writes_leave_it(self):
        changes = {
            "cost": lambda: self.pizza.write({"standard_price": 3}),
            "internal note": lambda: self.pizza.write({"description": "Ask Sam"}),
            "location name": lambda: self.location.write({"name": "Soho 2"}),
            "tax description": lambda: self.tax20.write({"description": "Standard"}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                before = self.version(self.company)
                change()
                self.assertEqual(self.version(self.company), before)

    def test_a_transaction_moves_it_on_once_and_tells_each_location_once(self):
        before = self.version(self.company)
        sent = len(self.events(self.location, "menu.changed"))
        self.pizza.write({"name": "Regina"})
        self.pizza.write({"list_price": 10})
        self.group.write({"min_choices": 1, "max_choices": 2})
        self.assertEqual(self.version(self.company), before + 1)
        self.assertEqual(self.events(self.location, "menu.changed")[sent:], [{"version": before + 1}])

    def test_a_translation_moves_it_on(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assert_moves(lambda: self.pizza.update_field_translations("name", {"fr_FR": "Marguerite"}))

    def test_what_was_rolled_back_is_not_told(self):
        before = self.version(self.company)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.pizza.write({"name": "Regina"})
            raise ZeroDivisionError
        self.assertEqual(self.version(self.company), before)


@tagged("post_install", "-at_install")
class TestPublicIds(Restaurant, TransactionCase):
    def test_a_variant_has_an_id_of_its_own(self):
        company = self.open_restaurant("Soho").company_id
        pizza = self.product(company, "Margherita", 9, attribute_line_ids=self.sizes({"S": 9, "L": 12}))
        ids = [pizza.fynlo_uuid, *pizza.product_variant_ids.mapped("fynlo_uuid")]
        self.assertEqual(len(set(ids)), 3)

    def test_rows_from_before_the_addon_get_ids_of_their_own(self):
        products = self.env["product.product"].search([], limit=2)
        self.env.cr.execute("ALTER TABLE product_product ALTER COLUMN fynlo_uuid DROP NOT NULL")
        self.env.cr.execute("UPDATE product_product SET fynlo_uuid = NULL WHERE id = ANY(%s)", [products.ids])
        self.env["product.product"]._init_column("fynlo_uuid")
        products.invalidate_recordset(["fynlo_uuid"])
        self.assertEqual(len(set(products.mapped("fynlo_uuid")) - {False}), len(products))
