"""Taking back all payments of an open order, whatever they were made with and however far they had come."""

from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers import refund_answers
from ..models import refund_call
from ..providers.connection import ProviderUnavailable, RefundState
from .refund_bank import RefundCase


@tagged("post_install", "-at_install")
class TestRollbackOutside(RefundCase):
    def part_paid(self, *, waiting=0):
        """An order of 12.00: 4.00 by bank, 3.00 and a tip in cash, and maybe a bank payment that the guest must confirm."""
        order = self.place()
        self.paid(order, 400)
        self.pay_cash(order, 300, tip=self.money(50))
        if waiting:
            self.bank.answers = ["action_required"]
            self.assertEqual(self.pay(order, waiting).status_code, 202)
        return order

    def assertUnpaid(self, order):
        """The guest has everything back: refunds come to what was charged, by the provider, the books and the ledger."""
        totals = {name: value["amount"] for name, value in self.order(order)["totals"].items()}
        self.assertEqual([totals[name] for name in ("paid", "tip", "due", "reserved", "refunded")], [0, 0, 1200, 0, 0])
        self.assertEqual(self.order(order)["payment"], "unpaid")
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (0, 0))
        self.assertEqual((self.ledger(order, "order"), self.ledger(order, "tips")), (0, 0))
        payments = self.env["fynlo.payment"].search([("order_id.uuid", "=", order["id"])])
        for payment in payments.filtered(lambda paid: paid.state == "captured"):
            self.assertEqual(payment.refunded, payment._charged())
        self.assertEqual(self.bank.given_back(), sum(leg.amount_captured for leg in self.bank.legs.values()))
        self.assertAddsUp(order)

    def test_captured_money_goes_back_and_the_rest_is_cancelled(self):
        order = self.part_paid(waiting=500)
        done = self.roll_back(order)
        given = [(refund["method"], refund["amount"]["amount"], refund["state"]) for refund in done["refunds"]]
        self.assertEqual(given, [("cash", 350, "succeeded"), ("open_banking", 400, "succeeded")])
        self.assertEqual(self.bank.calls.count("cancel"), 1)
        self.assertUnpaid(order)

    def test_only_an_attempt(self):
        order = self.place()
        self.bank.answers = ["action_required"]
        self.pay(order, 1200)
        done = self.roll_back(order)
        self.assertEqual((done["refunds"], done["order"]["totals"]["reserved"]), ([], self.money(0)))
        self.assertUnpaid(order)

    def test_the_guest_was_faster_than_the_cancellation(self):
        order = self.part_paid(waiting=500)
        key = next(key for key, leg in self.bank.legs.items() if leg.state == "action_required")
        real = self.bank.cancel

        def cancel(leg):
            self.bank.legs[key] = type(self.bank.legs[key])(
                "captured", self.bank.legs[key].reference, 500, 500, currency=self.currency()
            )
            return real(leg)

        with patch.object(self.bank, "cancel", cancel):
            done = self.roll_back(order)
        self.assertEqual([refund["amount"]["amount"] for refund in done["refunds"]][-1], 500)
        self.assertEqual(self.bank.given_back(), 900)
        self.assertUnpaid(order)

    def test_the_provider_that_should_cancel_is_away(self):
        order = self.part_paid(waiting=500)
        with patch.object(self.bank, "cancel", side_effect=ProviderUnavailable("provider_unavailable")):
            self.roll_back(order, status=202)
        waiting = self.env["fynlo.payment"].search([("order_id.uuid", "=", order["id"]), ("cancel_wanted", "=", True)])
        self.assertEqual((len(waiting), waiting.state), (1, "action_required"))
        self.look({"id": waiting.fynlo_uuid})
        self.assertUnpaid(order)

    def test_a_crash_in_the_middle_and_the_same_again(self):
        order, wish_id = self.part_paid(), uuid7()
        self.paid(order, 200)
        real, applied = refund_call._apply, []

        def crash_at_the_second(registry, refund_id, said):
            applied.append(refund_id)
            if len(applied) == 2:
                raise SystemError("killed")
            return real(registry, refund_id, said)

        body, path = {"id": wish_id, "reason": "left"}, f"/orders/{order['id']}:rollback-payments"
        with patch.object(refund_call, "_apply", crash_at_the_second):
            self.assertEqual(self.api("POST", path, body, token=self.cashier).status_code, 500)
        states = self.env["fynlo.refund"].search([("request_uuid", "=", wish_id)]).mapped("state")
        self.assertEqual(sorted(states), ["sent", "succeeded", "succeeded"])
        done = self.roll_back(order, wish_id=wish_id)
        self.assertEqual(sorted(refund["state"] for refund in done["refunds"]), ["succeeded"] * 3)
        again = self.roll_back(order, wish_id=wish_id)
        self.assertEqual({refund["id"] for refund in again["refunds"]}, {refund["id"] for refund in done["refunds"]})
        self.assertEqual((self.bank.given_back(), len(self.bank.refunds)), (600, 2))
        self.assertUnpaid(order)

    def test_nobody_comes_back_after_the_crash(self):
        order = self.part_paid()
        body, path = {"id": uuid7(), "reason": "left"}, f"/orders/{order['id']}:rollback-payments"
        with patch.object(refund_answers, "give_back", side_effect=SystemError("killed")):
            self.assertEqual(self.api("POST", path, body, token=self.cashier).status_code, 500)
        self.run_recovery()
        self.assertUnpaid(order)

    def test_the_same_id_for_another_order(self):
        order, other, wish_id = self.part_paid(), self.part_paid(), uuid7()
        self.roll_back(order, wish_id=wish_id)
        body = {"id": wish_id, "reason": "left"}
        answer = self.api("POST", f"/orders/{other['id']}:rollback-payments", body, token=self.cashier)
        self.assertProblem(answer, "id_taken", 409)
        self.assertEqual(self.order(other)["totals"]["paid"], self.money(750))

    def test_a_payment_that_the_bank_does_not_give_back_is_owed(self):
        order = self.part_paid()
        self.bank.says = [RefundState("failed", failure_code="insufficient_funds")]
        done = self.roll_back(order)
        failed = next(refund for refund in done["refunds"] if refund["state"] == "failed")
        self.assertEqual((failed["owed"], done["order"]["totals"]["due"]), (self.money(400), self.money(1200)))
        self.assertAddsUp(order)
        body = {"id": uuid7(), "reason": "left"}
        twice = self.api("POST", f"/orders/{order['id']}:rollback-payments", body, token=self.cashier)
        self.assertProblem(twice, "nothing_to_refund", 409)
        self.pay_cash(order, 1200, complete=True)
        again = self.repeat(failed, to_method="cash")
        self.assertEqual((again["order"]["payment"], again["order"]["totals"]["refunded"]), ("paid", self.money(0)))
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (400, 800))
        self.assertEqual(self.ledger(order, "refund_due"), 0)
        self.assertAddsUp(order)
