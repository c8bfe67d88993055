"""Refunds by a provider outside this server, over real HTTP: each way a call can end, and what the till is told."""

import os
from datetime import timedelta
from threading import Event
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers import refund_answers
from ..controllers.refund_shapes import RefundsView
from ..models import provider_call, refund_call
from ..providers.connection import ProviderUnavailable, RefundState
from .refund_bank import RefundCase
from .test_payments_outside import Inline

TIMED_OUT = RefundState("unknown")


@tagged("post_install", "-at_install")
class TestRefundsOutside(RefundCase):
    def test_given_at_once(self):
        order = self.sold(1200, tip=self.money(150))
        done = self.refund(order)
        RefundsView.model_validate(done)
        (refund,) = done["refunds"]
        self.assertEqual(
            (refund["state"], refund["amount"], refund["tip"]), ("succeeded", self.money(1350), self.money(150))
        )
        self.assertEqual(refund["provider"]["reference"], f"re_{refund['id'][-12:]}")
        self.assertEqual(
            (done["order"]["payment"], done["order"]["payments"][0]["refunded"]), ("refunded", self.money(1350))
        )
        self.assertEqual((self.bank.given_back(), self.bank.calls.count("refund")), (1350, 1))
        self.assertEqual((self.booked(order, "open_banking"), self.ledger(order, "tender:open_banking")), (0, 0))
        self.assertAddsUp(order)

    def test_part_by_part(self):
        order = self.sold()
        line = order["lines"][0]["id"]
        first = self.refund(order, lines=[{"line_id": line, "quantity": "1"}])
        second = self.refund(order, amount=self.money(250))
        self.assertEqual((first["order"]["payment"], second["order"]["payment"]), ("partly_refunded",) * 2)
        self.assertEqual(self.bank.given_back(), 850)
        self.refund(order)
        self.assertEqual(self.bank.given_back(), 1200)
        self.assertProblem(self.ask(order), "nothing_to_refund", 409)
        self.assertAddsUp(order)

    def ask(self, order, **values):
        body = {"id": uuid7(), "reason": "cold", **values}
        return self.api("POST", f"/orders/{order['id']}/refunds", body, token=self.manager)

    def test_nothing_is_open_and_the_refund_is_kept_while_the_provider_is_asked(self):
        order, seen = self.sold(), []
        real = self.bank.refund

        def refund(leg):
            with self.registry.cursor() as cr:
                cr.execute(
                    "SELECT state, provider_key = %s, sent_at IS NOT NULL FROM fynlo_refund WHERE fynlo_uuid = %s",
                    (leg.key, leg.uuid),
                )
                seen.append(cr.fetchone())
            return real(leg)

        with patch.object(self.bank, "refund", refund), patch.object(provider_call, "_pool", Inline):
            self.refund(order)
        self.assertEqual(seen, [("sent", True, True)])

    def test_a_provider_that_hangs_keeps_no_till_waiting(self):
        order, answered = self.sold(), Event()
        self.addCleanup(answered.set)
        real = self.bank.refund

        def refund(leg):
            given = real(leg)
            answered.wait(60)
            return given

        with patch.object(self.bank, "refund", refund), patch.dict(os.environ, FYNLO_PROVIDER_PATIENCE="0.1"):
            kept = self.refund(order, status=202)["refunds"][0]
        self.assertEqual(kept["state"], "sent")
        self.assertEqual(self.look_at(kept)["state"], "succeeded")
        self.assertEqual((self.bank.given_back(), len(self.bank.refunds)), (1200, 1))

    def test_a_provider_that_takes_its_time(self):
        order, key = self.sold(), uuid7()
        self.bank.says = ["sent"]
        body = {"id": uuid7(), "reason": "cold"}
        done = self.done("POST", f"/orders/{order['id']}/refunds", body, status=202, key=key)
        refund = done["refunds"][0]
        self.assertEqual((refund["state"], done["order"]["payment"]), ("sent", "refunded"))
        again = self.api("POST", f"/orders/{order['id']}/refunds", body, token=self.manager, key=key)
        self.assertEqual((again.status_code, again.json()), (202, done))
        self.assertEqual((self.ledger(order, "tender:open_banking"), self.booked(order, "open_banking")), (1200, 0))
        self.bank.decides("succeeded")
        self.assertEqual(self.look_at(refund)["state"], "succeeded")
        self.assertEqual(self.look_at(refund)["state"], "succeeded")
        self.assertEqual(self.bank.calls.count("refund"), 1)
        self.assertEqual(self.ledger(order, "tender:open_banking"), 0)
        self.assertAddsUp(order)

    def test_a_repetition_is_answered_as_it_ended(self):
        order, key, body = self.sold(), uuid7(), {"id": uuid7(), "reason": "cold"}
        path = f"/orders/{order['id']}/refunds"
        first = self.done("POST", path, body, status=201, key=key)
        again = self.api("POST", path, body, token=self.manager, key=key)
        self.assertEqual((again.status_code, again.json(), again.headers["Idempotent-Replayed"]), (201, first, "true"))
        self.assertEqual(self.bank.calls.count("refund"), 1)

    def test_no_answer_is_no_failure(self):
        for executed in (True, False):
            with self.subTest(executed=executed):
                order = self.sold()
                self.bank.calls, self.bank.executed, self.bank.says = [], executed, [ConnectionResetError()]
                with self.assertLogs("odoo.addons.fynlo_payments.models.refund_call", "ERROR"):
                    refund = self.refund(order, status=202)["refunds"][0]
                self.assertEqual(refund["state"], "unknown")
                self.assertEqual(self.look_at(refund)["state"], "succeeded")
                self.assertEqual(self.bank.calls, ["refund", "find_refund_by_key"] + ["refund"] * (not executed))
                self.assertAddsUp(order)
        self.assertEqual(self.bank.given_back(), 2400)

    def test_a_provider_out_of_reach_is_asked_later_under_the_same_key(self):
        order = self.sold()
        self.bank.says = [ProviderUnavailable("provider_unavailable")]
        refund = self.refund(order, status=202)["refunds"][0]
        self.assertEqual((refund["state"], self.bank.refunds), ("sent", {}))
        key = self.row_of(refund).provider_key
        self.run_recovery()
        self.assertEqual(list(self.bank.refunds), [key])
        self.assertEqual(self.row_of(refund).state, "succeeded")

    def test_a_crash_before_the_call_and_one_after_it(self):
        """The process dies between two of the three transactions; the recovery job finishes what it began."""
        for name in ("give_back", "_apply"):
            with self.subTest(name):
                order = self.sold()
                module = refund_answers if name == "give_back" else refund_call
                body = {"id": uuid7(), "reason": "cold"}
                with patch.object(module, name, side_effect=SystemError("killed")):
                    crashed = self.api("POST", f"/orders/{order['id']}/refunds", body, token=self.manager)
                self.assertEqual(crashed.status_code, 500)
                self.assertEqual(self.row_of(body).state, "sent")
                self.assertProblem(self.ask(order), "nothing_to_refund", 409)
                self.run_recovery()
                self.assertEqual(self.row_of(body).state, "succeeded")
                self.assertAddsUp(order)
        self.assertEqual((self.bank.given_back(), len(self.bank.refunds)), (2400, 2))

    def test_past_the_life_of_its_key_a_refund_is_never_sent_again(self):
        order = self.sold()
        self.bank.says = [ProviderUnavailable("provider_unavailable")]
        refund = self.refund(order, status=202)["refunds"][0]
        self.row_of(refund).sent_at = now() - timedelta(hours=23, minutes=1)
        self.env.flush_all()
        looked = self.look_at(refund)
        self.assertEqual((looked["state"], looked["failure"]["code"]), ("failed", "never_arrived"))
        self.assertEqual((self.bank.calls.count("refund"), looked["owed"]), (1, self.money(1200)))

    def test_a_provider_that_speaks_of_other_money(self):
        order = self.sold()
        self.bank.says = [RefundState("succeeded", amount=1)]
        with self.assertLogs("odoo.addons.fynlo_payments.models.refund_conclusion", "ERROR"):
            refund = self.refund(order, status=202)["refunds"][0]
        self.assertEqual((refund["state"], refund["failure"]["code"]), ("unknown", "provider_mismatch"))
        self.assertEqual(self.ledger(order, "tender:open_banking"), 1200)
        (reading,) = self.readings("refunds_unanswered")
        self.assertEqual(reading.note, order["number"])

    def test_not_set_up_any_more(self):
        order = self.sold()
        provider = type(self.env["fynlo.provider.open_banking"])
        with patch.object(provider, "_connection", side_effect=ProviderUnavailable("provider_unavailable")):
            self.assertProblem(self.ask(order), "refund_unavailable", 422)
            done = self.refund(order, to_method="cash")
        self.assertEqual((done["refunds"][0]["method"], done["refunds"][0]["state"]), ("cash", "succeeded"))

    def test_a_sold_card_that_was_spent_is_found_out_before_the_provider_is_asked(self):
        order, code = self.sold_card(), "TEST-7K2M-Q9TX"
        body = {"id": uuid7(), "code": code, "line_id": order["lines"][0]["id"]}
        self.done("POST", "/gift-cards", body, status=201)
        other = self.place(1)
        spent = {"id": uuid7(), "method": "gift_card", "amount": self.money(100), "details": {"code": code}}
        self.done("POST", f"/orders/{other['id']}/payments", spent, status=201)
        self.assertProblem(self.ask(order), "gift_card_balance", 409)
        self.assertEqual(self.bank.refunds, {})
        self.assertEqual(self.order(order)["totals"]["refunded"], self.money(0))
        self.assertAddsUp(order)

    def sold_card(self):
        """An order of a gift card, paid by bank."""
        card = self.env["product.product"].create(
            {
                "name": "Gift card", "list_price": 25.0, "available_in_pos": True, "type": "service",
                "taxes_id": False, "fynlo_gift_card": True,
            }
        )  # fmt: skip
        line = {"id": uuid7(), "variant_id": card.fynlo_uuid, "quantity": "1"}
        order = self.done("POST", "/orders", {"id": uuid7(), "lines": [line]}, status=201, token=self.cashier)
        return self.paid(order, 2500, complete=True)
