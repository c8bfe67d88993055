"""The job that asks after refunds, and the way back of money that came too late."""

from datetime import timedelta
from random import Random
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..models.refund_call import look_refunds
from ..providers.connection import ProviderUnavailable, RefundState
from .refund_bank import RefundCase


@tagged("post_install", "-at_install")
class TestRefundRecovery(RefundCase):
    def waiting(self):
        order = self.sold()
        self.bank.says = ["sent"]
        return order, self.refund(order, status=202)["refunds"][0]

    def test_each_look_puts_the_next_one_off(self):
        _order, refund = self.waiting()
        self.run_recovery()
        row = self.row_of(refund)
        self.assertEqual(row.looks, 1)
        self.assertGreater(row.next_look_at, now())
        self.assertEqual(self.env["fynlo.refund"]._claim_due(), [])
        row.next_look_at = now()
        row.looks = 1000
        self.assertEqual(self.env["fynlo.refund"]._claim_due(), [row.id])
        self.env.invalidate_all()
        self.assertGreater(row.next_look_at, now() + timedelta(minutes=59))

    def test_one_that_cannot_be_looked_at_stops_no_other(self):
        (_one, first), (_two, second) = self.waiting(), self.waiting()
        for key, known in self.bank.refunds.items():
            self.bank.refunds[key] = RefundState("succeeded", known.reference, known.amount)
        service = type(self.env["fynlo.refund.service"])
        real, bad = service._conclude_refund, self.row_of(first).id

        def conclude(self, refund_id, said):
            if refund_id == bad:
                raise ValueError("broken")
            return real(self, refund_id, said)

        with (
            patch.object(service, "_conclude_refund", conclude),
            self.assertLogs("odoo.addons.fynlo_payments.models.refund_recovery", "ERROR"),
        ):
            self.run_recovery()
        self.assertEqual((self.row_of(first).state, self.row_of(second).state), ("sent", "succeeded"))

    def test_the_same_news_twenty_times_and_old_news_late(self):
        order, refund = self.waiting()
        refund_id, service = self.row_of(refund).id, self.env["fynlo.refund.service"]
        reference = next(iter(self.bank.refunds.values())).reference
        for state in ["succeeded"] * 10 + ["sent", "unknown", "reserved"] + ["failed"] * 10 + ["succeeded", "sent"]:
            service._conclude_refund(refund_id, RefundState(state, reference, 1200))
        self.env.cr.flush()
        self.assertEqual(self.row_of(refund).state, "failed")
        self.assertEqual((self.ledger(order, "refund_due"), self.ledger(order, "tender:open_banking")), (-1200, 1200))
        self.assertAddsUp(order)

    def test_news_of_a_payment_are_of_all_its_refunds(self):
        order = self.sold()
        first = self.refund(order, amount=self.money(500))["refunds"][0]
        self.bank.decides("failed")
        self.bank.says = ["sent"]
        second = self.refund(order, status=202)["refunds"][0]
        self.bank.decides("succeeded")
        payment = self.attempt(order["payments"][0])
        self.assertEqual(look_refunds(self.registry, payment.id), ["failed", "succeeded"])
        self.assertEqual(look_refunds(self.registry, payment.id), ["succeeded"])
        self.assertEqual((self.row_of(first).owed, self.row_of(second).state), (500, "succeeded"))
        self.assertAddsUp(order)

    # --- money that came too late --------------------------------------------------------

    def came_too_late(self):
        """A guest who pays by bank what the order no longer owes."""
        order = self.place()
        self.bank.answers = ["action_required"]
        payment = self.pay(order, 1200).json()
        self.done("POST", f"/payments/{payment['id']}:cancel")
        self.pay_cash(order, 1200, complete=True)
        self.bank.becomes("captured")
        self.assertEqual(self.look(payment).state, "refund_due")
        return order, payment

    def test_late_money_goes_back_by_itself(self):
        order, payment = self.came_too_late()
        self.bank.calls.clear()
        self.run_recovery()
        self.run_recovery()
        (refund,) = self.env["fynlo.refund"].search([("payment_id.fynlo_uuid", "=", payment["id"])])
        self.assertEqual((refund.kind, refund.state, refund.amount), ("late", "succeeded", 1200))
        self.assertEqual(self.bank.calls, ["refund"])
        self.assertEqual((self.bank.given_back(), self.attempt(payment).refunded), (1200, 1200))
        self.assertEqual((self.ledger(order, "refund_due"), self.ledger(order, "tender:open_banking")), (0, 0))
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (0, 1200))
        self.assertEqual(self.order(order)["payment"], "paid")
        self.assertEqual(self.readings("payments_stuck"), [])
        self.assertAddsUp(order)

    def test_late_money_that_the_bank_does_not_take_back_is_given_in_cash(self):
        order, payment = self.came_too_late()
        self.bank.says = [RefundState("failed", failure_code="returned")]
        self.run_recovery()
        self.run_recovery()
        (refund,) = self.env["fynlo.refund"].search([("payment_id.fynlo_uuid", "=", payment["id"])])
        self.assertEqual((refund.owed, self.bank.calls.count("refund")), (1200, 1))
        done = self.repeat({"id": refund.fynlo_uuid}, to_method="cash")
        self.assertEqual(done["refunds"][0]["state"], "succeeded")
        self.assertEqual((self.ledger(order, "refund_due"), self.ledger(order, "tender:cash")), (0, 0))
        self.assertEqual((self.booked(order, "open_banking"), self.booked(order, "cash")), (1200, 0))
        self.assertAddsUp(order)

    # --- whatever happens ----------------------------------------------------------------

    def test_any_sequence_of_refunds_and_answers(self):
        """Never more goes back than was taken, and in the end everything is where the ledger says."""
        for seed in range(4):
            with self.subTest(seed):
                order = self.wander(Random(seed))
                self.assertEqual(self.ledger(order, "refund_due"), 0)
                self.assertEqual(self.ledger(order, "tender:open_banking"), 1200 - self.bank_gave(order))

    def wander(self, chance):
        order = self.sold(700, 500)
        for _step in range(12):
            self.bank.executed = chance.random() < 0.5
            self.bank.says = [
                chance.choice(
                    ["succeeded", "sent", "unknown", RefundState("failed"), ProviderUnavailable("away"), TimeoutError()]
                )
                for _call in range(4)
            ]
            chance.choice([self.some_refund, self.some_refund, self.some_repeat, self.some_news])(order, chance)
            self.assertAddsUp(order)
            self.assertLessEqual(self.bank_gave(order), 1200)
        self.settle(order)
        return order

    def some_refund(self, order, chance):
        amount = chance.choice([1, 99, 350, 700, 1200, 1300])
        body = {"id": uuid7(), "reason": "x", "amount": self.money(amount)}
        if chance.random() < 0.2:
            body["to_method"] = "cash"
        answer = self.api("POST", f"/orders/{order['id']}/refunds", body, token=self.manager)
        self.assertIn(answer.status_code, (201, 202, 409), answer.text)

    def some_repeat(self, order, chance):
        owed = [refund for refund in self.of(order) if refund.owed]
        if owed:
            body = {"id": uuid7()} | ({"to_method": "cash"} if chance.random() < 0.5 else {})
            path = f"/refunds/{chance.choice(owed).fynlo_uuid}:repeat"
            self.assertIn(self.api("POST", path, body, token=self.manager).status_code, (201, 202))

    def some_news(self, order, chance):
        mine = [refund for refund in self.of(order) if refund.provider_key in self.bank.refunds]
        if mine:
            refund = chance.choice(mine)
            known = self.bank.refunds[refund.provider_key]
            state = chance.choice(["succeeded", "failed"])
            if known.state != "failed" and (known.state, refund.state) != ("succeeded", "failed"):
                self.bank.refunds[refund.provider_key] = RefundState(state, known.reference, known.amount)
            self.look_at({"id": refund.fynlo_uuid})

    def of(self, order):
        self.env.invalidate_all()
        return self.env["fynlo.refund"].search([("order_id.uuid", "=", order["id"])])

    def bank_gave(self, order):
        keys = set(self.of(order).mapped("provider_key"))
        known = [refund for key, refund in self.bank.refunds.items() if key in keys]
        return sum(refund.amount for refund in known if refund.state == "succeeded")

    def settle(self, order):
        """The provider decides everything and what is owed is given in cash: then nothing is left open."""
        self.bank.says, self.bank.executed = [], False
        for refund in self.of(order):
            known = self.bank.refunds.get(refund.provider_key)
            if known and known.state not in ("succeeded", "failed"):
                self.bank.refunds[refund.provider_key] = RefundState("succeeded", known.reference, known.amount)
        self.run_recovery()
        self.run_recovery()
        for refund in self.of(order):
            if refund.owed:
                self.repeat({"id": refund.fynlo_uuid}, to_method="cash")
        self.assertEqual({refund.state for refund in self.of(order)} - {"succeeded", "failed"}, set())
        refunded = self.order(order)["totals"]["refunded"]["amount"]
        self.assertEqual(self.bank_gave(order) - self.booked(order, "cash"), refunded)
        self.assertEqual(self.booked(order, "open_banking"), 1200 - self.bank_gave(order))
        self.assertAddsUp(order)
