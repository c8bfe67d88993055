"""What the sheet asks for, what a location lacks to offer it, and what becomes of Apple's own tokens."""

import base64
import os
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import rsa
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase, tagged

from ..apple_pay.opening import TokenOpener
from ..apple_pay.settings import ASSOCIATION, apple_pay_settings
from ..models import apple_pay
from .apple_pay.token_maker import CARD, MERCHANT, NOW, TokenMaker, merchant_certificate, pem

LEG = uuid7()


@tagged("post_install", "-at_install")
class TestApplePay(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.maker = TokenMaker()
        cls.ends = datetime.now(UTC) + timedelta(days=400)

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="fynlo-apple-")))
        self.environ = {
            "FYNLO_APPLE_PAY_DIR": str(self.folder),
            "FYNLO_APPLE_PAY_DOMAIN": "pay.example.com",
            "FYNLO_APPLE_PAY_GATEWAY": "",
            "FYNLO_APPLE_PAY_DIRECT": "",
        }
        self.enterContext(patch.dict(os.environ, self.environ))
        self.service = self.env["fynlo.apple.pay"]
        processor = {"url": "https://api.stripe.com/v1/tokens", "key": "pk_test_x", "account": None}
        self.enterContext(patch.object(type(self.service), "_card_processor", lambda *_args: processor))

    def certificate(self, kind="Merchant Identity", key=None):
        key = key or rsa.generate_private_key(65537, 2048)
        certificates = self.env["fynlo.apple.pay.certificate"]
        raw = merchant_certificate(kind, key, ends=self.ends)
        store = certificates._store(self.company)
        store.keep(pem(key), certificates._read(raw))
        return certificates._add(self.company, raw)

    def set_up(self):
        (self.folder / ASSOCIATION).write_bytes(b"7B22")
        return self.certificate()

    def test_what_is_lacking(self):
        self.assertEqual(self.service._lacking(self.location), ["domain_file", "certificate"])
        record = self.set_up()
        self.assertEqual(self.service._lacking(self.location), [])
        key_file = self.env["fynlo.apple.pay.certificate"]._store(self.company).key_file(record.public_key_hash)
        for lacking, change in (
            ("folder", {"FYNLO_APPLE_PAY_DIR": ""}),
            ("domain", {"FYNLO_APPLE_PAY_DOMAIN": "localhost"}),
            ("domain", {"FYNLO_APPLE_PAY_DOMAIN": "", "FYNLO_PUBLIC_URL": "http://127.0.0.1:8069"}),
            ("gateway", {"FYNLO_APPLE_PAY_GATEWAY": "https://apple-pay-gateway-apple.com"}),
            ("gateway", {"FYNLO_APPLE_PAY_GATEWAY": "http://169.254.169.254"}),
        ):
            with self.subTest(change), patch.dict(os.environ, change):
                self.assertIn(lacking, self.service._lacking(self.location))
                with self.assertRaises(Problem) as refused:
                    self.service._merchant(self.location)
                self.assertEqual(refused.exception.code, "apple_pay_unavailable")
        key_file.chmod(0o444)
        self.assertEqual(self.service._lacking(self.location), ["certificate"])
        key_file.chmod(0o400)
        record.state = "retired"
        self.assertEqual(self.service._lacking(self.location), ["certificate"])

    def test_the_domain_is_that_of_the_public_address(self):
        settings = apple_pay_settings({"FYNLO_PUBLIC_URL": "https://pay.bistro.example:8443/x"})
        self.assertEqual((settings.domain, settings.folder, settings.direct), ("pay.bistro.example", None, False))
        self.assertEqual(settings.asked_gateway().host, "apple-pay-gateway.apple.com")

    def test_the_domain_file(self):
        file = self.folder / ASSOCIATION
        self.assertIsNone(apple_pay_settings().association())
        for raw, served in ((b"", None), (b"7B22", b"7B22"), (b"x" * 65536, b"x" * 65536), (b"x" * 65537, None)):
            file.write_bytes(raw)
            self.assertEqual(apple_pay_settings().association(), served)

    def test_who_asks_for_a_session(self):
        record = self.set_up()
        merchant, gateway = self.service._merchant(self.location)
        self.assertEqual(
            (merchant.merchant_id, merchant.domain, merchant.display_name, gateway.host),
            (MERCHANT, "pay.example.com", self.company.name, "apple-pay-gateway.apple.com"),
        )
        self.assertEqual(merchant.certificate_file.read_text(), record.pem)
        merchant.certificate_file.unlink()  # as after a restore of the database and the keys alone
        self.assertEqual(self.service._merchant(self.location)[0].certificate_file.read_text(), record.pem)

    def test_what_the_sheet_asks_for(self):
        self.set_up()
        self.assertEqual(
            self.service._payment_request(self.location, 1250, LEG),
            {
                "countryCode": "GB",
                "currencyCode": "GBP",
                "merchantCapabilities": ["supports3DS"],
                "supportedNetworks": ["visa", "masterCard", "amex", "maestro"],
                "total": {"label": self.company.name[:64], "type": "final", "amount": "12.50"},
                "applicationData": base64.b64encode(f"fynlo:{LEG}".encode()).decode(),
            },
        )
        for minor, shown in ((1, "0.01"), (100, "1.00"), (123456789, "1234567.89")):
            self.assertEqual(self.service._payment_request(self.location, minor, LEG)["total"]["amount"], shown)
        yen = self.location.new({"currency_id": self.env.ref("base.JPY").id, "company_id": self.company.id})
        self.assertEqual(self.service._payment_request(yen, 1000, LEG)["total"]["amount"], "1000")

    # --- Apple's own tokens --------------------------------------------------------------

    def refuse(self, token, minor=1250, leg=LEG, clock=NOW):
        opener = partial(TokenOpener, root=self.maker.root, clock=lambda: clock)
        with patch.object(apple_pay, "TokenOpener", opener):
            try:  # assertRaises would undo what a lasting refusal keeps
                self.service._refuse_token(self.location, token, minor, leg)
                self.fail("a token was not refused")
            except Problem as refused:
                problem = refused
        self.assertEqual(problem.http_status, 422)
        self.assertTrue(problem.lasting)
        return problem.members.get("reason", problem.code)

    def token(self, leg=LEG, **card):
        return self.maker.ec_token(CARD | card, asked=apple_pay.bound(leg))

    def seen(self):
        return self.env["fynlo.apple.pay.seen"].search_count([])

    def test_a_raw_token_is_refused_unread_while_own_decryption_is_off(self):
        self.certificate("Payment Processing", self.maker.merchant_key)
        for token in (self.token(), {"paymentData": self.token()}, {}, {"anything": ["at", "all"]}):
            self.assertEqual(self.refuse(token), "decryption_off")
        self.assertEqual(self.seen(), 0)

    def test_own_decryption_verifies_and_charges_nothing(self):
        os.environ["FYNLO_APPLE_PAY_DIRECT"] = "1"
        self.certificate("Payment Processing", self.maker.merchant_key)
        before = self.env["fynlo.payment"].search_count([])
        whole, other = self.token(), uuid7()
        self.assertEqual(
            self.refuse({"paymentData": whole, "transactionIdentifier": "x"}), "apple_pay_processor_missing"
        )
        self.assertEqual(self.refuse(whole), "apple_pay_processor_missing", "the same leg may ask again")
        self.assertEqual(self.seen(), 1)
        self.assertEqual(self.refuse(whole, leg=other), "application_data")
        self.assertEqual(self.refuse(self.token(), minor=1251), "wrong_amount")
        self.assertEqual(self.refuse(self.token(currencyCode="840")), "wrong_currency")
        self.assertEqual(self.refuse(self.maker.ec_token(CARD)), "application_data")
        self.assertEqual(self.refuse(self.token(), clock=NOW + timedelta(minutes=6)), "signing_time")
        self.assertEqual(self.refuse(TokenMaker().ec_token(CARD, asked=apple_pay.bound(LEG))), "chain_untrusted")
        self.assertEqual(self.refuse({**whole, "data": self.token()["data"]}), "digest_mismatch")
        self.assertEqual(self.refuse({**whole, "more": 1}), "malformed")
        self.assertEqual(self.refuse({}), "malformed")
        self.assertEqual(self.env["fynlo.payment"].search_count([]), before)
        self.env.cr.execute("SELECT t::text FROM fynlo_apple_pay_seen t")
        for secret in (CARD["applicationPrimaryAccountNumber"], CARD["paymentData"]["onlinePaymentCryptogram"]):
            self.assertNotIn(secret, str(self.env.cr.fetchall()))

    def test_without_a_key_of_ours_nothing_opens(self):
        os.environ["FYNLO_APPLE_PAY_DIRECT"] = "1"
        self.assertEqual(self.refuse(self.token()), "unknown_key")
        record = self.certificate("Payment Processing", self.maker.merchant_key)
        self.assertEqual(self.refuse(self.token()), "apple_pay_processor_missing")
        record.state = "retired"
        self.assertEqual(self.refuse(self.token()), "unknown_key")

    def test_a_transaction_belongs_to_the_leg_that_brought_it_first(self):
        seen = self.env["fynlo.apple.pay.seen"]
        self.assertTrue(seen.claim("ab12", LEG))
        self.assertTrue(seen.claim("ab12", LEG))
        self.assertFalse(seen.claim("ab12", uuid7()))
        self.env.cr.execute("UPDATE fynlo_apple_pay_seen SET seen_at = seen_at - interval '34 days'")
        seen._gc_seen()
        self.assertFalse(seen.claim("ab12", uuid7()))
        self.env.cr.execute("UPDATE fynlo_apple_pay_seen SET seen_at = seen_at - interval '2 days'")
        seen._gc_seen()
        self.assertEqual(self.seen(), 0)
