"""Stripe's answers, refusals and silences over a real socket, and its signatures against published vectors."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import TestCase

import stripe

from ..providers.connection import Leg, NotificationRefused, ProviderUnavailable, RefundLeg
from ..providers.stripe_client import StripeConnection, StripeSettings
from ..providers.stripe_client.notification import verify

VECTORS = json.loads((Path(__file__).parent / "vectors/stripe_webhook_signature.json").read_text())
KEY = "sk_test_only_for_tests"
LEG = Leg("leg-1", "key-1", 1250, "GBP", "order-1", "place-1", application_fee=12, reference="pi_1")
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 1250,
    "currency": "gbp",
    "status": "succeeded",
    "amount_received": 1250,
    "livemode": False,
    "metadata": {"leg_uuid": "leg-1"},
    "latest_charge": {
        "id": "ch_1",
        "object": "charge",
        "amount_refunded": 0,
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242", "funding": "debit"}},
    },
}


class Scripted(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's script; ``None`` drops the connection."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.script.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST

    def log_message(self, *_args):
        pass


class TestStripeConnection(TestCase):
    def setUp(self):
        super().setUp()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        self.server.asked, self.server.script = [], []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        base = f"http://127.0.0.1:{self.server.server_port}"
        self.stripe = StripeConnection(StripeSettings(KEY, False, ("whsec_a",), "acct_1", api_base=base))

    def answers(self, *script):
        self.server.script = list(script)

    def test_a_payment_carries_key_version_account_and_fee(self):
        self.answers((200, INTENT))
        state = self.stripe.create(LEG)
        self.assertEqual((state.state, state.amount_captured, state.currency), ("captured", 1250, "GBP"))
        self.assertEqual(state.card, {"brand": "visa", "last4": "4242", "funding": "debit"})
        _method, _path, headers, body = self.server.asked[0]
        sent = {name: headers[name] for name in ("Idempotency-Key", "Stripe-Version", "Stripe-Account")}
        self.assertEqual(list(sent.values()), ["key-1", "2023-10-16", "acct_1"])
        self.assertIn("application_fee_amount=12", body)

    def test_a_lost_answer_is_asked_again_under_the_same_key(self):
        self.answers(None, (200, INTENT))
        self.assertEqual(self.stripe.create(LEG).state, "captured")
        self.assertEqual([asked[2]["Idempotency-Key"] for asked in self.server.asked], ["key-1"] * 2)

    def test_silence_is_unknown_and_never_failed(self):
        self.answers(*[(500, {"error": {"type": "api_error"}})] * 20)
        self.assertEqual(self.stripe.create(LEG).state, "unknown")

    def test_too_many_requests_did_nothing_unless_an_earlier_try_was_lost(self):
        busy = (429, {"error": {"type": "invalid_request_error", "code": "rate_limit"}})
        self.answers(*[busy] * 20)
        with self.assertRaises(ProviderUnavailable):
            self.stripe.create(LEG)
        self.answers(None, *[busy] * 20)
        self.assertEqual(self.stripe.create(LEG).state, "unknown")

    def test_a_stolen_card_is_declined_like_any_other(self):
        error = {"type": "card_error", "code": "card_declined", "decline_code": "stolen_card", "payment_intent": INTENT}
        self.answers((402, {"error": error}))
        state = self.stripe.create(LEG)
        self.assertEqual((state.state, state.reference, state.failure_code), ("failed", "pi_1", "card_declined"))

    def test_a_payment_stripe_does_not_know_is_not_called_failed(self):
        self.answers((404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}}))
        self.assertEqual(self.stripe.fetch(LEG).state, "unknown")

    def test_too_late_to_cancel_says_what_it_became(self):
        error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}
        self.answers((400, {"error": error}), (200, INTENT))
        self.assertEqual(self.stripe.cancel(LEG).state, "captured")

    def test_a_state_of_the_future_is_unknown(self):
        self.answers((200, INTENT | {"status": "levitating"}))
        self.assertEqual(self.stripe.fetch(LEG).state, "unknown")

    def test_an_old_leg_is_looked_for_and_not_posted_again(self):
        old = Leg("leg-1", "key-1", 1250, "GBP", "o", "p", sent_at=datetime.now(UTC) - timedelta(hours=24))
        self.answers((200, {"object": "list", "data": [INTENT], "has_more": False}))
        self.assertEqual(self.stripe.create(old).state, "captured")
        self.assertEqual([asked[0] for asked in self.server.asked], ["GET"])

    def test_a_leg_just_sent_is_not_yet_certainly_missing(self):
        empty = (200, {"object": "list", "data": [], "has_more": False})
        for age, expected in ((1, "unknown"), (600, None)):
            self.answers(empty)
            leg = Leg("x", "k", 1, "GBP", "o", "p", sent_at=datetime.now(UTC) - timedelta(seconds=age))
            found = self.stripe.find_by_key(leg)
            self.assertEqual(found and found.state, expected)

    def test_a_pending_refund_is_not_yet_given_back(self):
        self.answers((200, {"id": "re_1", "object": "refund", "amount": 50, "status": "pending"}))
        self.assertEqual(self.stripe.refund(RefundLeg("r", "rk", 50, LEG)).state, "sent")

    def notified(self, secrets=("whsec_a",), account="acct_1", livemode=False):
        subject = {"object": "charge", "payment_intent": "pi_1", "metadata": {"leg_uuid": "leg-1"}}
        event = {"id": "evt_1", "type": "charge.refunded", "created": 1700000000, "data": {"object": subject}}
        body = json.dumps(event | {"account": account, "livemode": livemode})
        signed = stripe.WebhookSignature.generate_signature_header(body, "whsec_a", timestamp=1700000000)
        reader = StripeConnection(StripeSettings(KEY, False, secrets, "acct_1"))
        now = datetime.fromtimestamp(1700000000, UTC)
        return reader.read_notification("POST", "/", {"stripe-signature": signed}, body.encode(), now)

    def test_a_notification_names_the_payment_to_fetch_again(self):
        for secrets in (("whsec_a",), ("whsec_new", "whsec_a")):
            (event,) = self.notified(secrets)
            self.assertEqual((event.id, event.reference, event.leg_uuid), ("evt_1", "pi_1", "leg-1"))

    def test_a_notification_of_another_account_mode_or_secret_is_refused(self):
        for other in ({"account": "acct_2"}, {"livemode": True}, {"secrets": ("whsec_b",)}):
            with self.subTest(other), self.assertRaises(NotificationRefused):
                self.notified(**other)

    def test_without_a_secret_no_notification_is_read(self):
        for secrets in ((), ("",)):
            with self.assertRaises(ProviderUnavailable):
                self.notified(secrets)

    def test_a_test_key_is_refused_for_a_live_location(self):
        with self.assertRaises(ProviderUnavailable):
            StripeConnection(StripeSettings(KEY, True))

    def test_keys_are_not_shown(self):
        self.assertNotIn(KEY, repr(StripeSettings(KEY, False, ("whsec_a",))))


class TestStripeSignatures(TestCase):
    def test_vectors(self):
        judged = 0
        for case in VECTORS["cases"]:
            if not isinstance(case.get("body"), str) or not isinstance(case.get("header"), str):
                continue
            with self.subTest(case["name"]):
                age = case.get("age_s", 0)
                now = datetime.fromtimestamp(VECTORS["timestamp"] + age, UTC)
                secret = case.get("secret", VECTORS["secret"])
                good = case["library_accepts"] and age >= -300
                judged += 1
                if good:
                    verify(case["body"].encode(), case["header"], [secret], now)
                else:
                    with self.assertRaises(NotificationRefused):
                        verify(case["body"].encode(), case["header"], [secret], now)
        self.assertGreaterEqual(judged, 10)
