"""Apple Pay over HTTP: the domain's file, the state of the set-up, and what guests with a link may do."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.tests import tagged

from ..apple_pay.settings import ASSOCIATION


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
