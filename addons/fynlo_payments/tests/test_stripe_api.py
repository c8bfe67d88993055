"""Cards over HTTP: till, service and ledger on one side, a Stripe of this machine on the other."""

import os
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from simulators.stripe import intents
from simulators.stripe.control import behave

from ..models import provider_notification, stripe_health
from ..providers.connection import Event
from .stripe_shop import ACCOUNT, StripeCase
from .test_query_budgets import heard_requests

CREATE = "POST /v1/payment_intents$"


@tagged("post_install", "-at_install")
class TestStripePayments(StripeCase):
    def test_a_card_pays_the_order(self):
        order = self.place()
        answer = self.card(order, 1200, tip=self.money(150), payment_method="pm_card_visa_debit", complete=True)
        self.assertEqual(answer.status_code, 201, answer.text)
        taken = answer.json()
        self.assertEqual((taken["state"], taken["method"], taken["card"]["last4"]), ("captured", "stripe", "5556"))
        self.assertEqual((taken["provider"]["livemode"], taken["order"]["state"]), (False, "completed"))
        self.assertBooked(order, 1350)
        (charge,) = self.charged()
        self.assertEqual((charge["amount"], taken["provider"]["reference"]), (1350, charge["payment_intent"]))

    def test_the_payments_route_is_the_same(self):
        order = self.place()
        taken = self.pay(order, 1200, method="stripe", details={"payment_method": "pm_card_visa"})
        self.assertEqual((taken.status_code, taken.json()["state"]), (201, "captured"))
        self.assertBooked(order, 1200)

    def test_statements(self):
        """All three transactions together; what only a live server adds is not in it."""
        for _ in range(2):
            with heard_requests() as lines:
                self.pay(self.place(), 1200, method="stripe", details={"payment_method": "pm_card_visa"}, complete=True)
        (taken,) = [line["queries"] for line in lines if line["route"].endswith("/payments")]
        self.assertLessEqual(taken, 39)

    def test_declined_in_words(self):
        order = self.place()
        key = uuid7()
        body = {"payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds", "id": uuid7()}
        for _ in range(2):
            answer = self.card(order, 1200, key=key, **body)
            self.assertProblem(answer, "payment_declined", 402)
            told = answer.json()
            self.assertEqual(told["reason"], "insufficient_funds")
            self.assertIn("not enough money", told["detail"])
            self.assertIn("not enough money", told["payment"]["failure"]["message"])
        self.assertEqual(self.charged(), [])
        self.assertEqual([row["status"] for row in self.books.kept["payment_intent"].values()], ["canceled"])
        self.assertBooked(order, 0)
        stolen = self.card(order, 1200, payment_method="pm_card_visa_chargeDeclinedStolenCard")
        self.assertEqual(stolen.json()["reason"], "card_declined")
        self.assertNotIn("stolen", stolen.text)

    def test_a_lost_answer_is_one_charge(self):
        order = self.place()
        with self.server.faults.script((CREATE, "error_after", 1)):
            answer = self.card(order, 1200, payment_method="pm_card_visa", complete=True)
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "unknown"))
        self.assertEqual(self.order(order)["totals"]["reserved"], self.money(1200))
        self.assertProblem(self.card(order, 1200, payment_method="pm_card_visa"), "payment_in_progress", 409)
        attempt = self.look(answer.json())
        self.assertEqual(attempt.state, "captured")
        self.assertEqual(len(self.charged()), 1)
        self.assertBooked(order, 1200)

    def test_too_busy_is_503_and_takes_nothing(self):
        order = self.place()
        with self.server.faults.script((CREATE, "busy", 9)):
            self.assertProblem(self.card(order, 1200, payment_method="pm_card_visa"), "provider_busy", 503)
        self.assertBooked(order, 0)
        self.assertEqual(self.card(order, 1200, payment_method="pm_card_visa").status_code, 201)

    def test_the_bank_asks_and_the_till_hears(self):
        order = self.place()
        asked = self.card(order, 1200, payment_method="pm_card_threeDSecure2Required", complete=True)
        self.assertEqual((asked.status_code, asked.json()["state"]), (202, "action_required"))
        self.assertEqual(asked.json()["action"]["type"], "use_stripe_sdk")
        self.env.cr.execute("SELECT * FROM fynlo_idempotency WHERE resource_id = %s", (asked.json()["id"],))
        self.assertNotIn("_secret_", str(self.env.cr.fetchall()))
        (intent,) = self.books.kept["payment_intent"].values()
        with self.server.request():
            intents.authenticate(self.books, intent, True)
        self.assertEqual(self.look(asked.json()).state, "captured")
        self.assertBooked(order, 1200)

    def test_a_reader_collects_and_the_till_captures_a_part(self):
        order = self.place()
        made = self.card(order, 1200, card_present=True, capture="manual").json()
        self.assertEqual((made["state"], bool(made["action"]["client_secret"])), ("action_required", True))
        (intent,) = self.books.kept["payment_intent"].values()
        self.assertEqual(intent["payment_method_types"], ["card_present"])
        with self.server.request():
            intents.present(self.books, intent, "pm_card_visa")
        self.assertEqual(self.look(made).state, "authorised")
        done = self.step(made, "capture", {"amount": self.money(700)})
        self.assertEqual((done.status_code, done.json()["amount"]), (200, self.money(700)), done.text)
        self.assertBooked(order, 700)

    def test_a_payment_without_a_card_is_confirmed_later(self):
        order = self.place()
        made = self.card(order, 1200).json()
        self.assertEqual(made["state"], "action_required")
        done = self.step(made, "confirm", {"payment_method": "pm_card_visa"})
        self.assertEqual((done.status_code, done.json()["state"]), (200, "captured"), done.text)
        again = self.step(made, "confirm", {"payment_method": "pm_card_visa"})
        self.assertEqual((again.status_code, again.json()["state"]), (200, "captured"))
        self.assertEqual(len(self.charged()), 1)
        self.assertBooked(order, 1200)

    def test_a_card_that_is_declined_later_ends_the_payment(self):
        order = self.place()
        made = self.card(order, 1200).json()
        declined = self.step(made, "confirm", {"payment_method": "pm_card_chargeDeclined"})
        self.assertProblem(declined, "payment_declined", 402)
        self.assertEqual([row["status"] for row in self.books.kept["payment_intent"].values()], ["canceled"])
        self.assertBooked(order, 0)
        self.assertEqual(self.card(order, 1200, payment_method="pm_card_visa").status_code, 201)

    def test_stolen_cards_are_not_tried_out_on_payments_that_wait(self):
        order = self.place()
        waiting = [self.card(order, 100).json() for _ in range(8)]
        codes = [
            self.step(each, "confirm", {"payment_method": "pm_card_chargeDeclined"}).status_code for each in waiting
        ]
        self.assertEqual(codes, [402] * 6 + [429] * 2)
        self.assertEqual(len(self.books.kept["charge"]), 6)

    def test_where_payments_are_made_stays_while_one_is_open(self):
        order = self.place()
        made = self.card(order, 1200).json()
        for field, value in (("mode", "live"), ("account", "acct_other"), ("key", "SOHO"), ("mode", False)):
            with self.subTest(field), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.location[f"fynlo_stripe_{field}"] = value
                self.env.flush_all()
        self.env.invalidate_all()
        self.step(made, "cancel")
        self.location.fynlo_stripe_account = "acct_other"

    def test_given_back_in_parts_and_no_further(self):
        order = self.place()
        taken = self.card(order, 1200, payment_method="pm_card_visa", complete=True).json()
        for amount, left in ((500, 700), (700, 0)):
            body = {"id": uuid7(), "amount": self.money(amount), "reason": "Cold"}
            done = self.step(taken, "refund", body, token=self.manager, key=uuid7())
            self.assertIn(done.status_code, (200, 201), done.text)
            self.assertEqual(done.json()["refunds"][0]["state"], "succeeded")
            (charge,) = self.charged()
            self.assertEqual(charge["amount_captured"] - charge["amount_refunded"], left)
        again = {"id": uuid7(), "amount": self.money(1), "reason": "Cold"}
        self.assertIn(self.step(taken, "refund", again, token=self.manager, key=uuid7()).status_code, (409, 422))
        self.assertEqual(len(self.books.kept["refund"]), 2)

    def test_a_waiter_gives_nothing_back(self):
        order = self.place()
        taken = self.card(order, 1200, payment_method="pm_card_visa", complete=True).json()
        body = {"id": uuid7(), "amount": self.money(500), "reason": "Cold"}
        refused = self.step(taken, "refund", body, token=self.sign_in("server"), key=uuid7())
        self.assertProblem(refused, "permission_denied", 403)
        self.assertEqual(self.books.kept["refund"], {})

    def test_cancelled_before_the_guest_pays(self):
        order = self.place()
        made = self.card(order, 1200).json()
        done = self.step(made, "cancel")
        self.assertEqual((done.status_code, done.json()["state"]), (200, "cancelled"), done.text)
        self.assertBooked(order, 0)
        taken = self.card(order, 1200, payment_method="pm_card_visa").json()
        self.assertProblem(self.step(taken, "cancel"), "illegal_transition", 409)

    def test_another_amount_than_was_asked_for_settles_nothing(self):
        for behaviour in ("other_amount", "other_currency"):
            order = self.place()
            behave(self.server, behaviour)
            answer = self.card(order, 1200, payment_method="pm_card_visa")
            self.assertEqual((answer.status_code, answer.json()["state"]), (202, "unknown"), answer.text)
            self.assertEqual(answer.json()["failure"]["code"], "provider_mismatch")
            self.assertEqual(self.order(order)["totals"]["paid"], self.money(0))

    def test_the_same_wish_again_is_one_charge(self):
        order = self.place()
        key, body = uuid7(), {"id": uuid7(), "payment_method": "pm_card_visa"}
        codes = [self.card(order, 1200, key=key, **body).status_code for _ in range(10)]
        self.assertEqual(set(codes), {201})
        self.assertEqual(len(self.charged()), 1)

    def test_what_no_shape_allows(self):
        order = self.place()
        for bad in (
            {"payment_method": "4242424242424242"},
            {"payment_method": "pm_1&amount=1"},
            {"payment_method": "pm_1", "token": "tok_visa"},
            {"token": "tok_visa", "card_present": True},
            {"application_fee_amount": 1},
            {"capture": "never"},
        ):
            with self.subTest(bad):
                self.assertEqual(self.card(order, 1200, **bad).status_code, 422)
        for amount in (0, -5, 1201):
            self.assertIn(self.card(order, amount, payment_method="pm_card_visa").status_code, (409, 422))
        self.assertEqual(self.books.kept["payment_intent"], {})

    def test_other_payments_are_not_there(self):
        order = self.place()
        cash = self.pay(order, 1200, method="cash").json()
        self.assertProblem(
            self.api("GET", f"/stripe/payment-intents/{cash['id']}", token=self.cashier), "not_found", 404
        )
        for verb, body in (("capture", {}), ("cancel", None), ("confirm", {"payment_method": "pm_card_visa"})):
            self.assertProblem(self.step(cash, verb, body), "not_found", 404)
            self.assertProblem(self.step({"id": uuid7()}, verb, body), "not_found", 404)

    def test_who_may(self):
        order, waiter = self.place(), self.sign_in("kitchen")
        answer = self.card(order, 1200, bearer=waiter, payment_method="pm_card_visa")
        self.assertProblem(answer, "permission_denied", 403)
        self.assertEqual(self.books.kept["payment_intent"], {})


