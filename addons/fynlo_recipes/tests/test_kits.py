"""Dishes made of ingredients: what is left of them, when they are off the menu, what closing takes from stock."""

import json

from odoo import Command
from odoo.addons.fynlo_payments.tests.trading_day import TradingDay
from odoo.addons.fynlo_pos_core.controllers.kitchen_shapes import SendShape
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.tests.common import forget_menus
from odoo.addons.fynlo_pos_core.tests.stocked import Stocked
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestKits(Stocked, TradingDay):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.inventory_valuation = "real_time"
        cls.room = cls.location.picking_type_id.default_location_src_id
        cls.valued = cls.env["product.category"].create(
            {"name": "Valued", "property_cost_method": "average", "property_valuation": "real_time"}
        )
        cls.kilo, cls.gram = cls.env.ref("uom.product_uom_kgm"), cls.env.ref("uom.product_uom_gram")
        cls.dough, cls.gouda = cls.ingredient("Dough", 0.5), cls.ingredient("Gouda", 8, uom_id=cls.kilo.id)
        cls.base = cls.ingredient("Base", 0, is_storable=False)
        cls.kit(cls.base, (cls.dough, 1, cls.dough.uom_id))
        cls.recipe = cls.kit(cls.menu.pizza, (cls.base, 1, cls.base.uom_id), (cls.gouda, 125, cls.gram))
        cls.env.flush_all()

    @classmethod
    def ingredient(cls, name, cost, **values):
        values = {"is_storable": True, "categ_id": cls.valued.id, **values}
        return cls.product(name, 0, cls.env["account.tax"], available_in_pos=False, standard_price=cost, **values)

    @classmethod
    def kit(cls, dish, *parts):
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": dish.product_tmpl_id.id,
                "product_qty": 1,
                "type": "phantom",
                "company_id": cls.company.id,
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": amount, "product_uom_id": unit.id})
                    for part, amount, unit in parts
                ],
            }
        )

    def setUp(self):
        super().setUp()
        forget_menus()

    def menu_pizza(self):
        version = self.identity().catalogue_version
        prepared = self.env["fynlo.menu"]._prepared(self.location.id, self.location.fynlo_uuid, version)
        products = {product["name"]: product for product in json.loads(prepared.raw)["products"]}
        return products["Margherita"]

    def set_available(self, thing, available):
        self.env["fynlo.availability"]._set(self.location, thing, available)
        self.env.cr.flush()

    # --- what is left --------------------------------------------------------------------

    def test_there_are_as_many_dishes_as_the_scarcest_ingredient_allows(self):
        self.stock(self.dough, 10)
        self.stock(self.gouda, 0.8)
        self.assertEqual(self.left(self.menu.pizza), 6)
        self.place(self.line(self.menu.pizza, "2"))
        self.assertEqual(self.left(self.menu.pizza), 4)
        self.stock(self.dough, 3)
        self.assertEqual(self.left(self.menu.pizza), 1)

    def test_another_recipe_counts_at_once(self):
        self.stock(self.dough, 10)
        self.stock(self.gouda, 1)
        self.assertEqual((self.left(self.menu.pizza), self.menu_pizza()["variants"][0]["stock"]), (8, 8))
        self.recipe.bom_line_ids.filtered(lambda line: line.product_id == self.gouda).product_qty = 250
        self.env.cr.flush()
        self.assertEqual((self.left(self.menu.pizza), self.menu_pizza()["variants"][0]["stock"]), (4, 4))

    def test_too_few_ingredients_refuse_the_dish(self):
        self.decide("refuse")
        self.stock(self.dough, 10)
        self.stock(self.gouda, 0.25)
        order = self.place(self.line(self.menu.pizza))
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.pizza, "2"))
        self.assertEqual(
            (refused.exception.code, refused.exception.members["variant_id"]),
            ("item_unavailable", self.gouda.fynlo_uuid),
        )
        line = order["lines"][0]["id"]
        self.edit(order, {"type": "change_quantity", "line_id": line, "delta": "1"})

    # --- ingredients that have run out ---------------------------------------------------

    def test_without_an_ingredient_every_dish_of_it_is_off(self):
        self.assertTrue(self.menu_pizza()["available"])
        self.set_available(self.dough.product_tmpl_id, False)
        self.assertFalse(self.menu_pizza()["available"])
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.pizza))
        self.assertEqual(refused.exception.code, "item_unavailable")
        self.set_available(self.dough.product_tmpl_id, True)
        self.assertTrue(self.menu_pizza()["available"])
        self.place(self.line(self.menu.pizza))

    # --- closing -------------------------------------------------------------------------

    def trade(self):
        self.stock(self.dough, 10)
        self.stock(self.gouda, 2)
        order = self.place(self.line(self.menu.pizza, "3"), self.line(self.menu.cola))
        self.env["fynlo.order.service"]._send(self.identity(), order["id"], parse(SendShape, b"{}"))
        void = {"type": "void_line", "line_id": order["lines"][0]["id"], "quantity": "1", "reason": "Burnt"}
        order = self.edit(order, void, identity=self.identity(self.manager))
        self.pay(order, order["totals"]["due"]["amount"], complete=True)
        self.close(self.session()._fynlo_expected_cash_minor())

    def books(self, session):
        moves = {(move.product_id.name, move.quantity, move.state, move.value) for move in session.picking_ids.move_ids}
        entries = {(line.account_id.code, line.debit, line.credit) for line in session.move_id.line_ids}
        costs = {(line.uuid, line.total_cost) for line in session.order_ids.lines}
        return moves, entries, costs

    def test_closing_takes_the_ingredients_as_odoos_own_closing_does(self):
        self.trade()
        savepoint = self.env.cr.savepoint()
        session = self.session().sudo().with_company(self.company)
        self.assertEqual(session.close_session_from_ui(), {"successful": True})
        odoos = self.books(session)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.assertEqual(self.books(self.post()), odoos)
        self.assertEqual({move[:2] for move in odoos[0]}, {("Dough", 2), ("Gouda", 250), ("Cola", 1)})

    def test_a_dish_that_was_thrown_away_takes_its_ingredients(self):
        self.trade()
        session = self.post()
        scraps = self.env["stock.scrap"].search([("fynlo_session_id", "=", session.id)])
        moved = {move.product_id: move.quantity for move in scraps.move_ids}
        self.assertEqual(moved, {self.dough: 1, self.gouda: 0.125})
        self.assertEqual((self.on_hand(self.dough), self.on_hand(self.gouda)), (7, 1.625))
        self.assertEqual(self.left(self.menu.pizza), 7)
