"""Countdowns: what orders take of what a manager has counted."""

from datetime import timedelta

from odoo.tests import TransactionCase, tagged

from ..controllers.kitchen_shapes import SendShape
from ..controllers.order_shapes import OrderView
from ..rest import Problem
from ..rest.payload import parse
from ..tools.clock import wire
from ..tools.identifiers import uuid7
from .editing import Editing


@tagged("post_install", "-at_install")
class TestCountdowns(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.rows = cls.env["fynlo.availability"]

    def setUp(self):
        super().setUp()
        self.open_till()

    def count(self, thing, portions):
        row = self.rows._set(self.location, thing, True, countdown=portions)
        self.env.cr.flush()
        return row

    def version(self):
        return self.env["fynlo.catalogue"].search([("company_id", "=", self.company.id)]).version

    def send(self, order):
        sent = self.env["fynlo.order.service"]._send(self.identity(), order["id"], parse(SendShape, b"{}"))
        self.env.cr.flush()
        return sent["order"]

    def long_ago(self, hours=2):
        return wire(self.env.cr.now() - timedelta(hours=hours))

    def cancel(self, order):
        self.env["fynlo.order.service"]._cancel(self.identity(self.manager), order["id"], "Mistake")
        self.env.cr.flush()

    def reopen(self, order):
        reopened = self.env["fynlo.order.service"]._reopen(self.identity(self.manager), order["id"], "Not a mistake")
        self.env.cr.flush()
        return reopened

    # --- taking --------------------------------------------------------------------------

    def test_a_reopened_order_takes_its_portions_again(self):
        row = self.count(self.menu.cola, 3)
        order = self.place(self.line(self.menu.cola, "2"))
        self.cancel(order)
        self.assertEqual(row.countdown, 3)
        self.assertEqual(self.reopen(order)["state"], "open")
        self.assertEqual(row.countdown, 1)

    def test_an_order_is_not_reopened_once_its_portions_are_sold(self):
        row = self.count(self.menu.cola, 2)
        order = self.place(self.line(self.menu.cola, "2"))
        self.cancel(order)
        self.place(self.line(self.menu.cola))
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            self.reopen(order)
        self.assertEqual((caught.exception.code, caught.exception.members["left"]), ("item_unavailable", 1))
        self.env.invalidate_all()
        self.assertEqual((self.row(order).state, row.countdown), ("cancel", 1))

    def test_an_order_takes_portions_when_it_is_made(self):
        row, version = self.count(self.menu.pizza, 5), self.version()
        order = self.place(self.line(self.menu.pizza, "2"), self.line(self.menu.cola))
        self.assertEqual((row.countdown, row.available, order["shortages"]), (3, True, []))
        (event,) = [e for e in self.events("menu", "product.availability_changed") if e["stock"] == 3]
        self.assertEqual(event, row._api_values())
        self.assertEqual(self.version(), version, "a number alone makes no new menu")

    def test_the_last_portion_takes_it_off_the_menu(self):
        row, version = self.count(self.menu.pizza.product_tmpl_id, 2), self.version()
        self.place(self.line(self.menu.pizza, "2"))
        self.assertEqual((row.countdown, row.available), (0, False))
        self.assertGreater(self.version(), version)
        event = self.events("menu", "product.availability_changed")[-1]
        self.assertEqual((event["available"], event["stock"]), (False, 0))
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.pizza))
        self.assertEqual(refused.exception.code, "item_unavailable")

    def test_more_than_there_is_is_refused_whole(self):
        row = self.count(self.menu.pizza, 2)
        with self.assertRaises(Problem) as refused:
            self.place(self.line(self.menu.pizza), self.line(self.menu.pizza, "2"))
        problem = refused.exception
        self.assertEqual((problem.code, problem.members["left"]), ("item_unavailable", 2))
        self.assertEqual(problem.members["variant_id"], self.menu.pizza.fynlo_uuid)
        self.assertEqual(row.countdown, 2)

    def test_a_part_of_a_combo_counts_and_half_a_portion_is_one(self):
        row = self.count(self.menu.cola, 4)
        pizza, drink = self.menu.combo.combo_ids
        parts = [
            {"choice_id": pizza.fynlo_uuid, "variant_id": self.menu.pizza.fynlo_uuid},
            {"choice_id": drink.fynlo_uuid, "variant_id": self.menu.cola.fynlo_uuid},
        ]
        self.place(self.line(self.menu.combo, "2", combo=parts))
        self.assertEqual(row.countdown, 2)
        self.place(self.line(self.menu.cola, "0.5"))
        self.assertEqual(row.countdown, 1)

    def test_a_modifier_counts_each_time_it_is_chosen(self):
        cheese = self.extras.modifier_ids[0]
        row = self.count(cheese, 3)
        chosen = [{"modifier_id": cheese.fynlo_uuid}]
        order = self.place(self.line(self.menu.pizza, "2", modifiers=chosen))
        self.assertEqual(row.countdown, 1)
        line = order["lines"][0]["id"]
        two = [{"modifier_id": cheese.fynlo_uuid, "quantity": 2}]
        code = self.refused(order, {"type": "set_modifiers", "line_id": line, "modifiers": two})
        self.assertEqual(code, "item_unavailable")
        self.edit(order, {"type": "set_modifiers", "line_id": line, "modifiers": []})
        self.assertEqual(row.countdown, 3)

    def test_halves_take_half_a_portion_each(self):
        (self.menu.pizza | self.menu.cookie).product_tmpl_id.fynlo_halves = True
        pizza, cookie = self.count(self.menu.pizza, 5), self.count(self.menu.cookie, 5)
        halves = [self.menu.pizza.fynlo_uuid, self.menu.cookie.fynlo_uuid]
        self.place(self.line(self.menu.pizza, "4", halves=halves))
        self.assertEqual((pizza.countdown, cookie.countdown), (3, 3))

    # --- edits ---------------------------------------------------------------------------

    def test_edits_take_and_give_back_what_they_change(self):
        row = self.count(self.menu.pizza, 5)
        order = self.place(self.line(self.menu.pizza))
        line = order["lines"][0]["id"]
        order = self.edit(
            order,
            {"type": "change_quantity", "line_id": line, "delta": "2"},
            {"type": "add_line", "line": self.line(self.menu.pizza)},
        )
        self.assertEqual(row.countdown, 1)
        code = self.refused(order, {"type": "change_quantity", "line_id": line, "delta": "2"})
        self.assertEqual((code, row.countdown), ("item_unavailable", 1))
        order = self.edit(order, {"type": "void_line", "line_id": line, "quantity": "2", "reason": "Wrong"})
        self.assertEqual(row.countdown, 3)
        self.edit(order, {"type": "void_line", "line_id": line, "reason": "Wrong"})
        self.assertEqual(row.countdown, 4)

    def test_one_refused_operation_leaves_the_others(self):
        row = self.count(self.menu.pizza, 2)
        order = self.place(self.line(self.menu.cola))
        edited = self.operate(
            order,
            {"type": "add_line", "line": self.line(self.menu.pizza, "3")},
            {"type": "add_line", "line": self.line(self.menu.pizza, "2")},
            {"type": "add_line", "line": self.line(self.menu.pizza)},
        )
        results = [(result["result"], result["code"]) for result in edited["results"]]
        self.assertEqual(
            results, [("rejected", "item_unavailable"), ("applied", None), ("rejected", "item_unavailable")]
        )
        self.assertEqual((row.countdown, len(edited["order"]["lines"])), (0, 2))

    def test_the_same_operation_again_takes_nothing(self):
        row = self.count(self.menu.pizza, 5)
        order = self.place(self.line(self.menu.cola))
        op = {"op_id": uuid7(), "type": "add_line", "line": self.line(self.menu.pizza)}
        self.operate(order, op)
        again = self.operate(order, op)
        self.assertEqual((again["results"][0]["result"], row.countdown), ("replayed", 4))

    def test_what_the_kitchen_has_is_given_back_only_if_it_can_be_sold_again(self):
        row = self.count(self.menu.pizza, 5)
        order = self.place(self.line(self.menu.pizza, "3"))
        line, identity = order["lines"][0]["id"], self.identity(self.manager)
        order = self.send(order)
        void = {"type": "void_line", "line_id": line, "quantity": "1", "reason": "Dropped"}
        order = self.edit(order, void, identity=identity)
        self.assertEqual((row.countdown, order["lines"][1]["wasted"]), (2, "1"))
        order = self.edit(order, {**void, "restock": True}, identity=identity)
        self.assertEqual((row.countdown, order["lines"][2]["wasted"]), (3, "0"))
        OrderView.model_validate(order)

    def test_a_cancelled_order_gives_back_what_the_kitchen_does_not_have(self):
        row = self.count(self.menu.pizza, 9)
        order = self.send(self.place(self.line(self.menu.pizza, "3")))
        order = self.edit(order, {"type": "add_line", "line": self.line(self.menu.pizza, "2")})
        self.assertEqual(row.countdown, 4)
        self.env["fynlo.order.service"]._cancel(self.identity(self.manager), order["id"], "Left")
        self.assertEqual(row.countdown, 6)
        self.assertEqual(self.row(order).lines.mapped("fynlo_wasted"), [3.0, 0.0])

    def test_a_portion_given_back_puts_it_on_the_menu_again(self):
        row = self.count(self.menu.pizza, 1)
        order = self.place(self.line(self.menu.pizza))
        self.assertFalse(row.available)
        self.edit(order, {"type": "void_line", "line_id": order["lines"][0]["id"], "reason": "Wrong"})
        self.assertEqual((row.available, row.countdown), (True, 1))

    def test_what_a_person_took_off_stays_off(self):
        row = self.count(self.menu.pizza, 3)
        order = self.place(self.line(self.menu.pizza))
        row.available = False
        self.env.cr.flush()
        self.edit(order, {"type": "void_line", "line_id": order["lines"][0]["id"], "reason": "Wrong"})
        self.assertEqual((row.available, row.countdown), (False, 3))

    # --- late orders ---------------------------------------------------------------------

    def test_a_late_order_is_taken_beyond_zero_and_marked(self):
        row = self.count(self.menu.pizza, 1)
        late = self.place(self.line(self.menu.pizza, "3"), client_created_at=self.long_ago())
        self.assertEqual((row.countdown, row.oversold, row.available), (0, 2, False))
        (shortage,) = late["shortages"]
        self.assertEqual((shortage["name"], shortage["missing"]), ("Margherita", "2"))
        OrderView.model_validate(late)
        order = self.edit(
            late, {"type": "void_line", "line_id": late["lines"][0]["id"], "quantity": "2", "reason": "Wrong"}
        )
        self.assertEqual((row.countdown, row.oversold, row.available, order["shortages"]), (0, 0, False, []))

    def test_a_late_edit_is_taken_too(self):
        row = self.count(self.menu.pizza, 1)
        order = self.place(self.line(self.menu.cola))
        late = {"type": "add_line", "line": self.line(self.menu.pizza, "2"), "client_created_at": self.long_ago()}
        order = self.edit(order, late)
        self.assertEqual((row.countdown, row.oversold, len(order["shortages"])), (0, 1, 1))
        self.assertEqual(self.env["fynlo.order.service"]._document(self.identity(), order["id"]), order)

    def test_a_late_order_of_what_has_run_out_is_taken(self):
        self.rows._set(self.location, self.menu.pizza, False)
        self.env.cr.flush()
        order = self.place(self.line(self.menu.pizza), client_created_at=self.long_ago())
        self.assertTrue(order["late_arrival"])

    def test_a_new_count_starts_afresh(self):
        row = self.count(self.menu.pizza, 1)
        self.place(self.line(self.menu.pizza, "3"), client_created_at=self.long_ago())
        self.assertEqual(self.count(self.menu.pizza, 4), row)
        self.assertEqual((row.countdown, row.oversold, row.available), (4, 0, True))

    # --- cost ----------------------------------------------------------------------------

    def test_counting_takes_two_statements_more(self):
        self.count(self.menu.pizza, 50)
        self.place(self.line(self.menu.pizza))
        identity = self.identity()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            self.place(self.line(self.menu.pizza), self.line(self.menu.cola), identity=identity)
            self.env.flush_all()
