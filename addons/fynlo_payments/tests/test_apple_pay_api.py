"""Apple Pay over HTTP: the domain's file, the state of the set-up, and what guests with a link may do."""

import json
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.tests import tagged

from ..apple_pay.settings import ASSOCIATION
from ..providers.connection import ProviderState
from .apple_pay.token_maker import MERCHANT
from .bank import ScriptedConnection
from .pay_links import PayLinkCase
from .test_apple_pay_sessions import SESSION, WithGateway

PROCESSOR = {"url": "https://api.stripe.com/v1/tokens", "key": "pk_test_x", "account": None}


@tagged("post_install", "-at_install")
class TestApplePayDomain(ApiCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="fynlo-apple-")))
        self.enterContext(patch.dict(os.environ, FYNLO_APPLE_PAY_DIR=str(self.folder), FYNLO_APPLE_PAY_DOMAIN=""))

    def test_the_domain_file(self):
        path = f"/.well-known/{ASSOCIATION}"
        self.assertProblem(self.api("GET", path), "not_found", 404)
        (self.folder / ASSOCIATION).write_bytes(b"7B227073704964")
        answer = self.api("GET", path)
        self.assertEqual((answer.status_code, answer.content), (200, b"7B227073704964"))
        self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertNotIn("Set-Cookie", answer.headers)
        with patch.dict(os.environ, FYNLO_APPLE_PAY_DIR=""):
            self.assertProblem(self.api("GET", path), "not_found", 404)

    def test_what_is_lacking_is_for_managers(self):
        self.assertProblem(self.api("GET", "/apple-pay/status"), "token_missing", 401)
        cashier = self.sign_in("cashier")
        self.assertProblem(self.api("GET", "/apple-pay/status", token=cashier), "permission_denied", 403)
        told = self.api("GET", "/apple-pay/status", token=self.sign_in("manager"))
        self.assertEqual(told.status_code, 200, told.text)
        self.assertFalse(told.json()["offered"])
        self.assertEqual(
            [code for code in told.json()["lacking"] if code != "country"],
            ["domain", "domain_file", "certificate", "card_processor"],
        )


