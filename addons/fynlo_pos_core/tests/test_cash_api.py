"""The cash routes over HTTP: who may call them, and what the wire looks like."""

from odoo import Command
from odoo.tests import tagged

from ..controllers.till_report_views import TillReportView
from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestCashApi(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        for location in (cls.location, cls.other_location):
            cls._give_drawer(location)

    @classmethod
    def _give_drawer(cls, location):
        journal = cls.env["account.journal"].create({"name": location.name, "type": "cash", "code": uuid7()[-5:]})
        cash = cls.env["pos.payment.method"].create({"name": "Cash", "journal_id": journal.id})
        location.payment_method_ids = [Command.set(cash.ids)]

    def setUp(self):
        super().setUp()
        self.cashier = self.sign_in("cashier")
        self.till = self.open_till(self.cashier)

    def gbp(self, minor):
        return {"amount": minor, "currency": self.location.currency_id.name}

    def open_till(self, token):
        response = self.api("POST", "/till-sessions", {"id": uuid7(), "float": self.gbp(10000)}, token=token)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def path(self, rest):
        return f"/till-sessions/{self.till['id']}{rest}"

    def assertQuartet(self, method, rest, body=None, *, wrong_role, status=200, right=None):
        """Without a token, in the wrong role, at another location, and as the right person."""
        path = self.path(rest)
        self.assertProblem(self.api(method, path, body), "token_missing", 401)
        self.assertProblem(self.api(method, path, body, token=self.sign_in(wrong_role)), "permission_denied", 403)
        stranger = self.sign_in("manager", self.other_location)
        self.assertProblem(self.api(method, path, body, token=stranger), "not_found", 404)
        response = self.api(method, path, body, token=right or self.cashier)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def test_cash_movements(self):
        body = {"id": uuid7(), "kind": "drop", "amount": self.gbp(2500), "reason": "Too much in it"}
        moved = self.assertQuartet("POST", "/cash-movements", body, wrong_role="server", status=201)
        self.assertEqual((moved["kind"], moved["amount"]), ("drop", self.gbp(2500)))
        listed = self.assertQuartet("GET", "/cash-movements", wrong_role="kitchen")
        self.assertEqual(listed, {"items": [moved], "next_cursor": None})

    def test_a_repeated_movement_is_made_once(self):
        key, body = uuid7(), {"id": uuid7(), "kind": "paid_in", "amount": self.gbp(100), "reason": "Coins"}
        first = self.api("POST", self.path("/cash-movements"), body, token=self.cashier, key=key)
        again = self.api("POST", self.path("/cash-movements"), body, token=self.cashier, key=key)
        self.assertEqual((first.json(), again.status_code), (again.json(), 201))
        self.assertEqual(len(self.api("GET", self.path("/cash-movements"), token=self.cashier).json()["items"]), 1)

    def test_a_movement_needs_a_reason_and_a_known_kind(self):
        body = {"id": uuid7(), "kind": "paid_out", "amount": self.gbp(100), "reason": ""}
        for bad in (body, {**body, "reason": "x", "kind": "deposit_in"}, {**body, "reason": "x", "amount": 100}):
            response = self.api("POST", self.path("/cash-movements"), bad, token=self.cashier)
            self.assertProblem(response, "validation_failed", 422)

    def test_counting(self):
        body = {"id": uuid7(), "counted": self.gbp(10000)}
        count = self.assertQuartet("POST", ":count", body, wrong_role="server", status=201)
        self.assertEqual((count["number"], count["recount"], count["counted"]), (1, False, self.gbp(10000)))
        again = self.api("POST", self.path(":count"), {**body, "id": uuid7()}, token=self.cashier)
        self.assertProblem(again, "count_locked", 409)

    def test_closing(self):
        closed = self.assertQuartet("POST", ":close", {"counted": self.gbp(10000)}, wrong_role="server")
        self.assertEqual((closed["state"], closed["over_short"], closed["z_number"]), ("closing", self.gbp(0), 1))
        again = self.api("POST", self.path(":close"), {"counted": self.gbp(10000)}, token=self.cashier)
        self.assertProblem(again, "illegal_transition", 409)

    def test_reports(self):
        manager = self.sign_in("manager")
        report = self.assertQuartet("GET", "/report?kind=x", wrong_role="cashier", right=manager)
        TillReportView.model_validate(report)
        self.assertEqual((report["kind"], report["cash"]), ("x", None))
        early = self.api("GET", self.path("/report?kind=z"), token=manager)
        self.assertProblem(early, "z_report_not_ready", 409)
        self.api("POST", self.path(":close"), {"counted": self.gbp(9990)}, token=self.cashier)
        frozen = self.api("GET", self.path("/report?kind=z"), token=manager).json()
        TillReportView.model_validate(frozen)
        self.assertEqual((frozen["number"], frozen["cash"]["over_short"]), (1, self.gbp(-10)))
        self.assertProblem(self.api("GET", self.path("/report?kind=q"), token=manager), "validation_failed", 422)

    def test_carrying_over_needs_a_manager(self):
        body = {"counted": self.gbp(10000), "open_orders": "carry"}
        self.env["pos.order"].create(
            {
                "session_id": self.location.current_session_id.id,
                "company_id": self.company.id,
                "amount_total": 0.0,
                "amount_tax": 0.0,
                "amount_paid": 0.0,
                "amount_return": 0.0,
            }
        )
        refused = self.api("POST", self.path(":close"), {"counted": self.gbp(10000)}, token=self.cashier)
        self.assertProblem(refused, "open_orders", 409)
        self.assertProblem(self.api("POST", self.path(":close"), body, token=self.cashier), "permission_denied", 403)
        closed = self.api("POST", self.path(":close"), body, token=self.sign_in("manager")).json()
        self.assertEqual(closed["carried_orders"], 1)
