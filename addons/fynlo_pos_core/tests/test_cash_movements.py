"""Cash movements: the drawer, the books behind it, and who is told."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..controllers.till_sessions import CashMovementShape, CashMovementView
from ..rest import Problem
from ..rest.call import Call
from ..rest.paging import encode
from ..rest.payload import parse
from ..rest.representation import to_json
from ..rest.shapes import PageQuery
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestCashMovements(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)
        self.service = self.env["fynlo.till.session.service"]

    def wish(self, kind, minor=None, **values):
        body = {"id": uuid7(), "kind": kind, "reason": "Window cleaner", **values}
        if minor is not None:
            body["amount"] = self.gbp(minor)
        return parse(CashMovementShape, to_json(body))

    def move(self, kind, minor=None, identity=None, **values):
        moved = self.service._move_cash(
            identity or self.identity(self.cashier), self.till["id"], self.wish(kind, minor, **values)
        )
        self.env.cr.flush()
        return moved

    def refusal(self, *args, **values):
        with self.assertRaises(Problem) as caught:
            self.move(*args, **values)
        return caught.exception

    def session(self):
        return self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])

    def booked(self, movement):
        """The journal items of a movement: account → balance."""
        row = self.env["fynlo.cash.movement"].search([("fynlo_uuid", "=", movement["id"])])
        self.assertEqual(row.statement_line_id.move_id.state, "posted")
        return {line.account_id: line.balance for line in row.statement_line_id.move_id.line_ids}

    def test_each_kind_is_booked_to_the_penny_on_its_own_account(self):
        drawer = self.session().cash_journal_id.default_account_id
        company = self.company
        for kind, minor, pounds, account in (
            ("paid_in", 2001, 20.01, company.fynlo_paid_in_account_id),
            ("paid_out", 1550, -15.50, company.fynlo_paid_out_account_id),
            ("drop", 7099, -70.99, company.fynlo_safe_account_id),
            ("tip_payout", 333, -3.33, company.fynlo_tips_account_id),
        ):
            with self.subTest(kind):
                movement = self.move(kind, minor)
                CashMovementView.model_validate(movement)
                self.assertEqual(self.booked(movement), {drawer: pounds, account: -pounds})
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000 + 2001 - 1550 - 7099 - 333)
        self.assertEqual(company.fynlo_tips_account_id.account_type, "liability_current")

    def test_no_sale_opens_the_drawer_and_books_nothing(self):
        movement = self.move("no_sale")
        row = self.env["fynlo.cash.movement"].search([("fynlo_uuid", "=", movement["id"])])
        self.assertFalse(row.statement_line_id)
        self.assertEqual((movement["amount"], row.amount_shown), (self.gbp(0), 0.0))
        self.assertEqual(self.refusal("no_sale", 100).errors[0]["field"], "amount")

    def test_permissions_go_by_the_kind(self):
        waiter = self.identity(self.waiter)
        self.assertEqual(self.refusal("paid_out", 100, identity=waiter).members["permission"], "cash.move")
        self.assertEqual(self.refusal("no_sale", identity=waiter).members["permission"], "drawer.open")

    def test_a_movement_is_announced_and_audited(self):
        movement = self.move("drop", 5000, reason="Full drawer 🧾")
        told = self.events("till", "till_session.updated")[-1]
        self.assertEqual((told["id"], told["version"]), (self.till["id"], self.till["version"] + 1))
        entry = self.env["fynlo.audit.log"].search([("resource_id", "=", self.till["id"])], limit=1)
        self.assertEqual((entry.action, entry.reason), ("cash.drop", "Full drawer 🧾"))
        self.assertIn(movement["id"], entry.after)

    def test_amounts_are_positive_and_of_the_currency(self):
        for bad in (0, -1):
            self.assertEqual(self.refusal("paid_in", bad).errors[0]["field"], "amount.amount")
        self.assertEqual(self.refusal("paid_in").code, "validation_failed")
        euros = {"amount": {"amount": 5, "currency": "EUR"}}
        self.assertEqual(self.refusal("paid_in", **euros).errors[0]["field"], "amount.currency")

    def test_an_id_is_used_once(self):
        once = uuid7()
        self.move("paid_in", 100, id=once)
        self.assertEqual(self.refusal("paid_in", 100, id=once).code, "id_taken")

    def test_a_closed_till_moves_no_cash(self):
        self.close_till(self.till["id"], 10000, Call(route=None, request_id="test-request"))
        self.assertEqual(self.refusal("paid_in", 100).code, "till_session_closed")

    def test_movements_stay(self):
        self.move("paid_in", 100)
        with self.assertRaises(UserError):
            self.env["fynlo.cash.movement"].search([("session_id", "=", self.session().id)]).unlink()

    def test_the_list_comes_in_pages_the_newest_first(self):
        made = [self.move("paid_in", minor)["id"] for minor in (1, 2, 3)]
        identity = self.identity(self.cashier)
        first = self.service._movements(identity, self.till["id"], PageQuery(limit=2))
        rest = self.service._movements(identity, self.till["id"], PageQuery(limit=2, cursor=first["next_cursor"]))
        self.assertEqual([item["id"] for item in first["items"] + rest["items"]], made[::-1])
        self.assertIsNone(rest["next_cursor"])
        nothing = self.service._movements(identity, self.till["id"], PageQuery(cursor=encode(1)))
        self.assertEqual(nothing["items"], [])

    def test_opening_a_till_books_tips_as_owed_to_the_staff(self):
        tip = self.location.tip_product_id.with_company(self.company)
        self.assertTrue(tip)
        self.assertEqual(tip.property_account_income_id, self.company.fynlo_tips_account_id)
        self.assertEqual(self.company._fynlo_tips_account(), self.company.fynlo_tips_account_id)
