"""Orders of tills against changes that do not come from the order service."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..models.orders.pos_order import GIVEN
from .shop import Shop

COUNTED = ("fynlo_version", "state", "amount_total", "amount_tax", "amount_paid", "amount_return")


@tagged("post_install", "-at_install")
class TestOrderGuard(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        placed = self.place(self.line(self.menu.pizza, "2"), self.line(self.menu.cola))
        self.order = self.row(placed).with_context(**{GIVEN: False})  # not as the order service
        self.desk = self.order.with_user(self.manager.user_id)

    def figures(self):
        """All that the guard is there for."""
        self.env.flush_all()
        self.env.invalidate_all()
        order = self.order
        lines = [(line.id, line.qty, line.price_unit, line.discount, line.price_subtotal_incl) for line in order.lines]
        return [order[name] for name in COUNTED], lines, order.payment_ids.mapped("amount")

    def assertRefused(self, change):
        before = self.figures()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            change()
        self.assertEqual(self.figures(), before)

    def test_manager_may_look(self):
        self.assertEqual(self.desk.read(["amount_total"])[0]["amount_total"], 23.0)

    def test_manager_changes_no_figure(self):
        line = self.desk.lines[0]
        method = self.location.payment_method_ids[0]
        payment = {"pos_order_id": self.order.id, "amount": 23.0, "payment_method_id": method.id}
        new_line = {"order_id": self.order.id, "product_id": self.menu.cola.id, "qty": 1, "price_unit": 0}
        new_line |= {"price_subtotal": 0, "price_subtotal_incl": 0}
        for name, change in [
            ("total", lambda: self.desk.write({"amount_total": 1.0})),
            ("paid", lambda: self.desk.write({"amount_paid": 23.0})),
            ("state", lambda: self.desk.write({"state": "paid"})),
            ("cancel", lambda: self.desk.action_pos_order_cancel()),
            ("number", lambda: self.desk.write({"fynlo_number": False})),
            ("payment state", lambda: self.desk.write({"fynlo_payment_state": "paid"})),
            ("date", lambda: self.desk.write({"date_order": "2020-01-01 12:00:00"})),
            ("delete", lambda: self.desk.unlink()),
            ("lines", lambda: self.desk.write({"lines": [Command.update(line.id, {"qty": 1})]})),
            ("quantity", lambda: line.write({"qty": 1})),
            ("price", lambda: line.write({"price_unit": 0.01})),
            ("discount", lambda: line.write({"discount": 100})),
            ("modifiers", lambda: line.write({"fynlo_modifiers": []})),
            ("line away", lambda: line.unlink()),
            ("line more", lambda: line.create(new_line)),
            ("payment", lambda: self.desk.payment_ids.create(payment)),
            ("payment button", lambda: self.desk.add_payment(payment)),
        ]:
            with self.subTest(name):
                self.assertRefused(change)

    def test_context_of_a_client_opens_nothing(self):
        desk = self.desk.with_context(**{GIVEN: True})
        self.assertRefused(lambda: desk.write({"amount_total": 1.0}))
        self.assertRefused(lambda: desk.lines[0].write({"qty": 1}))
        self.assertRefused(lambda: desk.lines[0].unlink())

    def test_superuser_alone_is_not_the_service(self):
        """Odoo's own public pages work with superuser rights on values that a client sends."""
        system = self.order.sudo()
        for name, change in [
            ("total", lambda: system.write({"amount_total": 1.0})),
            ("price", lambda: system.lines[0].write({"price_unit": 0.01})),
            ("open to paid", lambda: system.write({"state": "paid"})),
            ("delete", lambda: system.unlink()),
        ]:
            with self.subTest(name):
                self.assertRefused(change)

    def test_line_of_another_order_cannot_move_in(self):
        other = self.env["pos.order"].create(
            {
                "session_id": self.order.session_id.id,
                "amount_total": 0,
                "amount_tax": 0,
                "amount_paid": 0,
                "amount_return": 0,
                "lines": [
                    Command.create(
                        {"product_id": self.menu.cola.id, "qty": 1, "price_subtotal": 0, "price_subtotal_incl": 0}
                    )
                ],
            }
        )
        desk = other.with_user(self.manager.user_id)
        desk.lines.write({"qty": 3})
        self.assertRefused(lambda: desk.lines.write({"order_id": self.order.id}))
        self.assertRefused(lambda: desk.write({"fynlo_number": "T1-000001"}))
        self.assertRefused(lambda: desk.copy({"fynlo_number": "T1-000002"}))

    def test_customer_and_closing_stay_possible(self):
        guest = self.env["res.partner"].create({"name": "Guest"})
        self.desk.write({"partner_id": guest.id})
        self.env["fynlo.order.service"]._complete(self.identity(), self.place()["id"])
        empty = self.env["pos.order"].search([("session_id", "=", self.order.session_id.id)], limit=1)
        empty.with_user(self.manager.user_id).write({"state": "done"})
        self.assertEqual(empty.state, "done")
        self.assertRefused(lambda: empty.with_user(self.manager.user_id).write({"state": "paid"}))
