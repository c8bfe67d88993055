"""After every tender was used on simulators: no secret of any of them is in the database or in a log line."""

import base64
import hmac
import io
import json
import logging
import os
import tempfile
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from simulators.stripe.server import StripeServer

from ..apple_pay.opening import TokenOpener
from ..apple_pay.settings import ASSOCIATION
from ..models import apple_pay
from ..models.stripe_connection import _connect
from .apple_pay.token_maker import CARD, TokenMaker, merchant_certificate, pem
from .pay_links import PayLinkCase
from .test_apple_pay_sessions import SESSION, WithGateway

ACCOUNT = "acct_restaurant"
KEY, HOOK, CODE, PIN = "sk_test_kept_in_a_file", "whsec_kept_in_a_file", "7K2M-Q9TX-4HDP-WB3R", "83517264"
#: Loggers that say most of what they do.
TALKATIVE = ("odoo.addons.fynlo_pos_core", "odoo.addons.fynlo_payments", "odoo.http", "werkzeug", "stripe", "urllib3")


@tagged("post_install", "-at_install")
class TestForbiddenValues(WithGateway, PayLinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journals = cls.env["account.journal"]
        cards = journals.create({"name": "Cards", "type": "bank", "code": "CARDS", "company_id": cls.company.id})
        methods = cls.env["pos.payment.method"].create(
            [
                {"name": "Card", "journal_id": cards.id, "company_id": cls.company.id, "fynlo_provider": "stripe"},
                {"name": "Gift card", "company_id": cls.company.id, "fynlo_provider": "gift_card"},
            ]
        )
        cls.location.payment_method_ids = [Command.link(method.id) for method in methods]
        cls.location.write({"fynlo_stripe_mode": "test", "fynlo_stripe_account": ACCOUNT})

    def setUp(self):
        super().setUp()
        self.known = {(place["table"], place["column"]): place["rows"] for place in self.search()}
        self.written = self.listen()
        self.open_stripe()
        self.offer_apple_pay()

    def listen(self):
        """Everything that is logged from now on, as a handler would write it."""
        written = io.StringIO()
        handler = logging.StreamHandler(written)
        handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
        stopped = logging.root.manager.disable
        logging.disable(logging.NOTSET)
        self.addCleanup(logging.disable, stopped)
        for name in ("", *TALKATIVE):
            logger = logging.getLogger(name)
            self.addCleanup(logger.setLevel, logger.level)
            logger.setLevel(logging.DEBUG if name else logging.INFO)
        logging.root.addHandler(handler)
        self.addCleanup(logging.root.removeHandler, handler)
        return written

    def open_stripe(self):
        self.stripe = StripeServer(secrets=(HOOK,))
        threading.Thread(target=self.stripe.serve_forever, daemon=True).start()
        self.addCleanup(self.stripe.server_close)
        self.addCleanup(self.stripe.shutdown)
        self.addCleanup(_connect.cache_clear)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "key").write_text(KEY)
        (folder / "hooks").write_text(HOOK)
        self.enterContext(
            patch.dict(
                os.environ,
                FYNLO_STRIPE_TEST_SECRET_KEY_FILE=str(folder / "key"),
                FYNLO_STRIPE_WEBHOOK_SECRETS_FILE=str(folder / "hooks"),
                FYNLO_STRIPE_TEST_PUBLISHABLE_KEY="pk_test_shown",
                FYNLO_STRIPE_API_BASE=self.stripe.base,
                FYNLO_ENV="",
            )
        )

    def offer_apple_pay(self):
        root = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="fynlo-apple-")))
        environ = {"FYNLO_APPLE_PAY_DIR": str(root), "FYNLO_APPLE_PAY_DOMAIN": "pay.example.com"}
        self.enterContext(patch.dict(os.environ, environ, FYNLO_APPLE_PAY_DIRECT=""))
        (root / ASSOCIATION).write_bytes(b"7B22")
        self.maker = TokenMaker()
        window = self.env["fynlo.apple.pay.upload"].with_user(self.manager.user_id).with_company(self.company)
        ends = datetime(2030, 1, 1, tzinfo=UTC)
        processing = merchant_certificate("Payment Processing", self.maker.merchant_key, ends=ends)
        for certificate, key in (
            ((self.folder / "merchant.crt").read_bytes(), (self.folder / "merchant.key").read_bytes()),
            (processing, pem(self.maker.merchant_key)),
        ):
            files = {"certificate": base64.b64encode(certificate), "key": base64.b64encode(key)}
            window.create({"company_id": self.company.id, **files}).action_add()
        self.enterContext(patch.object(type(self.env["fynlo.apple.pay"]), "_gateway", lambda _service: self.gateway))

    def search(self, values=()):
        return self.env["fynlo.secret.search"]._look(values)

    def done(self, method, path, body=None, **sent):
        answer = self.api(method, path, body, **sent)
        self.assertLess(answer.status_code, 300, answer.text)
        return answer.json()

    # --- what is done --------------------------------------------------------------------

    def pay(self, tender, details=None):
        order = self.place(self.line(self.menu.pizza))
        body = {"id": uuid7(), "method": tender, "amount": self.gbp(1000), "details": details or {}}
        return order, self.api("POST", f"/orders/{order['id']}/payments", body, token=self.token)

    def sign_in_by_pin(self):
        """Returns what was given to the till."""
        cook = self.hire("Petra", "cashier", pin=PIN)
        body = {"employee_id": cook.fynlo_uuid, "pin": PIN}
        told = self.done("POST", "/auth/pin", body, device_key=self.device_key)
        self.api("POST", "/auth/pin", {**body, "pin": PIN[::-1]}, device_key=self.device_key)
        return [PIN, PIN[::-1], told["access_token"], told["refresh_token"], self.device_key]

    def pay_by_gift_card(self):
        boss = self.sign_in("manager")
        body = {"id": uuid7(), "code": CODE, "amount": self.gbp(5000), "reason": "Sorry"}
        self.done("POST", "/gift-cards", body, token=boss)
        self.assertEqual(self.pay("gift_card", {"code": CODE})[1].status_code, 201)
        return [CODE, CODE.replace("-", "")]

    def pay_by_card(self):
        paid, declined = (
            self.pay("stripe", {"payment_method": "pm_card_visa"})[1],
            self.pay("stripe", {"payment_method": "pm_card_visa_chargeDeclined"})[1],
        )
        self.assertEqual((paid.status_code, declined.status_code), (201, 402), paid.text + declined.text)
        asked = self.pay("stripe", {"payment_method": "pm_card_threeDSecure2Required"})[1].json()
        self.assertIn("_secret_", asked["action"]["client_secret"])
        intents = list(self.stripe.accounts.books(ACCOUNT).kept["payment_intent"].values())
        self.notify(intents[0])
        return [KEY, HOOK, *(intent["client_secret"] for intent in intents)]

    def notify(self, intent):
        """What Stripe tells of a payment holds the payment whole, its client secret too."""
        event = {"id": "evt_1Abc", "object": "event", "type": "payment_intent.succeeded", "account": ACCOUNT}
        moment = int(time.time())
        body = json.dumps({**event, "created": moment, "livemode": False, "data": {"object": intent}})
        self.assertIn(intent["client_secret"], body)
        signature = hmac.new(HOOK.encode(), f"{moment}.{body}".encode(), "sha256").hexdigest()
        headers = {"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"}
        answer = self.url_open("/api/v1/stripe/webhook", data=body.encode(), headers=headers, timeout=30)
        self.assertEqual(answer.status_code, 200, answer.text)
        kept = self.env["fynlo.payment.notification"].search([("event_id", "=", "evt_1Abc")])
        self.assertEqual(kept.reference, intent["id"])

    def pay_by_bank(self):
        link = self.make(self.place(self.line(self.menu.pizza)), 1000)
        self.tap_bank(link)
        self.decide()
        self.assertEqual(self.look(link), "paid")
        return [self.payment_at_bank()["resource_token"], self.path(link).rpartition("/")[2]]

    def pay_by_apple_pay(self):
        link = self.make(self.place(self.line(self.menu.pizza)), 1000)
        secret = self.path(link).rpartition("/")[2]
        self.visit(self.path(link))
        guest = lambda step, **body: self.api("POST", f"/apple-pay/{step}", {"link": secret, **body}, key=False)  # noqa: E731
        self.assertEqual(guest("merchant-sessions").json(), SESSION)
        raw = self.maker.ec_token(
            CARD | {"transactionAmount": 1000}, asked=apple_pay.bound(link["id"]), signed_at=datetime.now(UTC)
        )
        for direct, code in (("", "apple_pay_token_refused"), ("1", "apple_pay_processor_missing")):
            opener = partial(TokenOpener, root=self.maker.root)
            with patch.dict(os.environ, FYNLO_APPLE_PAY_DIRECT=direct), patch.object(apple_pay, "TokenOpener", opener):
                self.assertProblem(guest("tokens:process", token={"paymentData": raw}), code, 422)
        self.assertEqual(guest("tokens:process", token="tok_visa").status_code, 201)
        opened = [CARD["applicationPrimaryAccountNumber"], CARD["paymentData"]["onlinePaymentCryptogram"]]
        keys = [pem(self.maker.merchant_key), (self.folder / "merchant.key").read_bytes()]
        bodies = ["".join(key.decode().splitlines()[1:3]) for key in keys]
        uploads = [base64.b64encode(key).decode()[60:120] for key in keys]
        return [secret, raw["data"], raw["signature"][:200], *opened, *bodies, *uploads]

    def write_a_card_number(self):
        note = {"id": uuid7(), "lines": [self.line(self.menu.pizza, note="4111 1111 1111 1111")]}
        self.assertProblem(self.api("POST", "/orders", note, token=self.token), "card_number_refused", 422)
        return ["4111 1111 1111 1111"]

    def test_nothing_of_it_is_kept_or_logged(self):
        self.assertEqual(self.pay("cash")[1].status_code, 201)
        values = [self.token]
        for act in (
            self.sign_in_by_pin, self.pay_by_gift_card, self.pay_by_card, self.pay_by_bank, self.pay_by_apple_pay, self.write_a_card_number,
        ):  # fmt: skip
            values += act()
        self.assertGreater(len(values), 20)
        found = {(place["table"], place["column"]): place["rows"] for place in self.search(values)}
        self.assertEqual(found, self.known)
        told = self.written.getvalue()
        for logger in ("werkzeug", "odoo.addons.fynlo_pos_core.rest.request_log"):
            self.assertIn(f"\n{logger} ", told)
        self.assertEqual([value for value in values if value in told], [])

    def test_it_would_be_found(self):
        """The search looks into what these payments write."""
        order, paid = self.pay("stripe", {"payment_method": "pm_card_visa"})
        reference = paid.json()["provider"]["reference"]
        places = {(place["table"], place["column"]) for place in self.search([reference])} - self.known.keys()
        self.assertLessEqual(
            {("fynlo_payment", "provider_reference"), ("fynlo_outbox", "payload")}, places, json.dumps(order)[:200]
        )
