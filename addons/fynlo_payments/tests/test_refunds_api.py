"""The routes of refunds over HTTP: who may call them, and what the wire looks like."""

from odoo import Command
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.refund_shapes import RefundPageView, RefundsView, RefundView


@tagged("post_install", "-at_install")
class TestRefundsApi(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        for location in (cls.location, cls.other_location):
            journal = cls.env["account.journal"].create({"name": location.name, "type": "cash", "code": uuid7()[-5:]})
            cash = cls.env["pos.payment.method"].create({"name": "Cash", "journal_id": journal.id})
            location.payment_method_ids = [Command.set(cash.ids)]
        cls.dish = cls.env["product.product"].create(
            {"name": "Soup", "list_price": 6.0, "available_in_pos": True, "type": "consu", "taxes_id": False}
        )

    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")
        self.done("POST", "/till-sessions", {"id": uuid7(), "float": self.money(0)}, status=201)

    def money(self, minor):
        return {"amount": minor, "currency": self.location.currency_id.name}

    def done(self, method, path, body=None, *, status=200, **kwargs):
        response = self.api(method, path, body, token=self.manager, **kwargs)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def place(self):
        line = {"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": "2"}
        return self.done("POST", "/orders", {"id": uuid7(), "lines": [line]}, status=201)

    def pay(self, order, minor, *, complete):
        body = {"id": uuid7(), "method": "cash", "amount": self.money(minor), "complete": complete}
        return self.done("POST", f"/orders/{order['id']}/payments", body, status=201)

    def sold(self):
        order = self.place()
        return order, self.pay(order, 1200, complete=True)

    def assertQuartet(self, method, path, body=None, *, wrong_role, status=200):
        """Without a token, in the wrong role, at another location, and as the right person."""
        self.assertProblem(self.api(method, path, body), "token_missing", 401)
        self.assertProblem(self.api(method, path, body, token=self.sign_in(wrong_role)), "permission_denied", 403)
        stranger = self.sign_in("manager", self.other_location)
        self.assertProblem(self.api(method, path, body, token=stranger), "not_found", 404)
        return self.done(method, path, body, status=status)

    def test_of_an_order(self):
        order, _payment = self.sold()
        body = {"id": uuid7(), "reason": "cold", "lines": [{"line_id": order["lines"][0]["id"], "quantity": "1"}]}
        done = self.assertQuartet("POST", f"/orders/{order['id']}/refunds", body, wrong_role="server", status=201)
        RefundsView.model_validate(done)
        self.assertEqual((done["order"]["payment"], done["refunds"][0]["amount"]), ("partly_refunded", self.money(600)))

    def test_a_retry_gives_back_once(self):
        order, _payment = self.sold()
        path, body, key = f"/orders/{order['id']}/refunds", {"id": uuid7(), "reason": "cold"}, uuid7()
        first = self.done("POST", path, body, status=201, key=key)
        again = self.api("POST", path, body, token=self.manager, key=key)
        self.assertEqual((again.json(), again.headers["Idempotent-Replayed"]), (first, "true"))
        self.assertProblem(self.api("POST", path, body, token=self.manager), "nothing_to_refund", 409)
        self.assertEqual(len(self.done("GET", f"/refunds?order_id={order['id']}")["items"]), 1)

    def test_the_same_id_is_taken(self):
        (order, _payment), (other, _other) = self.sold(), self.sold()
        body = {"id": uuid7(), "reason": "cold", "amount": self.money(1)}
        self.done("POST", f"/orders/{order['id']}/refunds", body, status=201)
        taken = self.api("POST", f"/orders/{other['id']}/refunds", body, token=self.manager)
        self.assertProblem(taken, "id_taken", 409)

    def test_of_a_payment(self):
        _order, payment = self.sold()
        path, body = f"/payments/{payment['id']}/refunds", {"id": uuid7(), "reason": "cold"}
        done = self.assertQuartet("POST", path, body, wrong_role="cashier", status=201)
        self.assertEqual(done["refunds"][0]["payment_id"], payment["id"])
        self.assertEqual(done["order"]["payment"], "refunded")

    def test_roll_back(self):
        order = self.place()
        self.pay(order, 500, complete=False)
        path, body = f"/orders/{order['id']}:rollback-payments", {"id": uuid7(), "reason": "mistake"}
        done = self.assertQuartet("POST", path, body, wrong_role="server")
        RefundsView.model_validate(done)
        self.assertEqual((done["order"]["payment"], done["order"]["totals"]["due"]), ("unpaid", self.money(1200)))

    def test_read_and_list(self):
        order, _payment = self.sold()
        refund = self.done("POST", f"/orders/{order['id']}/refunds", {"id": uuid7(), "reason": "cold"}, status=201)[
            "refunds"
        ][0]
        read = self.assertQuartet("GET", f"/refunds/{refund['id']}", wrong_role="kitchen")
        RefundView.model_validate(read)
        self.assertEqual(read, refund)
        self.assertProblem(self.api("GET", "/refunds"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/refunds", token=self.sign_in("kitchen")), "permission_denied", 403)
        elsewhere = self.api("GET", "/refunds", token=self.sign_in("manager", self.other_location))
        self.assertEqual(elsewhere.json()["items"], [])
        page = self.done("GET", "/refunds?state=succeeded")
        RefundPageView.model_validate(page)
        self.assertEqual(page["items"], [refund])

    def test_garbage(self):
        order, _payment = self.sold()
        line = order["lines"][0]["id"]
        for body, code in (
            ({}, "validation_failed"),
            ({"id": uuid7()}, "validation_failed"),
            ({"id": uuid7(), "reason": ""}, "validation_failed"),
            ({"id": uuid7(), "reason": "x", "lines": []}, "validation_failed"),
            ({"id": uuid7(), "reason": "x", "lines": [{"line_id": line, "quantity": 1}]}, "invalid_quantity"),
            ({"id": uuid7(), "reason": "x", "lines": [{"line_id": line, "quantity": "1.00001"}]}, "invalid_quantity"),
            ({"id": uuid7(), "reason": "x", "amount": {"amount": 1.5, "currency": "GBP"}}, "validation_failed"),
            ({"id": uuid7(), "reason": "x", "amount": self.money(0)}, "validation_failed"),
            ({"id": uuid7(), "reason": "x", "price": 3}, "validation_failed"),
        ):
            with self.subTest(body):
                refused = self.api("POST", f"/orders/{order['id']}/refunds", body, token=self.manager)
                self.assertProblem(refused, code, 422)
        self.assertEqual(self.done("GET", f"/orders/{order['id']}")["totals"]["refunded"], self.money(0))

    def test_reopening(self):
        order = self.place()
        self.done("POST", f"/orders/{order['id']}:cancel", {"reason": "left"})
        path, body = f"/orders/{order['id']}:reopen", {"reason": "they came back"}
        refused = self.api("POST", path, body, token=self.sign_in("server"))
        self.assertEqual(self.assertProblem(refused, "approval_required", 403)["approval"]["action"], "order.reopen")
        reopened = self.assertQuartet("POST", path, body, wrong_role="kitchen")
        self.assertEqual(reopened["state"], "open")
