"""The order board, its buttons and reviews: what a manager sees and does without a till."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from ..engine.kitchen_states import VERBS
from ..rest import Problem
from ..rest.call import Call
from ..tools.identifiers import uuid7
from .editing import Editing


class Desk(Editing):
    """A shop with an open till, seen by its manager."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.desk = cls.manager.user_id

    def setUp(self):
        super().setUp()
        self.open_till()

    def as_desk(self, document):
        return self.env["pos.order"].with_user(self.desk).search([("uuid", "=", document["id"])])

    def document(self, document):
        return self.env["fynlo.order.service"]._document(self.identity(), document["id"])

    def work(self, document, *verbs):
        """What the kitchen does to all tickets of an order."""
        call = Call(route=None, request_id="test-request")
        for ticket in self.env["fynlo.kitchen.ticket"].search([("order_id.uuid", "=", document["id"])]):
            for verb in verbs:
                self.assertIn(verb, VERBS)
                self.env["fynlo.kitchen.desk"]._work(self.identity(), ticket.fynlo_uuid, verb, call)

    def late(self, **values):
        made = (datetime.now(UTC) - timedelta(hours=20)).isoformat()
        return self.place(self.line(self.menu.cola), client_created_at=made, **values)

    def drifted(self):
        return self.place(self.line(self.menu.pizza), expected_total=self.gbp(900))


@tagged("post_install", "-at_install")
class TestOrderBoard(Desk, TransactionCase):
    def board(self, user=None, **values):
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [("config_id", "=", self.location.id), *((name, "=", value) for name, value in values.items())]
        return self.env["fynlo.order.board"].with_user(user or self.desk).search(domain)

    def stage(self, document):
        return self.board(number=document["number"]).stage

    def test_an_order_walks_over_the_board(self):
        order = self.place(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid, guests=3)
        card = self.board()
        self.assertEqual((card.stage, card.pace, card.total, card.due), ("new", "fine", 10.0, 10.0))
        self.assertEqual((card.table_number, card.guests, card.employee_id), (7, 3, self.waiter))
        card.action_send()
        self.assertEqual(self.stage(order), "sent")
        for verb, stage in [("start", "preparing"), ("ready", "ready"), ("served", "served")]:
            self.work(order, verb)
            self.assertEqual(self.stage(order), stage)
        empty = self.place()
        self.env["fynlo.order.service"]._complete(self.identity(), empty["id"])
        self.assertEqual(self.stage(empty), "paid")
        self.env["fynlo.order.service"]._cancel(self.identity(), self.place()["id"], "A mistake")
        self.assertEqual(set(self.board().mapped("number")), {order["number"], empty["number"]})

    def test_a_paid_order_stays_until_the_kitchen_has_done_with_it(self):
        order = self.place(self.line(self.menu.pizza))
        self.as_desk(order).action_fynlo_send()
        self.env.cr.execute("UPDATE pos_order SET state = 'paid' WHERE uuid = %s", (order["id"],))
        self.assertEqual((self.stage(order), self.board().due), ("sent", 0.0))

    def test_finished_orders_leave_with_their_till_and_open_ones_stay(self):
        done, left = self.place(), self.place(self.line(self.menu.pizza))
        self.env["fynlo.order.service"]._complete(self.identity(), done["id"])
        self.env["pos.session"].search([("config_id", "=", self.location.id)]).state = "closed"
        self.assertEqual(self.board().mapped("number"), [left["number"]])

    def test_every_stage_has_its_column(self):
        self.place(self.line(self.menu.pizza))
        self.env.flush_all()
        board = self.env["fynlo.order.board"].with_user(self.desk).with_context(read_group_expand=True)
        groups = board.web_read_group([], ["stage"], ["__count"])["groups"]
        self.assertEqual([group["stage"] for group in groups], ["new", "sent", "preparing", "ready", "served", "paid"])

    def test_the_clock_turns_yellow_then_red_by_the_limits_of_the_location(self):
        order = self.place(self.line(self.menu.pizza))
        self.location.write({"fynlo_slow_minutes": 5, "fynlo_late_minutes": 9})
        for minutes, pace in [(4, "fine"), (6, "slow"), (10, "late")]:
            self.env.cr.execute(
                "UPDATE pos_order SET date_order = now() AT TIME ZONE 'UTC' - %s * interval '1 minute' WHERE uuid = %s",
                (minutes, order["id"]),
            )
            self.assertEqual(self.board().pace, pace)

    @mute_logger("odoo.sql_db")
    def test_limits_come_one_after_the_other(self):
        for values in ({"fynlo_slow_minutes": 0}, {"fynlo_slow_minutes": 40}, {"fynlo_late_minutes": 10}):
            with self.subTest(values), self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.location.write(values)
                self.env.flush_all()

    def test_badges(self):
        self.drifted()
        self.late()
        drifted, late = self.board(drifted=True), self.board(arrived_late=True)
        self.assertEqual((len(drifted), len(late), drifted & late), (1, 1, self.env["fynlo.order.board"]))
        self.as_desk({"id": drifted.order_id.uuid})._fynlo_review("")
        self.assertFalse(self.board(drifted=True))

    def test_a_card_opens_its_order(self):
        order = self.place(self.line(self.menu.pizza))
        action = self.board().action_open()
        self.assertEqual((action["res_model"], action["res_id"]), ("pos.order", self.as_desk(order).id))

    def test_others_see_nothing_of_it(self):
        self.place(self.line(self.menu.pizza))
        self.late()
        self.env.flush_all()
        elsewhere = self.env["pos.config"].create({"name": "Next door", "payment_method_ids": []})
        neighbour = self.hire("Nora", "manager")
        neighbour.fynlo_location_ids = elsewhere
        stranger = self.env["hr.employee"]._fynlo_hire(
            {"name": "Stan", "role": "manager", "company_id": self.env["res.company"].create({"name": uuid7()}).id}
        )
        self.as_desk(self.drifted())._fynlo_review("Old menu")
        for person in (neighbour, stranger):
            for model in ("fynlo.order.board", "fynlo.order.review", "fynlo.over.short", "pos.order"):
                with self.subTest(f"{person.name} {model}"):
                    env = self.env(user=person.user_id, context={"allowed_company_ids": person.company_id.ids})
                    self.assertFalse(env[model].search([("company_id", "=", self.company.id)]))
        for role in ("supervisor", "cashier", "server", "kitchen"):
            for model in ("fynlo.order.board", "fynlo.order.review", "fynlo.over.short", "fynlo.review.wizard"):
                with self.subTest(f"{role} {model}"), self.assertRaises(AccessError):
                    self.env[model].with_user(self.hire(role, role).user_id).search([])

    def test_nobody_writes_to_it(self):
        self.place(self.line(self.menu.pizza))
        with self.assertRaises(AccessError):
            self.board().write({"stage": "paid"})
        with self.assertRaises(AccessError):
            self.env["fynlo.order.board"].with_user(self.desk).create({"number": "T1-1"})


