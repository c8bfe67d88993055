"""Certificates in the back office: keys go to files, never to the database; expiry is told in time."""

import base64
import os
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from ..apple_pay.certificates import IDENTITY, PROCESSING
from .apple_pay.token_maker import MERCHANT, merchant_certificate, name, pem


def file_of(raw):
    return base64.b64encode(raw)


@tagged("post_install", "-at_install")
class TestApplePayCertificates(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.boss = cls.manager.user_id
        cls.boss.sudo().company_ids |= cls.company
        cls.rsa = rsa.generate_private_key(65537, 2048)
        cls.ends = datetime.now(UTC) + timedelta(days=400, hours=1)

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="fynlo-apple-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "keys"
        environment = patch.dict(os.environ, FYNLO_APPLE_PAY_DIR=str(self.folder))
        environment.start()
        self.addCleanup(environment.stop)

    def as_boss(self, model):
        return self.env[model].with_user(self.boss).with_company(self.company)

    def upload(self, certificate, key=None, **values):
        values |= {"key": file_of(key)} if key else {}
        wizard = self.as_boss("fynlo.apple.pay.upload").create(
            {"company_id": self.company.id, "certificate": file_of(certificate), **values}
        )
        return self.env["fynlo.apple.pay.certificate"].browse(wizard.action_add()["res_id"])

    def identity(self, **values):
        return self.upload(merchant_certificate("Merchant Identity", self.rsa, ends=self.ends), pem(self.rsa), **values)

    def key_files(self):
        return list(self.folder.rglob("*.key"))

    def entries(self, what):
        self.env.flush_all()
        self.env.cr.precommit.run()
        domain = [("action", "=", f"apple_pay_certificate.{what}"), ("company_id", "=", self.company.id)]
        return self.env["fynlo.audit.log"].search(domain)

    def everything(self):
        """All that the database holds in tables of ours, as text."""
        self.env.flush_all()
        tables = [m._table for n, m in self.env.items() if n.startswith("fynlo.apple.pay") and m._auto]
        rows = []
        for table in tables:
            self.env.cr.execute(f"SELECT t::text FROM {table} t")
            rows += [row for (row,) in self.env.cr.fetchall()]
        return tables, "\n".join(rows)

    def test_a_key_goes_to_a_file_and_nowhere_else(self):
        record = self.identity()
        self.assertEqual((record.kind, record.state, record.merchant_id), (IDENTITY, "active", MERCHANT))
        self.assertEqual(record.company_id, self.company)
        [file] = self.key_files()
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o400)
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        self.assertEqual(file.read_bytes(), pem(self.rsa))
        tables, text = self.everything()
        self.assertIn("fynlo_apple_pay_upload", tables)
        self.assertIn(record.fingerprint, text)
        secret = pem(self.rsa).decode().splitlines()[5]
        for form in (
            secret,
            "PRIVATE KEY",
            file_of(pem(self.rsa)).decode()[40:80],
            file_of(pem(self.rsa)).hex()[80:160],
        ):
            self.assertNotIn(form, text)
        self.assertEqual(self.env["ir.attachment"].search([("res_model", "like", "fynlo.apple.pay")]).ids, [])
        [entry] = self.entries("added")
        self.assertEqual(entry.actor, self.boss.name)
        self.assertNotIn("PRIVATE", entry.after)

    def test_the_same_certificate_again_changes_nothing(self):
        certificate = merchant_certificate("Merchant Identity", self.rsa, ends=self.ends)
        first = self.upload(certificate, pem(self.rsa))
        self.assertEqual(self.upload(certificate, pem(self.rsa)), first)
        self.assertEqual(len(self.entries("added")), 1)

    def test_a_signing_request_and_the_certificate_that_comes_of_it(self):
        for kind, key_type, title in (
            (IDENTITY, rsa.RSAPublicKey, "Merchant Identity"),
            (PROCESSING, ec.EllipticCurvePublicKey, "Payment Processing"),
        ):
            with self.subTest(kind):
                wizard = self.as_boss("fynlo.apple.pay.request").create({"kind": kind, "merchant_id": MERCHANT})
                wizard.company_id = self.company
                record = self.env["fynlo.apple.pay.certificate"].browse(wizard.action_make()["res_id"])
                self.assertEqual(record.state, "requested")
                request = x509.load_pem_x509_csr(base64.b64decode(record.request_file))
                self.assertTrue(request.is_signature_valid)
                self.assertIsInstance(request.public_key(), key_type)
                with self.assertRaises(UserError):
                    record.with_user(self.boss).action_use_again()
                ca = rsa.generate_private_key(65537, 2048)
                signed = (
                    x509.CertificateBuilder().subject_name(name(f"Apple Pay {title}:{MERCHANT}", MERCHANT))
                    .issuer_name(name("Apple")).public_key(request.public_key()).serial_number(7)
                    .not_valid_before(datetime.now(UTC) - timedelta(days=1)).not_valid_after(self.ends).sign(ca, SHA256())
                )  # fmt: skip
                self.assertEqual(self.upload(signed.public_bytes(Encoding.DER)), record)
                self.assertEqual((record.state, record.kind, record.days_left), ("active", kind, 400))
        keys = self.env["fynlo.apple.pay.certificate"]._processing_keys(self.company)
        self.assertEqual(list(keys), [record.public_key_hash])

    def assert_refused(self, sentence, *args, **values):
        with self.assertRaisesRegex(UserError, sentence):
            self.upload(*args, **values)
        self.assertFalse(self.env["fynlo.apple.pay.certificate"].search([("company_id", "=", self.company.id)]))

    def test_what_is_no_certificate_or_no_key(self):
        good = merchant_certificate("Merchant Identity", self.rsa, ends=self.ends)
        other = rsa.generate_private_key(65537, 2048)
        locked = self.rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
        past = datetime.now(UTC) - timedelta(days=1)
        self.assert_refused("holds no certificate", b"hello", pem(self.rsa))
        self.assert_refused("holds no certificate", pem(self.rsa), pem(self.rsa))
        self.assert_refused(
            "names no merchant ID",
            merchant_certificate("Merchant Identity", self.rsa, "shop.example", self.ends),
            pem(self.rsa),
        )
        self.assert_refused("belongs to another certificate", good, pem(other))
        self.assert_refused("no private key", good, locked)
        self.assert_refused("no private key", good, good)
        self.assert_refused("no private key", good, b"x" * 100_000)
        self.assert_refused("is not on this server", good)
        self.assertEqual(self.key_files(), [])
        self.assert_refused(
            "has run out", merchant_certificate("Merchant Identity", self.rsa, ends=past), pem(self.rsa)
        )

    def test_a_key_that_others_may_read_is_not_used(self):
        record = self.identity()
        [file] = self.key_files()
        file.chmod(0o440)
        record.with_user(self.boss).action_retire()
        with self.assertRaisesRegex(UserError, "mode 0400"):
            record.with_user(self.boss).action_use_again()
        self.assertEqual(record.state, "retired")
        file.chmod(0o400)
        record.with_user(self.boss).action_use_again()
        self.assertEqual(record.state, "active")
        self.assertEqual([len(self.entries(what)) for what in ("retired", "active")], [1, 1])

    def test_the_processor_may_hold_the_key(self):
        key = ec.generate_private_key(ec.SECP256R1())
        record = self.upload(merchant_certificate("Payment Processing", key, ends=self.ends), key_place="processor")
        self.assertEqual((record.state, record.key_place), ("active", "processor"))
        self.assertEqual(self.env["fynlo.apple.pay.certificate"]._processing_keys(self.company), {})

    def test_rotation(self):
        old = self.identity()
        key = rsa.generate_private_key(65537, 2048)
        longer = merchant_certificate("Merchant Identity", key, ends=self.ends + timedelta(days=300))
        new = self.upload(longer, pem(key))
        model = self.env["fynlo.apple.pay.certificate"]
        self.assertEqual((old.state, new.state), ("active", "active"))
        self.assertEqual(model._identity(self.company), new)
        new.with_user(self.boss).action_retire()
        self.assertEqual(model._identity(self.company), old)
        keys = [ec.generate_private_key(ec.SECP256R1()) for _each in range(2)]
        for each in keys:
            self.upload(merchant_certificate("Payment Processing", each, ends=self.ends), pem(each))
        self.assertEqual(len(model._processing_keys(self.company)), 2)

    def test_another_company_cannot_borrow_a_key(self):
        self.identity()
        other = self.env["res.company"].create({"name": "Bistro next door"})
        self.boss.sudo().company_ids |= other
        wizard = self.as_boss("fynlo.apple.pay.upload").create(
            {
                "company_id": other.id,
                "certificate": file_of(merchant_certificate("Merchant Identity", self.rsa, ends=self.ends)),
            }
        )
        with self.assertRaisesRegex(UserError, "not on this server"):
            wizard.action_add()
        self.assertFalse(self.env["fynlo.apple.pay.certificate"]._identity(other))

    def test_who_may(self):
        record = self.identity()
        stranger = (
            self.env["hr.employee"]
            ._fynlo_hire(
                {
                    "name": "Max",
                    "company_id": self.env["res.company"].create({"name": "Elsewhere"}).id,
                    "role": "manager",
                }
            )
            .user_id
        )
        with self.assertRaises(AccessError):
            record.with_user(stranger).with_context(allowed_company_ids=stranger.company_ids.ids).read(["pem"])
        with self.assertRaises(AccessError):
            record.with_user(stranger).with_context(allowed_company_ids=stranger.company_ids.ids).action_retire()
        with self.assertRaises(AccessError):
            self.env["fynlo.apple.pay.request"].with_user(stranger).create(
                {"company_id": self.company.id, "kind": IDENTITY, "merchant_id": MERCHANT}
            ).action_make()
        with self.assertRaises(AccessError):
            record.with_user(self.boss).write({"state": "retired"})
        with self.assertRaises(AccessError):
            self.env["fynlo.apple.pay.upload"].with_user(self.cashier.user_id).create(
                {"company_id": self.company.id, "certificate": file_of(b"x")}
            )
        self.assertEqual(record.state, "active")

    def test_without_a_folder_nothing_is_made(self):
        with patch.dict(os.environ, FYNLO_APPLE_PAY_DIR=""), self.assertRaisesRegex(UserError, "FYNLO_APPLE_PAY_DIR"):
            self.identity()

    def test_the_window(self):
        with Form(self.as_boss("fynlo.apple.pay.upload")) as window:
            window.certificate = file_of(merchant_certificate("Merchant Identity", self.rsa, ends=self.ends))
            window.key = file_of(pem(self.rsa))
        self.assertEqual(len(self.key_files()), 1)
        self.assertFalse(window.key, "the key is shown to nobody")

    def test_expiry_is_told_at_sixty_thirty_and_seven_days(self):
        def status():
            found = self.env["fynlo.health"]._look(check_limit_ms=20_000, limit_s=60)
            rules = self.env["fynlo.alert.rule"].sudo().search([("code", "=like", "apple_pay_%")], order="sequence")
            return tuple(rule._judge(found[rule.code].of_company(self.company.id))[0] for rule in rules)

        self.env["fynlo.apple.pay.certificate"].search([]).state = "retired"
        self.assertEqual(status(), ("ok", "ok"))
        record = self.identity()
        for days, expected in (
            (90, ("ok", "ok")),
            (60.5, ("warn", "ok")),
            (31, ("warn", "ok")),
            (30.5, ("fail", "ok")),
            (8, ("fail", "ok")),
            (7.5, ("fail", "warn")),
            (-1, ("fail", "fail")),
        ):
            with self.subTest(days):
                record.expires_at = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=days)
                self.env.flush_all()
                self.assertEqual(status(), expected)
        key = rsa.generate_private_key(65537, 2048)
        self.upload(merchant_certificate("Merchant Identity", key, ends=self.ends), pem(key))
        self.env.flush_all()
        self.assertEqual(status(), ("ok", "ok"), "its successor is in use")
