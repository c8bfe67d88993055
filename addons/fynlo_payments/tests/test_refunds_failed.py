"""Refunds that a provider did not carry out: the money is owed to the guest until it is given again."""

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.refund_shapes import RefundView
from ..providers.connection import RefundState
from .refund_bank import RefundCase

REFUSED = RefundState("failed", failure_code="refund_refused")


@tagged("post_install", "-at_install")
class TestRefundsFailed(RefundCase):
    def failed_at_once(self, **values):
        order = self.sold(1200, **values)
        self.bank.says = [REFUSED]
        done = self.refund(order)
        return done["order"], done["refunds"][0]

    def failed_later(self):
        order = self.sold()
        refund = self.refund(order)["refunds"][0]
        self.bank.decides("failed", failure_code="returned")
        return order, self.look_at(refund)

    def test_refused_at_once(self):
        order, refund = self.failed_at_once(tip=self.money(100))
        RefundView.model_validate(refund)
        self.assertEqual((refund["state"], refund["owed"]), ("failed", self.money(1300)))
        self.assertEqual(refund["failure"], {"code": "refund_refused", "message": "refund_refused", "retryable": True})
        self.assertOwed(order, 1300)
        self.assertEqual((self.ledger(order, "tender:open_banking"), self.ledger(order, "tips")), (1300, 0))

    def test_taken_back_days_later(self):
        order, refund = self.failed_later()
        self.assertEqual((refund["state"], refund["failure"]["code"]), ("failed", "returned"))
        self.assertOwed(order, 1200)
        self.assertEqual(self.look_at(refund), refund)
        self.assertEqual(self.ledger(order, "tender:open_banking"), 1200)
        self.assertEqual([row["id"] for row in self.listed(owed="true")], [refund["id"]])

    def listed(self, **query):
        filters = "&".join(f"{name}={value}" for name, value in query.items())
        return self.done("GET", f"/refunds?{filters}")["items"]

    def assertOwed(self, order, minor):
        """The order shows that the money is due to the guest, and nothing that it went back."""
        placed = self.order(order)
        (payment,) = placed["payments"]
        self.assertEqual((placed["payment"], placed["totals"]["refunded"]), ("paid", self.money(0)))
        self.assertEqual((payment["refunded"], payment["refund_due"]), (self.money(0), self.money(minor)))
        self.assertEqual(self.ledger(order, "refund_due"), -minor)
        self.assertEqual(self.ledger(order, "order"), 0)
        (reading,) = self.readings("refunds_owed")
        self.assertEqual((reading.value, reading.note), (1, order["number"]))
        self.assertAddsUp(order)

    def test_everybody_is_told(self):
        order, refund = self.failed_later()
        told = self.told()
        self.assertEqual(told["refund.updated"], refund)
        self.assertEqual(told["payment.updated"]["refund_due"], self.money(1200))
        self.assertEqual(told["order.updated"]["payment"], "paid")
        self.assertEqual(told["order.updated"], self.order(order))

    def told(self):
        """The last event of each type at the location."""
        self.env.cr.execute(
            "SELECT type, payload::json FROM fynlo_outbox WHERE topic LIKE %s ORDER BY id",
            (f"l.{self.location.fynlo_uuid}.%",),
        )
        return dict(self.env.cr.fetchall())

    def test_what_is_owed_is_nobody_elses(self):
        order, _refund = self.failed_at_once()
        answer = self.api("POST", f"/orders/{order['id']}/refunds", {"id": uuid7(), "reason": "x"}, token=self.manager)
        self.assertProblem(answer, "nothing_to_refund", 409)
        payment = order["payments"][0]["id"]
        body = {"id": uuid7(), "reason": "x", "amount": self.money(1)}
        self.assertProblem(
            self.api("POST", f"/payments/{payment}/refunds", body, token=self.manager), "refund_exceeds_paid", 409
        )

    def test_the_rest_comes_from_the_other_payment(self):
        order = self.sold(700, 500)
        first, second = (payment["id"] for payment in order["payments"])
        self.bank.says = [REFUSED]
        failed = self.refund(order, amount=self.money(500))["refunds"][0]
        self.assertEqual(failed["payment_id"], second)
        rest = self.refund(order)["refunds"]
        self.assertEqual([(refund["payment_id"], refund["amount"]) for refund in rest], [(first, self.money(700))])
        self.repeat(failed)
        self.assertEqual(self.bank.given_back(), 1200)
        self.assertAddsUp(order)

    def test_a_part_that_failed_leaves_the_rest_refundable(self):
        order = self.sold()
        line = order["lines"][0]["id"]
        self.bank.says = [REFUSED]
        failed = self.refund(order, lines=[{"line_id": line, "quantity": "1"}])["refunds"][0]
        self.assertEqual(failed["owed"], self.money(600))
        rest = self.refund(order)
        self.assertEqual(rest["refunds"][0]["amount"], self.money(600))
        self.assertEqual(self.repeat(failed)["order"]["payment"], "refunded")
        self.assertEqual(self.bank.given_back(), 1200)
        self.assertAddsUp(order)

    # --- giving it again -----------------------------------------------------------------

    def test_again_by_the_same_tender(self):
        order, failed = self.failed_at_once(tip=self.money(100))
        done = self.repeat(failed)
        again = done["refunds"][0]
        self.assertEqual((again["kind"], again["state"], again["repeat_of"]), ("repeat", "succeeded", failed["id"]))
        self.assertEqual((again["till_session_id"], again["reason"]), (None, "cold"))
        self.assertEqual(
            (done["order"]["payment"], done["order"]["totals"]["refunded"]), ("refunded", self.money(1300))
        )
        self.assertNotEqual(self.row_of(again).provider_key, self.row_of(failed).provider_key)
        self.assertSettled(order, bank=0)
        self.assertEqual(self.bank.given_back(), 1300)
        self.assertProblem(self.ask_again(failed), "nothing_to_refund", 409)

    def ask_again(self, refund, *, token=None, **values):
        path, body = f"/refunds/{refund['id']}:repeat", {"id": uuid7(), **values}
        return self.api("POST", path, body, token=token or self.manager)

    def assertSettled(self, order, *, bank, cash=0):
        """Nobody owes anything: the ledger's and Odoo's tenders hold what is given."""
        self.assertEqual(self.ledger(order, "refund_due"), 0)
        self.assertEqual((self.ledger(order, "order"), self.ledger(order, "tips")), (0, 0))
        self.assertEqual((self.ledger(order, "tender:open_banking"), self.ledger(order, "tender:cash")), (bank, cash))
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (bank, cash))
        self.assertEqual(self.order(order)["payments"][0]["refund_due"], self.money(0))
        self.assertEqual(self.readings("refunds_owed"), [])
        self.assertAddsUp(order)

    def test_again_in_cash(self):
        order, failed = self.failed_later()
        done = self.repeat(failed, to_method="cash")
        again = done["refunds"][0]
        self.assertEqual((again["method"], again["state"], again["lines"]), ("cash", "succeeded", []))
        self.assertEqual(again["number"], f"{order['number']}-R2")
        self.assertEqual(done["order"]["payment"], "refunded")
        self.assertSettled(order, bank=1200, cash=-1200)
        self.assertEqual(self.bank.given_back(), 0)

    def test_again_and_again(self):
        order, failed = self.failed_at_once()
        self.bank.says = [REFUSED, "sent"]
        second = self.repeat(failed)["refunds"][0]
        self.assertEqual((second["state"], second["owed"]), ("failed", self.money(1200)))
        self.assertOwed(order, 1200)
        third = self.repeat(second, status=202)["refunds"][0]
        self.bank.decides("failed")
        third = self.look_at(third)
        self.assertEqual(third["owed"], self.money(1200))
        self.repeat(third, to_method="cash")
        self.assertSettled(order, bank=1200, cash=-1200)

    def test_a_repeat_that_fails_after_it_had_succeeded(self):
        order, failed = self.failed_at_once()
        again = self.repeat(failed)["refunds"][0]
        self.bank.decides("failed")
        self.assertEqual(self.look_at(again)["owed"], self.money(1200))
        self.assertOwed(order, 1200)

    # --- who may -------------------------------------------------------------------------

    def test_another_tender_takes_an_approval_and_the_same_none(self):
        _order, failed = self.failed_at_once()
        refused = self.ask_again(failed, token=self.cashier, to_method="cash")
        asked = self.assertProblem(refused, "approval_required", 403)["approval"]
        self.assertEqual((asked["action"], asked["amount"]), ("refund.other_tender", self.money(1200)))
        self.assertEqual(self.readings("refunds_owed")[0].value, 1)
        self.assertEqual(self.repeat(failed, token=self.cashier)["refunds"][0]["state"], "succeeded")

    def test_other_roles_and_locations(self):
        _order, failed = self.failed_at_once()
        path, body = f"/refunds/{failed['id']}:repeat", {"id": uuid7()}
        self.assertProblem(self.api("POST", path, body), "token_missing", 401)
        self.assertProblem(self.ask_again(failed, token=self.sign_in("server")), "permission_denied", 403)
        elsewhere = self.sign_in("manager", self.other_location)
        self.assertProblem(self.ask_again(failed, token=elsewhere), "not_found", 404)
        self.assertEqual(len(self.bank.refunds), 1)

    def test_garbage(self):
        _order, failed = self.failed_at_once()
        taken = {"id": failed["id"]}
        for body, code, status in (
            ({}, "validation_failed", 422),
            ({"id": uuid7(), "to_method": "open_banking"}, "payment_method_unavailable", 422),
            ({"id": uuid7(), "to_method": "gift_card"}, "validation_failed", 422),
            ({"id": uuid7(), "to_method": "gift_card", "details": {"code": "TEST0000000X"}}, "gift_card_unknown", 404),
            ({"id": uuid7(), "to_method": "gift_card", "details": {"code": 7}}, "validation_failed", 422),
            ({"id": uuid7(), "to_method": "store_credit"}, "not_found", 404),
            ({"id": uuid7(), "to_method": "store_credit", "details": {"customer_id": [1]}}, "not_found", 404),
            ({"id": uuid7(), "to_method": "nothing"}, "payment_method_unavailable", 422),
            ({"id": uuid7(), "to_method": "DROP TABLE"}, "validation_failed", 422),
            ({"id": uuid7(), "amount": self.money(5)}, "validation_failed", 422),
            (taken, "id_taken", 409),
        ):
            with self.subTest(body):
                answer = self.api("POST", f"/refunds/{failed['id']}:repeat", body, token=self.manager)
                self.assertProblem(answer, code, status)
        self.assertEqual(self.readings("refunds_owed")[0].value, 1)