@tagged("post_install", "-at_install")
class TestOrderButtons(Desk, TransactionCase):
    def refused(self, change):
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            change()
        return caught.exception.code

    def test_cancelling_asks_for_a_reason(self):
        order = self.place(self.line(self.menu.pizza))
        action = self.as_desk(order).action_fynlo_cancel()
        window = Form(self.env[action["res_model"]].with_user(self.desk).with_context(**action["context"]))
        window.reason = " The guests left "
        window.save().action_cancel_order()
        self.assertEqual(self.document(order)["state"], "cancelled")
        self.env.cr.precommit.run()
        entry = self.env["fynlo.audit.log"].search([("action", "=", "order.cancelled")], limit=1)
        self.assertEqual((entry.reason, entry.resource_id), ("The guests left", order["id"]))
        self.assertEqual(self.events("orders", "order.cancelled")[-1]["id"], order["id"])

    def test_illegal_steps_are_refused(self):
        order = self.place(self.line(self.menu.pizza))
        desk = self.as_desk(order)
        self.assertEqual(self.refused(desk.action_fynlo_complete), "amount_due")
        desk._fynlo_cancel("A mistake")
        self.assertEqual(self.refused(lambda: desk._fynlo_cancel("Again")), "illegal_transition")
        self.assertEqual(self.refused(desk.action_fynlo_complete), "illegal_transition")
        self.assertEqual(self.refused(desk.action_fynlo_send), "order_closed")

    def test_the_permission_map_holds_for_buttons_too(self):
        order = self.place(self.line(self.menu.pizza))
        with self.patched_permissions("order.read"):
            self.assertEqual(self.refused(lambda: self.as_desk(order)._fynlo_cancel("No")), "permission_denied")
            self.assertEqual(self.refused(lambda: self.as_desk(self.late())._fynlo_review("")), "permission_denied")
        self.assertEqual(self.document(order)["state"], "open")

    def patched_permissions(self, *codes):
        access = self.env.registry["fynlo.access"]
        return patch.object(access, "_permissions_of", lambda *_args: frozenset(codes))

    def test_only_staff_acts(self):
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.refused(self.row(order).action_fynlo_send), "permission_denied")
        outsider = self.env["hr.employee"]._fynlo_hire(
            {"name": "Otto", "role": "owner", "company_id": self.env["res.company"].create({"name": uuid7()}).id}
        )
        with self.assertRaises(AccessError):
            self.row(order).with_user(outsider.user_id).action_fynlo_send()