class ApplePayCase(WithGateway, PayLinkCase):
    """A location that offers Apple Pay on its pay pages; cards are taken by a provider that tests script."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journal = cls.env["account.journal"].create(
            {"name": "Cards", "type": "bank", "code": "CARDS", "company_id": cls.company.id}
        )
        method = {"name": "Card", "journal_id": journal.id, "company_id": cls.company.id, "fynlo_provider": "stripe"}
        cls.location.payment_method_ids = [Command.link(cls.env["pos.payment.method"].create(method).id)]

    def setUp(self):
        super().setUp()
        root = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="fynlo-apple-")))
        environ = {"FYNLO_APPLE_PAY_DIR": str(root), "FYNLO_APPLE_PAY_DOMAIN": "pay.example.com"}
        self.enterContext(patch.dict(os.environ, environ | {"FYNLO_APPLE_PAY_DIRECT": ""}))
        (root / ASSOCIATION).write_bytes(b"7B22")
        raw = (self.folder / "merchant.crt").read_bytes()
        certificates = self.env["fynlo.apple.pay.certificate"]
        certificates._store(self.company).keep((self.folder / "merchant.key").read_bytes(), certificates._read(raw))
        self.certificate = certificates._add(self.company, raw)
        self.cards = ScriptedConnection()
        for target, name, value in (
            (type(self.env["fynlo.provider.stripe"]), "_connection", lambda *_args: self.cards),
            (type(self.env["fynlo.apple.pay"]), "_gateway", lambda _service: self.gateway),
            (type(self.env["fynlo.apple.pay"]), "_card_processor", lambda *_args: PROCESSOR),
        ):
            self.enterContext(patch.object(target, name, value))
        self.order = self.place(self.line(self.menu.pizza))
        self.link = self.make(self.order, 1000)

    def guest(self, step, link=None, **body):
        """What the page asks of the API; a guest has no sign-in and sends no key."""
        secret = self.path(link or self.link).rpartition("/")[2]
        return self.api("POST", f"/apple-pay/{step}", {"link": secret, **body}, key=False)


@tagged("post_install", "-at_install")
class TestApplePayGuests(ApplePayCase):
    def test_a_guest_pays(self):
        page = self.visit(self.path(self.link))
        self.assertIn('id="apple-pay"', page.text)
        self.assertIn("/fynlo_payments/static/pay/apple_pay.js", page.text)
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("connect-src 'self' https://api.stripe.com;", policy)
        self.assertNotIn("unsafe", policy)
        asked = self.guest("payment-requests").json()
        self.assertEqual((asked["request"]["total"]["amount"], asked["request"]["currencyCode"]), ("10.00", "GBP"))
        self.assertEqual(asked["processor"], PROCESSOR)
        session = self.guest("merchant-sessions")
        self.assertEqual((session.status_code, session.json()), (200, SESSION))
        paid = self.guest("tokens:process", token="tok_1Abc")
        self.assertEqual((paid.status_code, paid.json()), (201, {"state": "captured"}))
        self.assertEqual(self.cards.details, {"token": "tok_1Abc"})
        ((leg),) = self.cards.legs.values()
        self.assertEqual((leg.amount, leg.currency), (1000, "GBP"))
        self.assertPaid(self.order, 1000)
        self.assertEqual(self.status(self.link), "paid")
        self.assertProblem(self.guest("tokens:process", token="tok_1Abc"), "pay_link_over", 409)
        self.assertEqual(self.cards.calls, ["create"])

    def test_compared_online_where_it_is_set_up(self):
        body = {"bill": self.gbp(1000), "channel": "online"}

        def compared():
            answer = self.api("POST", "/payments/fees:compare", body, token=self.token, key=False)
            self.assertEqual(answer.status_code, 200, answer.text)
            return [one["method"] for one in answer.json()["methods"] if one["available"]]

        self.assertEqual(compared(), ["open_banking", "stripe"])
        with patch.dict(os.environ, {"FYNLO_APPLE_PAY_DOMAIN": "", "FYNLO_PUBLIC_URL": ""}):
            self.assertEqual(compared(), ["open_banking"])

    def test_the_address_that_a_browser_names_is_not_asked(self):
        for url in ("https://apple-pay-gateway-apple.com/x", "http://169.254.169.254/", "file:///etc/passwd", ""):
            answer = self.guest("merchant-sessions", validation_url=url)
            self.assertEqual((answer.status_code, answer.json()), (200, SESSION), url)
        self.assertEqual(len(self.server.asked), 4)
        self.assertEqual(
            {(wish["merchantIdentifier"], wish["initiativeContext"]) for _path, wish, _serial in self.server.asked},
            {(MERCHANT, "pay.example.com")},
        )

    def test_apple_away(self):
        self.server.answer = (500, {}, b"")
        refused = self.guest("merchant-sessions")
        self.assertProblem(refused, "provider_unavailable", 503)
        self.assertIn("Retry-After", refused.headers)

    def test_what_is_no_id_of_stripe(self):
        for token in ("", "tok_", "sk_test_abcdef", "pi_123456", "tok_1Abc\n", "pm_1/../x", {"paymentData": {}}, {}):
            with self.subTest(token):
                self.assertProblem(self.guest("tokens:process", token=token), "apple_pay_token_refused", 422)
        for token in (None, 5, ["tok_1Abc"], "x" * 301):
            with self.subTest(token):
                self.assertProblem(self.guest("tokens:process", token=token), "validation_failed", 422)
        self.assertProblem(self.guest("tokens:process", token={"a": "x" * 70_000}), "body_too_large", 413)
        self.assertEqual(self.cards.calls, [])
        self.assertEqual(self.status(self.link), "open")

    def test_fields_that_decide_are_not_the_guests(self):
        for field, value in (("amount", 1), ("currency", "USD"), ("merchant_id", "merchant.x"), ("state", "captured")):
            for step in ("payment-requests", "merchant-sessions", "tokens:process"):
                with self.subTest(f"{step} {field}"):
                    refused = self.guest(step, **{field: value})
                    self.assertProblem(refused, "validation_failed", 422)

    def test_a_wrong_link_opens_nothing(self):
        for secret in ("x", "mJ4sX0c2Qy2k0tq1b6Yx9g", self.link["id"], "../" * 5, "%00"):
            for step, more in (
                ("payment-requests", {}),
                ("merchant-sessions", {}),
                ("tokens:process", {"token": "tok_1Abc"}),
            ):
                answer = self.api("POST", f"/apple-pay/{step}", {"link": secret, **more}, key=False)
                self.assertProblem(answer, "not_found", 404)
        self.assertEqual((self.server.asked, self.cards.calls), ([], []))

    def test_a_link_that_is_over(self):
        self.at(self.link, ":cancel")
        for step, more in (
            ("payment-requests", {}),
            ("merchant-sessions", {}),
            ("tokens:process", {"token": "tok_1Abc"}),
        ):
            self.assertProblem(self.guest(step, **more), "pay_link_over", 409)
        self.assertEqual((self.server.asked, self.cards.calls), ([], []))

    def test_a_decline_is_told_and_can_be_tried_again(self):
        self.cards.answers = [ProviderState("failed", failure_code="insufficient_funds")]
        problem = self.assertProblem(self.guest("tokens:process", token="tok_1Abc"), "payment_declined", 402)
        self.assertEqual(problem["reason"], "insufficient_funds")
        self.assertNotIn(self.order["id"], json.dumps(problem))
        self.assertEqual(self.status(self.link), "open")
        self.assertEqual(self.guest("tokens:process", token="pm_1Def").status_code, 201)
        self.assertPaid(self.order, 1000)

    def test_two_taps_are_one_payment(self):
        self.cards.answers = ["action_required"]
        first = self.guest("tokens:process", token="tok_1Abc")
        self.assertEqual((first.status_code, first.json()["state"]), (202, "action_required"))
        second = self.guest("tokens:process", token="tok_2Def")
        self.assertEqual((second.status_code, second.json()["state"]), (202, "action_required"))
        self.assertEqual(self.cards.calls, ["create", "fetch"])
        self.assertEqual(len(self.cards.legs), 1)

    def test_card_testing_is_stopped(self):
        for _each in range(6):
            self.cards.answers = [ProviderState("failed", failure_code="card_declined")]
            self.assertProblem(self.guest("tokens:process", token="tok_1Abc"), "payment_declined", 402)
        refused = self.guest("tokens:process", token="tok_1Abc")
        self.assertProblem(refused, "too_many_declines", 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 500)
        self.assertEqual(self.cards.calls.count("create"), 6)
        self.assertEqual(self.status(self.link), "open")

    def test_where_it_is_not_set_up(self):
        self.certificate.state = "retired"
        page = self.visit(self.path(self.link))
        self.assertNotIn("apple", page.text)
        self.assertIn("connect-src 'self';", page.headers["Content-Security-Policy"])
        for step, more in (
            ("payment-requests", {}),
            ("merchant-sessions", {}),
            ("tokens:process", {"token": "tok_1Abc"}),
        ):
            self.assertProblem(self.guest(step, **more), "apple_pay_unavailable", 409)
        self.assertEqual((self.server.asked, self.cards.calls), ([], []))
