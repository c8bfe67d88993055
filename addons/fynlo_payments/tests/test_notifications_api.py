"""Where providers send their notifications, over HTTP: what is taken, what is refused, what is kept of it."""

import json
import os
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import stripe
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tools.settings import RateLimit, settings
from odoo.tests import tagged
from odoo.tests.common import _super_send

from simulators.bank.server import BankServer
from simulators.bank.signing import notification_headers

from ..controllers import provider_notifications
from ..controllers.provider_notifications import MAX_BODY
from ..providers.connection import Event
from ..providers.stripe_client import StripeConnection, StripeSettings
from ..providers.truelayer_client import Account, TrueLayerConnection, loopback

BANK, STRIPE = "/api/v1/open-banking/webhook/truelayer", "/api/v1/stripe/webhook"
PRIVATE = (Path(__file__).parent / "truelayer" / "ec512-private.pem").read_bytes()
SECRET, OLD_SECRET = "whsec_new", "whsec_old"
CLIENT_SECRET = "pi_1_secret_do_not_keep"


class NotificationCase(ApiCase):
    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        assert request.url.startswith("http://127.0.0.1:"), request.url
        return _super_send(session, request, **options)

    def setUp(self):
        super().setUp()
        self.inbox = self.env["fynlo.payment.notification"]
        self.registry.clear_cache()
        self.before = self.inbox.search([])

    def kept(self):
        self.env.invalidate_all()
        return self.inbox.search([], order="id") - self.before

    def listen(self, code, listener):
        """Have the provider ``code`` verify its notifications with ``listener``."""
        model = self.registry["fynlo.provider.open_banking"]
        self.enterContext(patch.dict(self.registry.models, {f"fynlo.provider.{code}": model}))
        self.patch(model, "_listener", lambda _self: listener)

    def post(self, path, body, headers=None):
        return self.url_open(path, data=body, headers=headers or {}, method="POST", timeout=30)

    def assertTaken(self, response):
        self.assertEqual((response.status_code, response.json()), (200, {"received": True}), response.text)
        self.assertNotIn("Set-Cookie", response.headers)

    def assertRefused(self, response, code, status):
        self.assertProblem(response, code, status)
        self.assertFalse(self.kept(), "a refused notification left something behind")
        return response


@tagged("post_install", "-at_install")
class TestBankNotifications(NotificationCase):
    def setUp(self):
        super().setUp()
        self.server = BankServer()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        account = Account("id", "hidden", "kid", PRIVATE, "m-1", "pay@example.com", "https://pay.example/back")
        self.listen("open_banking", TrueLayerConnection(loopback(self.server.base), account))

    def event(self, **values):
        return {"type": "payment_executed", "event_id": str(uuid4()), "payment_id": str(uuid4()), **values}

    def signed_at(self, moment, body, path=BANK):
        text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return notification_headers(path, body, text, f"{self.server.base}/.well-known/jwks")

    def test_the_bank_s_word_is_kept_once(self):
        event = self.event(metadata={"leg_uuid": "leg-1"}, remitter={"account_number": "12345678"})
        for _turn in range(3):
            headers, body = self.server.signed(BANK, event)
            self.assertTaken(self.post(BANK, body, headers))
        told = self.kept()
        self.assertEqual(
            (told.provider, told.event_id, told.kind, told.reference, told.leg_uuid, told.state),
            ("open_banking", event["event_id"], "payment_executed", event["payment_id"], "leg-1", "received"),
        )
        self.assertNotIn("12345678", json.dumps(told.read(), default=str))

    def test_not_the_bank_s_word(self):
        headers, body = self.server.signed(BANK, self.event())
        other = self.server.signed(BANK, self.event())[0]
        elsewhere = self.server.signed("/api/v1/open-banking/webhook/other", self.event())[0]
        for wrong, sent in (
            ("no signature", {"Content-Type": "application/json"}),
            ("another body's", other),
            ("another path's", elsewhere),
            ("another time", {**headers, "X-Tl-Webhook-Timestamp": "2026-01-01T00:00:00Z"}),
            ("no signature at all", {**headers, "Tl-Signature": "a..b"}),
            ("rubbish", {**headers, "Tl-Signature": "é"}),
        ):
            with self.subTest(wrong), self.assertLogs("odoo.addons.fynlo_payments", "WARNING"):
                sent = {name: value.encode() for name, value in sent.items()}
                self.assertRefused(self.post(BANK, body, sent), "notification_not_authentic", 401)

    def test_not_of_now(self):
        body = json.dumps(self.event()).encode()
        for span in (timedelta(minutes=6), timedelta(minutes=-6)):
            with self.subTest(span), self.assertLogs("odoo.addons.fynlo_payments", "WARNING"):
                headers = self.signed_at(datetime.now(UTC) + span, body)
                self.assertRefused(self.post(BANK, body, headers), "notification_not_authentic", 401)
        self.assertTaken(self.post(BANK, body, self.signed_at(datetime.now(UTC) - timedelta(minutes=4), body)))

    def test_signed_but_no_event(self):
        for body in (b"", b"[]", b"{}", b"\xff", b'{"type": 1, "event_id": 2}', b"[" * 10_000):
            with self.subTest(body[:20]), self.assertLogs("odoo.addons.fynlo_payments", "WARNING"):
                headers = self.signed_at(datetime.now(UTC), body)
                self.assertRefused(self.post(BANK, body, headers), "notification_not_authentic", 401)

    def test_any_media_type_and_digits_that_look_like_a_card(self):
        event = self.event(note="4242424242424242")
        headers, body = self.server.signed(BANK, event)
        self.assertTaken(self.post(BANK, body, {**headers, "Content-Type": "application/octet-stream"}))
        self.assertEqual(self.kept().event_id, event["event_id"])

    def test_huge(self):
        event = self.event(padding="x" * MAX_BODY)
        headers, body = self.server.signed(BANK, event)
        self.assertRefused(self.post(BANK, body, headers), "body_too_large", 413)
        self.assertRefused(self.post(BANK, iter([body]), headers), "body_too_large", 413)

    def test_names_that_no_bank_has(self):
        headers, body = self.server.signed(BANK, self.event())
        for name in ("stripe", "cash", "open_banking", "nobody", "gift_card", "None", "%00"):
            with self.subTest(name):
                path = f"/api/v1/open-banking/webhook/{name}"
                self.assertRefused(self.post(path, body, headers), "not_found", 404)
        self.assertProblem(self.url_open(BANK, timeout=30), "method_not_allowed", 405)

    def test_verified_with_no_transaction_open(self):
        """Fetching the bank's keys may take seconds; nothing was read by then since the last transaction ended."""
        counted = {}
        begin = provider_notifications.transaction.begin

        def count(cr):
            begin(cr)
            counted["begun"] = threading.current_thread().query_count

        class Watching:
            def read_notification(self, *_request):
                counted["verified"] = threading.current_thread().query_count
                return [Event(id=uuid4().hex, kind="x")]

        self.listen("open_banking", Watching())
        self.patch(provider_notifications.transaction, "begin", count)
        self.assertTaken(self.post(BANK, b"{}"))
        self.assertEqual(counted["begun"], counted["verified"])

    def test_a_flood_spends_an_allowance_of_its_own(self):
        with patch.dict(settings().rate_limits, notification=RateLimit(0.001, 3)):
            for _turn in range(3):
                headers, body = self.server.signed(BANK, self.event())
                self.assertTaken(self.post(BANK, body, headers))
            refused = self.post(BANK, body, headers)
            self.assertProblem(refused, "rate_limited", 429)
            self.assertGreater(int(refused.headers["Retry-After"]), 0)
            token = self.sign_in("cashier")
            self.assertEqual(self.api("GET", "/payments", token=token).status_code, 200)