@tagged("post_install", "-at_install")
class TestStripeForTills(StripeCase):
    def test_config_tells_nothing_secret(self):
        told = self.done("GET", "/stripe/config", token=self.cashier)
        expected = {
            "mode": "test",
            "livemode": False,
            "publishable_key": "pk_test_shown",
            "api_version": "2023-10-16",
            "account": ACCOUNT,
            "capture": "automatic",
            "terminal_location": "tml_room",
        }
        self.assertEqual(told, expected)
        self.location.fynlo_stripe_mode = False
        self.env.flush_all()
        self.assertProblem(self.api("GET", "/stripe/config", token=self.cashier), "provider_unavailable", 503)

    def test_a_readers_key(self):
        answer = self.api("POST", "/stripe/connection-tokens", token=self.cashier, key=False)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertTrue(answer.json()["secret"].startswith("pst_test_"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        (seen,) = [wish for name, _headers, wish in self.server.seen if name.endswith("connection_tokens")]
        self.assertEqual(seen, {"location": "tml_room"})

    def test_no_readers_key_for_anybody_else(self):
        kitchen = self.sign_in("kitchen")
        refused = self.api("POST", "/stripe/connection-tokens", token=kitchen, key=False)
        self.assertProblem(refused, "permission_denied", 403)
        self.location.fynlo_stripe_terminal_location = False
        self.env.flush_all()
        refused = self.api("POST", "/stripe/connection-tokens", token=self.cashier, key=False)
        self.assertProblem(refused, "location_not_ready", 409)
        self.assertFalse(self.server.requests)

    def test_health(self):
        told = self.done("GET", "/stripe/health")
        self.assertEqual((told["usable"], told["detail"], told["mode"], told["open_payments"]), (True, "", "test", 0))
        self.assertProblem(self.api("GET", "/stripe/health", token=self.cashier), "permission_denied", 403)

    def test_health_tells_what_is_wrong(self):
        self.server.accounts.revoked.add("sk_test_only_for_tests")
        told = self.done("GET", "/stripe/health")
        self.assertEqual((told["usable"], told["detail"]), (False, "The key is refused."))
        with patch.dict(os.environ, {"FYNLO_STRIPE_TEST_SECRET_KEY_FILE": ""}):
            told = self.done("GET", "/stripe/health")
        self.assertFalse(told["usable"])
        self.assertIn("not set up", told["detail"])
        self.assertIsNone(told["checked_at"])

    def asked(self):
        """How often Stripe was asked for the balance."""
        return len([name for name, *_rest in self.server.seen if name == "GET /v1/balance"])

    def test_stripe_is_asked_once_a_minute(self):
        first = self.done("GET", "/stripe/health")
        self.server.accounts.revoked.add("sk_test_only_for_tests")
        with patch.object(stripe_health.clock, "now", lambda: now() + timedelta(seconds=55)):
            self.assertEqual(self.done("GET", "/stripe/health"), first)
        self.assertEqual(self.asked(), 1)
        with patch.object(stripe_health.clock, "now", lambda: now() + timedelta(seconds=61)):
            later = self.done("GET", "/stripe/health")
        self.assertEqual((later["usable"], later["detail"], self.asked()), (False, "The key is refused.", 2))
        self.assertGreater(later["checked_at"], first["checked_at"])

    def test_another_account_or_key_is_asked_at_once(self):
        self.done("GET", "/stripe/health")
        self.location.fynlo_stripe_account = "acct_other"
        self.env.flush_all()
        self.assertEqual((self.done("GET", "/stripe/health")["account"], self.asked()), ("acct_other", 2))
        self.file("test", "sk_test_mistyped")
        self.server.accounts.revoked.add("sk_test_mistyped")
        self.assertEqual((self.done("GET", "/stripe/health")["usable"], self.asked()), (False, 3))

    def test_health_tells_when_stripe_was_last_heard(self):
        self.assertIsNone(self.done("GET", "/stripe/health")["last_notification_s"])
        at, inbox = now(), self.env["fynlo.payment.notification"]
        for ago, account, livemode in ((300, ACCOUNT, False), (90, "acct_other", False), (60, ACCOUNT, True)):
            with patch.object(provider_notification, "now", lambda ago=ago: at - timedelta(seconds=ago)):
                inbox._receive("stripe", [Event(f"evt_{ago}", "charge.x", account=account, livemode=livemode)])
        with patch.object(stripe_health.clock, "now", lambda: at):
            self.assertEqual(self.done("GET", "/stripe/health")["last_notification_s"], 300)

    def test_health_counts_what_is_open(self):
        order = self.place()
        with self.server.faults.script((CREATE, "error_after", 1)):
            taken = self.card(order, 1200, payment_method="pm_card_visa").json()
        attempt = self.attempt(taken)
        attempt.sudo().sent_at = now() - timedelta(minutes=5)
        self.env.flush_all()
        told = self.done("GET", "/stripe/health")
        self.assertEqual(told["open_payments"], 1)
        self.assertGreaterEqual(told["oldest_open_s"], 300)
