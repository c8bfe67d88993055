"""What leaves the stock at closing: dishes, ingredients of modifiers, and what was thrown away."""

from odoo.addons.fynlo_pos_core.controllers.kitchen_shapes import SendShape
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.tests.stocked import Stocked
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestTillWaste(Stocked, TradingDay):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.inventory_valuation = "real_time"
        category = cls.env["product.category"].create(
            {"name": "Valued", "property_cost_method": "standard", "property_valuation": "real_time"}
        )
        cls.room = cls.location.picking_type_id.default_location_src_id
        cls.gouda = cls.product("Gouda", 0, cls.env["account.tax"], available_in_pos=False)
        for variant in (cls.menu.cola, cls.gouda):
            variant.product_tmpl_id.write({"is_storable": True, "categ_id": category.id, "standard_price": 0.8})
        cls.cheese = cls.extras.modifier_ids[0]
        cls.cheese.write({"ingredient_id": cls.gouda.id, "ingredient_quantity": 0.25})
        cls.env.flush_all()

    def send(self, order):
        return self.env["fynlo.order.service"]._send(self.identity(), order["id"], parse(SendShape, b"{}"))["order"]

    def trade(self):
        """Sells four colas and two pizzas with cheese; throws away two colas and such a pizza, restocks one cola."""
        manager, chosen = self.identity(self.manager), [{"modifier_id": self.cheese.fynlo_uuid}]
        order = self.send(self.place(self.line(self.menu.cola, "6"), self.line(self.menu.pizza, "3", modifiers=chosen)))
        cola, pizza = (line["id"] for line in order["lines"])
        order = self.edit(
            order,
            {"type": "void_line", "line_id": cola, "quantity": "1", "reason": "Dropped"},
            {"type": "void_line", "line_id": cola, "quantity": "1", "reason": "Unopened", "restock": True},
            {"type": "void_line", "line_id": pizza, "quantity": "1", "reason": "Burnt"},
            identity=manager,
        )
        self.pay(order, order["totals"]["due"]["amount"], complete=True)
        left = self.send(self.place(self.line(self.menu.cola)))
        self.env["fynlo.order.service"]._cancel(manager, left["id"], "Left")
        self.close(self.session()._fynlo_expected_cash_minor())

    def scraps(self):
        scraps = self.env["stock.scrap"].search([("fynlo_session_id", "=", self.session().id)])
        self.assertTrue(all(scrap.state == "done" for scrap in scraps))
        self.env.invalidate_all()
        shown = {scrap.product_id: scrap.scrap_qty for scrap in scraps}
        self.assertEqual(shown, {move.product_id: move.quantity for move in scraps.move_ids})
        return {move.product_id: move.quantity for move in scraps.move_ids}

    def test_what_was_thrown_away_is_scrapped(self):
        self.stock(self.menu.cola, 10)
        self.stock(self.gouda, 2)
        self.trade()
        self.assertEqual(self.left(self.menu.cola), 4)
        session = self.post()
        self.assertEqual(self.scraps(), {self.menu.cola: 2, self.menu.pizza: 1, self.gouda: 0.25})
        self.assertEqual((self.on_hand(self.menu.cola), self.on_hand(self.gouda)), (4, 1.25))
        self.assertEqual(self.left(self.menu.cola), 4)
        sold = {move.product_id: move.quantity for move in session.picking_ids.move_ids}
        self.assertEqual(sold, {self.menu.cola: 4, self.menu.pizza: 2, self.gouda: 0.5})

    def test_scrap_is_valued_as_odoos_own(self):
        expense = self.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", self.company.ids)], limit=1
        )
        self.env["stock.scrap"].new({"company_id": self.company.id}).scrap_location_id.valuation_account_id = expense
        self.stock(self.menu.cola, 10)
        self.trade()
        self.post()
        mine = self.env["stock.scrap"].search(
            [("fynlo_session_id", "=", self.session().id), ("product_id", "=", self.menu.cola.id)]
        )
        odoos = self.env["stock.scrap"].create(
            {"product_id": self.menu.cola.id, "scrap_qty": 2, "company_id": self.company.id}
        )
        odoos.action_validate()
        self.assertEqual(odoos.scrap_qty, mine.scrap_qty)
        self.assertEqual(odoos.move_ids.location_id, mine.move_ids.location_id)
        for name in ("value", "state", "quantity", "location_dest_id"):
            self.assertEqual(odoos.move_ids[name], mine.move_ids[name], name)
        self.assertEqual(self.entry(odoos.move_ids), self.entry(mine.move_ids))

    def entry(self, move):
        """What a stock move has booked by itself."""
        self.assertTrue(move.account_move_id)
        lines = move.account_move_id.line_ids
        return sorted((line.account_id.code, line.debit, line.credit) for line in lines)

    def test_a_crash_after_the_stock_scraps_nothing_twice(self):
        self.stock(self.menu.cola, 10)
        self.trade()
        session = self.session()
        while not session.fynlo_stock_moved:
            session._fynlo_step()
        self.post()
        self.assertEqual(self.scraps()[self.menu.cola], 2)

    def test_a_company_may_leave_the_waste_to_its_stocktaking(self):
        self.company.fynlo_scrap_waste = False
        self.stock(self.menu.cola, 10)
        self.trade()
        self.post()
        self.assertEqual((self.scraps(), self.on_hand(self.menu.cola)), ({}, 6))