@tagged("post_install", "-at_install")
class TestStripeNotifications(NotificationCase):
    def use(self, *secrets, **values):
        self.listen("stripe", StripeConnection(StripeSettings("sk_test_x", False, secrets, **values)))

    def event(self, **values):
        intent = {
            "object": "payment_intent",
            "id": "pi_1",
            "client_secret": CLIENT_SECRET,
            "metadata": {"leg_uuid": "l"},
        }
        made = {
            "id": f"evt_{uuid4().hex}",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": int(datetime.now(UTC).timestamp()),
            "livemode": False,
            "data": {"object": intent},
            **values,
        }
        return json.dumps(made)

    def send(self, body, secret=SECRET, seconds_ago=0):
        moment = int(datetime.now(UTC).timestamp()) - seconds_ago
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=moment)
        return self.post(STRIPE, body.encode(), {"Stripe-Signature": signature, "Content-Type": "application/json"})

    def test_stripe_s_word_is_kept_once(self):
        self.use(SECRET)
        body = self.event()
        for _turn in range(3):
            self.assertTaken(self.send(body))
        told = self.kept()
        self.assertEqual(
            (told.provider, told.kind, told.reference, told.leg_uuid, told.account),
            ("stripe", "payment_intent.succeeded", "pi_1", "l", ""),
        )
        self.assertNotIn(CLIENT_SECRET, json.dumps(told.read(), default=str))

    def test_forged_replayed_and_future(self):
        self.use(SECRET)
        body = self.event()
        for wrong, send in (
            ("secret", lambda: self.send(body, "whsec_other")),
            ("after six minutes", lambda: self.send(body, seconds_ago=360)),
            ("six minutes ahead", lambda: self.send(body, seconds_ago=-360)),
            ("no header", lambda: self.post(STRIPE, body.encode())),
            ("damaged header", lambda: self.post(STRIPE, body.encode(), {"Stripe-Signature": "t=now,v1=é".encode()})),
        ):
            with self.subTest(wrong), self.assertLogs("odoo.addons.fynlo_payments", "WARNING"):
                self.assertRefused(send(), "notification_refused", 400)

    def test_no_secret_takes_nothing(self):
        for secrets in ((), ("",)):
            self.use(*secrets)
            for body_secret in ("", SECRET):
                with self.subTest(f"{secrets} {body_secret}"), self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
                    refused = self.assertRefused(self.send(self.event(), body_secret), "unavailable", 503)
                    self.assertGreater(int(refused.headers["Retry-After"]), 0)

    def test_while_one_secret_replaces_another(self):
        self.use(SECRET, OLD_SECRET)
        for secret in (SECRET, OLD_SECRET):
            self.assertTaken(self.send(self.event(), secret))
        self.assertEqual(len(self.kept()), 2)

    def test_signed_but_shaped_otherwise(self):
        self.use(SECRET)
        for body in ("[]", "{}", "", self.event(id=7), self.event(type=""), self.event(id="x" * 300)):
            with self.subTest(body[:30]), self.assertLogs("odoo.addons.fynlo_payments", "WARNING"):
                self.assertRefused(self.send(body), "notification_refused", 400)

    def test_the_secrets_of_the_installation(self):
        file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "secrets"
        file.write_text(f"{SECRET}\n")
        for name, taken in (("", False), (str(file), True), ("/nowhere", False)):
            with self.subTest(name), patch.dict(os.environ, FYNLO_STRIPE_WEBHOOK_SECRETS_FILE=name):
                if taken:
                    self.assertTaken(self.send(self.event()))
                    continue
                with self.assertLogs("odoo.addons.fynlo_payments", "ERROR"):
                    self.assertProblem(self.send(self.event()), "unavailable", 503)
        self.assertEqual(len(self.kept()), 1)
