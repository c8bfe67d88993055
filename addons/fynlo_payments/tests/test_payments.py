"""Cash payments: what the till gets, Odoo's rows, and the books after closing."""

from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.call import Call
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase, tagged

from ..controllers.payments import PaymentShape, TakenPaymentView
from ..models.payment import PAYMENT_STATES
from ..providers.provider import Outcome


@tagged("post_install", "-at_install")
class TestPayments(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)

    def pay(self, document, minor, *, method="cash", tendered=None, identity=None, **values):
        body = {"id": uuid7(), "method": method, "amount": self.gbp(minor), **values}
        if tendered:
            body["tendered"] = self.gbp(tendered)
        taken = self.env["fynlo.payment.service"]._take(
            identity or self.identity(self.cashier), document["id"], parse(PaymentShape, to_json(body))
        )
        self.env.cr.flush()
        return taken

    def refusal(self, document, minor, **values):
        before = self.env["fynlo.payment"].search_count([])
        with self.assertRaises(Problem) as caught:
            self.pay(document, minor, **values)
        self.assertEqual(self.env["fynlo.payment"].search_count([]), before)
        return caught.exception

    def test_cash_with_change(self):
        order = self.place(self.line(self.menu.pizza))
        taken = self.pay(order, 1000, tendered=2000)
        TakenPaymentView.model_validate(taken)
        self.assertEqual(
            (taken["state"], taken["change"], taken["tendered"]), ("captured", self.gbp(1000), self.gbp(2000))
        )
        placed = taken["order"]
        self.assertEqual((placed["payment"], placed["state"], placed["version"]), ("paid", "open", 2))
        self.assertEqual((placed["totals"]["paid"], placed["totals"]["due"]), (self.gbp(1000), self.gbp(0)))
        self.env.invalidate_all()
        row = self.row(order)
        self.assertEqual(row.payment_ids.sorted("amount").mapped("amount"), [-10.0, 20.0])
        self.assertEqual((row.amount_paid, row.amount_return), (10.0, 10.0))

    def test_cashiers_of_odoos_own_till_can_read_orders(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 1000)
        groups = self.env.ref("base.group_user") | self.env.ref("point_of_sale.group_pos_user")
        cashier = self.env["res.users"].create(
            {
                "name": "Web till",
                "login": f"web-till-{uuid7()}",
                "company_id": self.row(order).company_id.id,
                "company_ids": [Command.set(self.row(order).company_id.ids)],
                "group_ids": [Command.set(groups.ids)],
            }
        )
        self.env.invalidate_all()
        read = self.row(order).with_user(cashier).read(load=False)  # all fields, as the web till does
        self.assertEqual(read[0]["fynlo_number"], order["number"])
        self.assertNotIn("fynlo_payment_ids", read[0])

    def test_reading_back_gives_the_same_documents(self):
        order = self.place(self.line(self.menu.pizza))
        taken = self.pay(order, 400, tendered=500)
        placed = taken.pop("order")
        self.env.invalidate_all()
        identity = self.identity()
        self.assertEqual(self.env["fynlo.payment.service"]._read(identity, taken["id"]), taken)
        self.assertEqual(self.env["fynlo.order.service"]._document(identity, order["id"]), placed)
        self.assertEqual(placed["payments"], [taken])

    def test_a_tender_that_takes_nothing_leaves_nothing_behind(self):
        order = self.place(self.line(self.menu.pizza))
        cash = type(self.env["fynlo.provider.cash"])
        for outcome in (Outcome("failed", failure_code="empty"), Outcome("unknown"), Outcome("sent")):
            with self.subTest(outcome.state), patch.object(cash, "_charge", lambda _self, _attempt, said=outcome: said):
                with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
                    self.pay(order, 1000)
                self.assertEqual((caught.exception.code, caught.exception.http_status), ("payment_declined", 402))
                self.assertEqual(caught.exception.members["reason"], outcome.failure_code or "declined")
        row = self.row(order)
        self.assertEqual((row.amount_paid, len(row.payment_ids)), (0.0, 0))
        self.assertFalse(self.env["fynlo.payment"].search([("order_id", "=", row.id)]))

    def test_parts_add_up_until_nothing_is_due(self):
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.pay(order, 400)["order"]["payment"], "partly_paid")
        problem = self.refusal(order, 601)
        self.assertEqual((problem.code, problem.members["due"]), ("amount_exceeds_due", self.gbp(600)))
        self.assertEqual(self.pay(order, 600, complete=True)["order"]["state"], "completed")

    def test_pay_and_complete_in_one_step(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        placed = self.pay(order, 1300, tendered=1500, complete=True)["order"]
        self.assertEqual((placed["state"], placed["payment"], placed["version"]), ("completed", "paid", 2))
        self.env.invalidate_all()
        row = self.row(order)
        self.assertEqual((row.state, row.amount_difference), ("paid", 0.0))
        self.assertEqual(row.lines.mapped("is_total_cost_computed"), [True, True])
        self.assertEqual(sum(row.lines.mapped("total_cost")), 4.0)
        self.assertEqual(self.events("orders", "order.completed")[-1], placed)
        self.assertEqual(self.events("payments", "payment.updated")[-1]["id"], placed["payments"][0]["id"])

    def test_tip_goes_on_top(self):
        order = self.place(self.line(self.menu.pizza))
        taken = self.pay(order, 1000, tip=self.gbp(200), tendered=1500, complete=True)
        self.assertEqual((taken["tip"], taken["change"]), (self.gbp(200), self.gbp(300)))
        totals = taken["order"]["totals"]
        self.assertEqual(
            (totals["total"], totals["tip"], totals["paid"]), (self.gbp(1000), self.gbp(200), self.gbp(1200))
        )
        row = self.row(order)
        self.assertEqual((row.amount_total, row.amount_paid, row.tip_amount), (12.0, 12.0, 2.0))

    def test_no_edit_may_make_a_paid_order_cost_less(self):
        """Else the till session's entry would not balance, and the guest would have paid too much."""
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        order = self.pay(order, 1100, tip=self.gbp(100))["order"]
        pizza = order["lines"][0]["id"]
        manager = self.identity(self.manager)
        for operation in (
            {"type": "void_line", "line_id": pizza, "reason": "changed mind"},
            {"type": "change_quantity", "line_id": pizza, "delta": "-1"},
            {"type": "comp_line", "line_id": pizza, "reason": "birthday"},
        ):
            with self.subTest(operation["type"]):
                edited = self.operate(order, operation, identity=manager)
                self.assertEqual(edited["results"][0]["code"], "paid_exceeds_total", edited["results"])
                self.assertEqual(edited["order"], order)
        cheaper = {"type": "void_line", "line_id": order["lines"][1]["id"], "quantity": "0.5", "reason": "spilled"}
        allowed = self.operate(order, cheaper, {"type": "set_guests", "guests": 3}, identity=manager)
        self.assertEqual([result["result"] for result in allowed["results"]], ["applied", "applied"])
        self.assertEqual(allowed["order"]["totals"]["due"], self.gbp(50))

    def test_completed_order_takes_no_payment(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 1000, complete=True)
        self.assertEqual(self.refusal(order, 1000).code, "illegal_transition")

    def test_completing_before_all_is_paid_takes_nothing(self):
        order = self.place(self.line(self.menu.pizza))
        with self.env.cr.savepoint(), self.assertRaises(Problem) as caught:
            self.pay(order, 400, complete=True)
        self.assertEqual(caught.exception.code, "amount_due")

    def test_refusals(self):
        order = self.place(self.line(self.menu.pizza))
        for name, values, code in [
            ("unknown tender", {"minor": 1000, "method": "barter"}, "payment_method_unavailable"),
            ("tender of another kind", {"minor": 1000, "method": "stripe"}, "payment_method_unavailable"),
            ("nothing", {"minor": 0}, "validation_failed"),
            ("less than nothing", {"minor": -5}, "validation_failed"),
            ("too little tendered", {"minor": 1000, "tendered": 900}, "validation_failed"),
            ("negative tip", {"minor": 1000, "tip": {"amount": -1, "currency": "GBP"}}, "validation_failed"),
            ("dollars", {"minor": 1000, "tip": {"amount": 0, "currency": "USD"}}, "validation_failed"),
        ]:
            with self.subTest(name):
                self.assertEqual(self.refusal(order, **values).code, code)

    def test_another_location_sees_no_payment(self):
        taken = self.pay(self.place(self.line(self.menu.pizza)), 1000)
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        device, _key = self.env["fynlo.device"]._pair_new(elsewhere, "Till", "ios", "1.0")
        with self.assertRaises(Problem) as caught:
            self.env["fynlo.payment.service"]._read(self.identity(device=device), taken["id"])
        self.assertEqual(caught.exception.code, "not_found")

    def test_states_form_one_machine(self):
        known = set(dict(self.env["fynlo.payment"]._fields["state"].selection))
        self.assertEqual(set(PAYMENT_STATES), known)
        self.assertLessEqual(set().union(*PAYMENT_STATES.values()), known)

    def test_paying_takes_few_queries(self):
        for lines in (3, 10):
            order = self.place(*[self.line(self.menu.pizza) for _ in range(lines)])
            identity = self.identity(self.cashier)
            body = {"id": uuid7(), "method": "cash", "amount": self.gbp(1000 * lines), "complete": True}
            wish = parse(PaymentShape, to_json(body))
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(14):
                self.env["fynlo.payment.service"]._take(identity, order["id"], wish)
                self.env.cr.flush()

    def test_closing_posts_the_right_books(self):
        """Sales by tax, tax, cash and the missing fifty pence: every account to the penny."""
        for variant, quantity, preset in [
            (self.menu.pizza, "2", None),
            (self.menu.cookie, "1", None),
            (self.menu.cookie, "3", self.takeaway.fynlo_uuid),
            (self.menu.cola, "1.5", None),
        ]:
            order = self.place(self.line(variant, quantity), preset_id=preset)
            due = order["totals"]["due"]["amount"]
            self.pay(order, due, tendered=due + 500, complete=True)
        expected = 10000 + 2000 + 250 + 750 + 450
        closing = self.env["fynlo.till.session.service"]
        document = self.close_till(self.till["id"], expected - 50, Call(route=None, request_id="test-request"))
        self.assertEqual(document["expected_cash"], self.gbp(expected))
        session = self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])
        session._fynlo_post_safely()
        self.assertEqual(session.state, "closed", session.fynlo_posting_error)
        self.assertEqual(closing._read(self.identity(), self.till["id"])["posting"], "done")
        moves = session._get_related_account_moves()
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        lines = moves.line_ids
        cash = lines.filtered(lambda line: line.account_id == session.cash_journal_id.default_account_id)
        self.assertAlmostEqual(sum(cash.mapped("balance")), 34.0)
        sales = lines.filtered(lambda line: line.account_id.account_type == "income" and line.tax_ids)
        self.assertAlmostEqual(-sum(sales.mapped("balance")), 16.67 + 2.08 + 7.50 + 3.75)
        taxes = lines.filtered("tax_line_id")
        self.assertAlmostEqual(-sum(taxes.mapped("balance")), 3.33 + 0.42 + 0.75)
        self.assertAlmostEqual(sum(lines.mapped("balance")), 0.0)
        self.assertEqual(set(session.order_ids.mapped("state")), {"done"})
