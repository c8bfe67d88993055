"""What the simulated Stripe never says, scripted over a real socket; and signatures against published vectors."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import TestCase

import stripe

from ..providers.connection import Leg, NotificationRefused, ProviderUnavailable
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

    def test_too_many_requests_after_a_lost_try_say_nothing_of_that_try(self):
        busy = (429, {"error": {"type": "invalid_request_error", "code": "rate_limit"}})
        self.answers(None, *[busy] * 20)
        self.assertEqual(self.stripe.create(LEG).state, "unknown")

    def test_a_payment_stripe_does_not_know_is_not_called_failed(self):
        self.answers((404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}}))
        self.assertEqual(self.stripe.fetch(LEG).state, "unknown")

    def test_a_state_of_the_future_is_unknown(self):
        self.answers((200, INTENT | {"status": "levitating"}))
        self.assertEqual(self.stripe.fetch(LEG).state, "unknown")

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
