"""Stuck payments in the back office: asked after and cancelled once the button's transaction is over."""

from unittest.mock import patch

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models import payment_desk
from ..providers.connection import ProviderUnavailable
from .bank import OutsideCase


@tagged("post_install", "-at_install")
class TestPaymentDesk(OutsideCase):
    def stuck(self, dishes=2):
        """A payment whose answer was lost although the bank has done its work; as the manager sees it."""
        order, body = self.place(dishes), self.wish(600 * dishes)
        self.bank.answers = [TimeoutError("read")]
        self.assertEqual(self.pay(order, 600 * dishes, body=body).status_code, 202)
        return order, self.attempt(body).with_user(self.employee("manager").user_id)

    def press(self, payments, button):
        """Press a button; its errand runs when the request is committed, before the answer goes out."""
        getattr(payments, button)()
        self.env.cr.flush()
        before = list(self.bank.calls)
        self.env.cr.postcommit.run()
        self.env.invalidate_all()
        return self.bank.calls[len(before) :]

    def test_looked_at_again(self):
        order, payment = self.stuck()
        self.assertEqual(payment.state, "unknown")
        calls = list(self.bank.calls)
        payment.action_look_again()
        self.assertEqual(self.bank.calls, calls)  # nobody is asked while the transaction is open
        self.env.cr.postcommit.clear()
        self.assertEqual(self.press(payment, "action_look_again"), ["find_by_key"])
        self.assertEqual(payment.state, "captured")
        self.assertBooked(order, 1200)
        self.assertEqual(self.press(payment, "action_look_again"), [])  # nothing more is to come
        self.assertBooked(order, 1200)

    def test_cancelled(self):
        order, payment = self.stuck()
        self.bank.becomes("action_required")
        self.assertIn("cancel", self.press(payment, "action_cancel_attempt"))
        self.assertEqual(payment.state, "cancelled")
        self.assertBooked(order, 0)
        actions = self.env["fynlo.audit.log"].search([("resource_id", "=", payment.fynlo_uuid)]).mapped("action")
        self.assertEqual(sorted(actions), ["payment.cancel", "payment.state", "payment.state"])

    def test_too_late_to_cancel_it_stays_paid(self):
        order, payment = self.stuck()
        self.press(payment, "action_cancel_attempt")
        self.assertEqual(payment.state, "captured")
        self.assertBooked(order, 1200)
        with self.assertRaises(Problem) as caught:
            payment.action_cancel_attempt()
        self.assertEqual(caught.exception.code, "illegal_transition")

    def test_a_provider_out_of_reach_changes_nothing(self):
        _order, one = self.stuck()
        _order, other = self.stuck(dishes=1)
        reached = type(self.bank).find_by_key

        def find(leg):
            if leg.uuid == one.fynlo_uuid:
                raise ProviderUnavailable("provider_unavailable")
            return reached(self.bank, leg)

        refused = None
        with patch.object(self.bank, "find_by_key", find):
            try:  # what was committed before the refusal stays, so no savepoint of assertRaises
                self.press(one + other, "action_look_again")
            except Problem as problem:
                refused = problem.code
        self.env.invalidate_all()
        self.assertEqual(refused, "provider_unavailable")
        self.assertEqual((one.state, other.state), ("unknown", "captured"))  # the other one was asked all the same

    def test_only_so_many_at_once(self):
        _order, payment = self.stuck()
        calls = list(self.bank.calls)
        with patch.object(payment_desk, "AT_ONCE", 0), self.assertRaises(UserError):
            payment.action_look_again()
        self.env.cr.postcommit.run()
        self.assertEqual(self.bank.calls, calls)

    def test_rolled_back_nobody_is_asked(self):
        _order, payment = self.stuck()
        calls = list(self.bank.calls)
        payment.action_look_again()
        self.env.cr.postcommit.clear()  # what a rollback does
        self.env.cr.postcommit.run()
        self.assertEqual(self.bank.calls, calls)

    def test_who_may(self):
        _order, payment = self.stuck()
        elsewhere = self.employee("manager", self.other_location).user_id
        for user in (elsewhere, self.employee("cashier").user_id):
            for button in ("action_look_again", "action_cancel_attempt"):
                with self.assertRaises(AccessError):
                    getattr(payment.with_user(user), button)()
        domain = [("code", "=", "payment.take"), ("company_id", "=", self.company.id)]
        self.env["fynlo.permission.map"].search(domain).manager = False
        self.env.flush_all()
        with self.assertRaises(Problem) as caught:
            payment.action_look_again()
        self.assertEqual(caught.exception.code, "permission_denied")
        self.assertEqual(payment.state, "unknown")

    def test_the_timeline_tells_every_state(self):
        _order, payment = self.stuck()
        self.press(payment, "action_look_again")
        told = [one["what"] for one in payment._fynlo_history()]
        for what in ("Asked for", "Payment: Sent", "Payment: Unknown", "Payment: Captured", "Ledger: Taken"):
            self.assertEqual(told.count(what), 1, told)
        steps = [one["detail"] for one in payment._fynlo_history() if one["what"] == "payment.state"]
        self.assertEqual(steps, ["sent → unknown", "unknown → captured"])

    def test_another_location_s_payment_is_not_found(self):
        _order, payment = self.stuck()
        identity = self.env["fynlo.access"].with_user(payment.env.user)._at_desk(self.location)
        with self.assertRaises(Problem) as caught:
            self.env["fynlo.payment.service"]._wish_seen(identity, uuid7())
        self.assertEqual(caught.exception.code, "not_found")
