"""Stock: what a location has left, what happens at nothing, and who hears of it."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..controllers.catalogue.menu import StockListView
from ..controllers.order_shapes import OrderView
from ..rest import Problem
from ..tools.clock import wire
from .stocked import Stocked


@tagged("post_install", "-at_install")
class TestStock(Stocked, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_stocked_shop()

    def setUp(self):
        super().setUp()
        self.open_till()

    # --- what is left --------------------------------------------------------------------

    def test_sales_of_open_tills_are_subtracted(self):
        self.stock(self.menu.cola, 10)
        order = self.place(self.line(self.menu.cola, "3"), self.line(self.menu.pizza))
        self.assertEqual(self.left(self.menu.cola), 7)
        self.edit(order, {"type": "void_line", "line_id": order["lines"][0]["id"], "quantity": "1", "reason": "No"})
        self.assertEqual(self.left(self.menu.cola), 8)
        self.env["fynlo.order.service"]._cancel(self.identity(self.manager), order["id"], "Left")
        self.assertEqual(self.left(self.menu.cola), 10)
        self.assertIsNone(self.left(self.menu.pizza), "a product that is not kept in stock has no number")

    def test_the_sheet_is_as_documented(self):
        self.stock(self.menu.cola, 2.5)
        self.env["fynlo.availability"]._set(self.location, self.menu.pizza, True, countdown=4)
        self.env.cr.flush()
        view = StockListView.model_validate({"items": self.sheet(), "next_cursor": None})
        self.assertEqual(
            [(str(row.variant_id), row.stock) for row in view.items],
            [(self.menu.pizza.fynlo_uuid, 4), (self.menu.cola.fynlo_uuid, 2)],
        )

    def test_what_another_warehouse_has_is_not_this_locations(self):
        elsewhere = self.env["stock.warehouse"].create({"name": "Depot", "code": "DPT", "company_id": self.company.id})
        self.env["stock.quant"].sudo()._update_available_quantity(self.menu.cola, elsewhere.lot_stock_id, 50)
        self.stock(self.menu.cola, 1)
        self.assertEqual(self.left(self.menu.cola), 1)

    def test_a_modifier_takes_its_ingredient(self):
        cheese = self.extras.modifier_ids[0]
        gouda = self.product("Gouda", 0, self.env["account.tax"], is_storable=True, available_in_pos=False)
        cheese.write({"ingredient_id": gouda.id, "ingredient_quantity": 0.05})
        self.stock(gouda, 1)
        chosen = [{"modifier_id": cheese.fynlo_uuid, "quantity": 2}]
        self.place(self.line(self.menu.pizza, "3", modifiers=chosen))
        takers = self.env["fynlo.recipe"]._takers(self.location, [])
        left = self.env["fynlo.stock.room"]._left(self.room.id, takers, [gouda.id])
        self.assertEqual(f"{left[gouda.id]:f}".rstrip("0"), "0.7")

    # --- at nothing ----------------------------------------------------------------------

    def test_by_default_a_restaurant_sells_what_it_sees(self):
        order = self.place(self.line(self.menu.cola, "3"))
        self.assertEqual(order["shortages"], [])

    def test_a_sale_below_nothing_is_marked(self):
        self.decide("warn")
        self.stock(self.menu.cola, 2)
        order = self.place(self.line(self.menu.cola, "2"))
        self.assertEqual(order["shortages"], [])
        order = self.edit(order, {"type": "add_line", "line": self.line(self.menu.cola)})
        OrderView.model_validate(order)
        self.assertEqual([(s["name"], s["missing"]) for s in order["shortages"]], [("Cola", "1")])
        self.assertEqual(self.events("orders", "order.updated")[-1]["shortages"], order["shortages"])

    def test_a_sale_below_nothing_is_refused(self):
        self.decide("refuse")
        self.stock(self.menu.cola, 2)
        order = self.place(self.line(self.menu.cola), self.line(self.menu.pizza))
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.cola, "2"))
        self.assertEqual((refused.exception.code, refused.exception.members["left"]), ("item_unavailable", 1))
        line = order["lines"][0]["id"]
        code = self.refused(order, {"type": "change_quantity", "line_id": line, "delta": "2"})
        self.assertEqual(code, "item_unavailable")
        self.edit(order, {"type": "change_quantity", "line_id": line, "delta": "1"})
        self.assertEqual(self.left(self.menu.cola), 0)

    def test_a_location_decides_for_itself(self):
        self.decide("refuse", "allow")
        self.place(self.line(self.menu.cola, "3"))
        self.decide("allow", "refuse")
        with self.assertRaises(Problem):
            self.place(self.line(self.menu.cola))

    def test_late_orders_are_taken_whatever_is_left(self):
        self.decide("refuse")
        made_at = self.env.cr.now() - timedelta(hours=3)
        order = self.place(self.line(self.menu.cola, "2"), client_created_at=wire(made_at))
        self.assertEqual([s["missing"] for s in order["shortages"]], ["2"])

    def test_checking_stock_takes_two_statements_more(self):
        self.decide("refuse")
        self.stock(self.menu.cola, 50)
        self.place(self.line(self.menu.cola))
        identity = self.identity()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            self.place(self.line(self.menu.cola), identity=identity)

    # --- ingredients that have run out ---------------------------------------------------

    def test_a_modifier_without_its_ingredient_is_not_available(self):
        cheese = self.extras.modifier_ids[0]
        gouda = self.product("Gouda", 0, self.env["account.tax"], is_storable=True, available_in_pos=False)
        cheese.write({"ingredient_id": gouda.id, "ingredient_quantity": 0.05})
        self.env["fynlo.availability"]._set(self.location, gouda, False)
        self.env.cr.flush()
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.pizza, modifiers=[{"modifier_id": cheese.fynlo_uuid}]))
        self.assertEqual(refused.exception.code, "item_unavailable")
        self.place(self.line(self.menu.pizza))

    # --- running low ---------------------------------------------------------------------

    def watch(self):
        self.env["fynlo.stock.level"]._watch(self.location)
        self.env.cr.flush()
        return self.env["fynlo.stock.level"].search([("config_id", "=", self.location.id)])

    def lows(self):
        return [(event["name"], event["low"], event["left"]) for event in self.events("menu", "stock.low")]

    def test_low_stock_is_told_once_until_it_is_filled_up(self):
        self.menu.cola.product_tmpl_id.fynlo_low_at = 3
        self.stock(self.menu.cola, 5)
        self.assertFalse(self.watch().is_low)
        self.place(self.line(self.menu.cola, "2"))
        level = self.watch()
        self.assertEqual((level.is_low, level.left, level.threshold), (True, 3, 3))
        self.assertEqual(self.lows(), [("Cola", True, "3")])
        self.place(self.line(self.menu.cola))
        self.watch()
        self.assertEqual(len(self.lows()), 1)
        self.stock(self.menu.cola, 20)
        self.assertFalse(self.watch().is_low)
        self.assertEqual(self.lows()[-1], ("Cola", False, "17"))
        self.place(self.line(self.menu.cola, "15"))
        self.assertTrue(self.watch().is_low)

    def test_the_closest_threshold_counts(self):
        rules = self.env["stock.warehouse.orderpoint"]
        rules.create(
            {
                "product_id": self.menu.cola.id,
                "location_id": self.room.id,
                "product_min_qty": 6,
                "product_max_qty": 9,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self.watch().threshold, 6)
        self.menu.cola.product_tmpl_id.fynlo_low_at = 3
        self.assertEqual(self.watch().threshold, 3)
        self.watch().low_at = 2
        self.assertEqual(self.watch().threshold, 2)

    def test_nobody_watches_by_default(self):
        self.assertFalse(self.watch())

    def test_levels_are_for_managers_of_the_company(self):
        self.menu.cola.product_tmpl_id.fynlo_low_at = 3
        level = self.watch()
        with self.assertRaises(AccessError):
            level.with_user(self.waiter.user_id).read(["left"])
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.env["hr.employee"]._fynlo_hire(
            {"name": "Max", "company_id": other.id, "role": "manager", "pin": "2468"}
        )
        with self.assertRaises(AccessError):
            level.with_user(stranger.user_id).read(["left"])
        self.assertEqual(level.with_user(self.manager.user_id).read(["left"])[0]["left"], 0)