@tagged("post_install", "-at_install")
class TestReviews(Desk, TransactionCase):
    def waiting(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["pos.order"].with_user(self.desk).search([("fynlo_review_state", "=", "waiting")])

    def test_a_manager_reviews_many_at_once(self):
        plain, drifted, late = self.place(self.line(self.menu.pizza)), self.drifted(), self.late()
        orders = self.waiting()
        self.assertEqual(set(orders.mapped("uuid")), {drifted["id"], late["id"]})
        self.assertEqual(orders.mapped("fynlo_late_text"), ["20 hours late", False])
        action = (orders | self.as_desk(plain)).action_fynlo_review()
        window = Form(self.env[action["res_model"]].with_user(self.desk).with_context(**action["context"]))
        window.note = "The Wi-Fi was down"
        window.save().action_review()
        self.assertFalse(self.waiting())
        self.assertEqual(set(orders.mapped("fynlo_review_state")), {"done"})
        self.assertEqual(self.as_desk(plain).fynlo_review_state, "none")
        self.assertIn("The Wi-Fi was down", orders[0].fynlo_review_text)
        self.assertIn(self.manager.name, orders[0].fynlo_review_text)
        self.env.cr.precommit.run()
        entries = self.env["fynlo.audit.log"].search([("action", "=", "order.reviewed")], limit=2)
        self.assertEqual(set(entries.mapped("resource_id")), {drifted["id"], late["id"]})

    def test_an_order_is_reviewed_once_and_stays_as_it_was(self):
        order = self.as_desk(self.drifted())
        before = order.read(["write_date", "fynlo_version", "fynlo_price_drift"])
        self.assertEqual(order._fynlo_review("First"), order)
        self.assertFalse(order._fynlo_review("Second"))
        self.assertEqual(order.fynlo_review_ids.note, "First")
        self.assertEqual(order.read(["write_date", "fynlo_version", "fynlo_price_drift"]), before)
        with self.assertRaises(AccessError):
            order.fynlo_review_ids.write({"note": "Third"})
        with self.assertRaises(UserError):
            order.fynlo_review_ids.sudo().unlink()

    def test_what_waits_is_counted(self):
        attention = self.env["fynlo.attention"].with_user(self.desk)
        self.assertEqual(attention.what_waits(), [])
        self.drifted()
        self.late()
        self.env.flush_all()
        (thing,) = attention.what_waits()
        self.assertEqual((thing["count"], thing["action"]), (2, "fynlo_pos_core.action_reviews"))
        self.env["pos.session"].search([("config_id", "=", self.location.id)]).fynlo_posting_error = "No account"
        self.env.flush_all()
        self.assertEqual([thing["count"] for thing in attention.what_waits()], [2, 1])
        self.assertEqual(self.env["fynlo.attention"].with_user(self.cashier.user_id).what_waits(), [])

    def test_the_form_tells_what_was_taken_off(self):
        order = self.place(self.line(self.menu.pizza, "2"), self.line(self.menu.cola))
        pizza, cola = order["lines"]
        self.edit(
            order,
            {"type": "void_line", "line_id": pizza["id"], "quantity": "1", "reason": "dropped"},
            {"type": "comp_line", "line_id": cola["id"], "reason": "long wait"},
            {"type": "apply_discount", "discount": {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}},
            identity=self.identity(self.manager),
        )
        form = Form(self.as_desk(order), view="fynlo_pos_core.order_form")
        self.assertIn("Comp −£\N{NO-BREAK SPACE}3.00 on Cola (long wait)", form.fynlo_discount_text)
        self.assertIn("Ten percent −£\N{NO-BREAK SPACE}1.00", form.fynlo_discount_text)
        voided = self.as_desk(order).lines.filtered(lambda line: line.fynlo_state == "voided")
        self.assertEqual(voided.fynlo_void_text, f"1 by {self.manager.name}: dropped")
