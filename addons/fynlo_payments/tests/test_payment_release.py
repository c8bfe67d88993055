"""A payment that contradicts its provider: kept apart, freed by what the provider gave back, or by a manager."""

from dataclasses import replace

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..providers.connection import ProviderState
from .bank import OutsideCase

OTHER = {"amount": 1300, "amount_captured": 1300}


@tagged("post_install", "-at_install")
class TestPaymentRelease(OutsideCase):
    def contradicted(self, **said):
        """An order of 12.00 whose payment the bank tells otherwise: 13.00, unless ``said``."""
        self.bank.legs.clear()
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [ProviderState(**{"state": "captured", **(said or OTHER)})]
        self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
        payment = self.attempt(body)
        self.assertEqual((payment.state, payment.failure_code), ("unknown", "provider_mismatch"))
        return order, payment

    def refresh(self, payment):
        self.done("POST", f"/payments/{payment.fynlo_uuid}:refresh", key=False)
        self.env.invalidate_all()
        return payment.state

    def pay_in_cash(self, order):
        cash = {"id": uuid7(), "method": "cash", "amount": self.money(1200), "complete": True}
        return self.api("POST", f"/orders/{order['id']}/payments", cash, token=self.cashier, key=uuid7())

    def test_it_stays_apart_while_the_provider_keeps_money(self):
        order, payment = self.contradicted()
        for gone in (0, 1299):
            self.bank.becomes("captured", **OTHER, amount_refunded=gone)
            self.assertEqual(self.refresh(payment), "unknown")
        self.assertEqual(self.pay_in_cash(order).status_code, 409)
        self.assertEqual(self.order(order)["totals"]["reserved"], self.money(1200))

    def test_what_the_provider_gave_back_frees_the_order(self):
        for gone in (
            {"state": "captured", **OTHER, "amount_refunded": 1300},
            {"state": "cancelled", "amount": 1300, "amount_captured": 0},
            {"state": "expired", "amount": 1300, "amount_captured": 0},
        ):
            with self.subTest(gone):
                order, payment = self.contradicted()
                self.bank.becomes(gone.pop("state"), **gone)
                self.assertEqual(self.refresh(payment), "cancelled")
                self.assertEqual(payment.failure_code, "nothing_kept")
                self.assertEqual(self.pay_in_cash(order).status_code, 201)
                self.assertBooked(order, 1200)
                self.assertEqual(self.refresh(payment), "cancelled")

    def test_another_payment_that_ended_frees_nothing(self):
        _order, payment = self.contradicted()
        payment.provider_reference = "pi_of_this"
        self.bank.becomes("cancelled", reference="pi_of_another", amount=1300)
        self.assertEqual(self.refresh(payment), "unknown")

    def test_a_lost_answer_that_proves_to_be_of_another_amount(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [TimeoutError("read")]
        self.pay(order, 1200, body=body)
        payment = self.attempt(body)
        self.assertEqual((payment.state, payment.failure_code), ("unknown", False))
        self.bank.becomes("captured", **OTHER)
        self.assertEqual(self.refresh(payment), "unknown")
        self.assertEqual((payment.failure_code, payment.next_look_at), ("provider_mismatch", False))

    # --- by hand -------------------------------------------------------------------------

    def window(self, payment, role="manager", **values):
        own = payment.with_user(self.employee(role).user_id)
        action = own.action_release()
        window = own.env[action["res_model"]].with_context(**action["context"])
        return window.create({"reason": "Given back in the bank's own page", "seen": True, **values})

    def test_a_manager_settles_it_by_hand(self):
        order, payment = self.contradicted()
        self.window(payment).action_release()
        self.env.cr.flush()
        self.env.invalidate_all()
        self.assertEqual((payment.state, payment.failure_code), ("cancelled", "released_by_hand"))
        self.assertEqual(self.pay_in_cash(order).status_code, 201)
        self.assertBooked(order, 1200)
        entry = self.env["fynlo.audit.log"].search([("action", "=", "payment.released")])
        self.assertEqual((entry.resource_id, entry.reason), (payment.fynlo_uuid, "Given back in the bank's own page"))
        self.assertEqual(entry.actor, self.employee("manager").user_id.name)

    def test_the_till_is_told_that_nothing_was_taken(self):
        order, body, key = self.place(), self.wish(1200), uuid7()
        self.bank.answers = [ProviderState("captured", **OTHER)]
        self.assertEqual(self.pay(order, 1200, body=body, key=key).status_code, 202)
        self.window(self.attempt(body)).action_release()
        self.env.cr.flush()
        again = self.pay(order, 1200, body=body, key=key)
        self.assertProblem(again, "payment_declined", 402)
        self.assertEqual(again.json()["reason"], "released_by_hand")

    def test_whoever_has_not_looked_settles_nothing(self):
        _order, payment = self.contradicted()
        with self.assertRaises(UserError):
            self.window(payment, seen=False).action_release()
        self.assertEqual(payment.state, "unknown")

    def test_only_what_contradicts_its_provider(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [TimeoutError("read")]
        self.pay(order, 1200, body=body)
        with self.assertRaises(Problem) as caught:
            self.window(self.attempt(body)).action_release()
        self.assertEqual(caught.exception.code, "illegal_transition")

    def test_who_may(self):
        _order, payment = self.contradicted()
        with self.assertRaises(AccessError):
            self.window(payment, "cashier")
        domain = [("code", "=", "reconciliation.resolve"), ("company_id", "=", self.company.id)]
        self.env["fynlo.permission.map"].search(domain).manager = False
        self.env.flush_all()
        with self.assertRaises(Problem) as caught:
            self.window(payment).action_release()
        self.assertEqual(caught.exception.code, "permission_denied")
        self.assertEqual(payment.state, "unknown")

    def test_other_money_that_comes_after_all_is_told_of(self):
        _order, payment = self.contradicted()
        self.window(payment).action_release()
        with self.assertLogs("odoo.addons.fynlo_payments.models.payment_conclusion", "ERROR") as told:
            self.look(payment)
        self.assertIn(payment.fynlo_uuid, told.output[0])
        self.env.invalidate_all()
        self.assertEqual(payment.state, "cancelled")

    def test_money_that_comes_after_all_is_not_lost(self):
        order, payment = self.contradicted()
        self.window(payment).action_release()
        self.env.cr.flush()
        ((key, leg),) = self.bank.legs.items()
        self.bank.legs[key] = replace(leg, amount=1200, amount_captured=1200)
        self.look(payment)
        self.env.invalidate_all()
        self.assertEqual(payment.state, "captured")
        self.assertBooked(order, 1200)

    def look(self, payment):
        said = next(iter(self.bank.legs.values()))
        self.env["fynlo.payment.service"]._conclude(payment.id, said)
        self.env.cr.flush()
