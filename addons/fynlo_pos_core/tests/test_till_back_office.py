"""The back office's till session: its report, counts and movements, as a manager sees them."""

from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, tagged

from ..controllers.till_sessions import CashMovementShape
from ..rest.call import Call
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestTillBackOffice(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)
        body = {"id": uuid7(), "kind": "drop", "amount": self.gbp(2500), "reason": "Too much in it"}
        wish = parse(CashMovementShape, to_json(body))
        self.env["fynlo.till.session.service"]._move_cash(self.identity(self.cashier), self.till["id"], wish)
        self.env.flush_all()

    def session(self, employee):
        session = self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])
        return session.with_user(employee.user_id)

    def form(self):
        return Form(self.session(self.manager), view="fynlo_pos_core.till_session_form")

    def test_a_manager_sees_the_day(self):
        form = self.form()
        self.assertIn("X report", form.fynlo_report_html)
        self.assertIn("Drop to the safe", form.fynlo_report_html)
        self.close_till(self.till["id"], 7400, Call(route=None, request_id="test-request"))
        self.env.flush_all()
        self.env.invalidate_all()
        form = self.form()
        self.assertIn("Z report 1", form.fynlo_report_html)
        self.assertEqual((form.fynlo_z_number, form.fynlo_over_short, form.fynlo_posting_progress), (1, -1.0, 0.0))
        session = self.session(self.manager)
        self.assertEqual(session.fynlo_movement_ids.mapped("amount_shown"), [-25.0])
        self.assertEqual(session.fynlo_count_ids.mapped("over_short"), [-1.0])

    def test_cashiers_see_no_counts_and_nobody_writes_them(self):
        movement = self.session(self.manager).fynlo_movement_ids
        with self.assertRaises(AccessError):
            movement.with_user(self.cashier.user_id).read(["amount"])
        with self.assertRaises(AccessError):
            movement.write({"amount": 1})
        with self.assertRaises(AccessError):
            movement.with_user(self.manager.user_id).create({"kind": "no_sale"})
