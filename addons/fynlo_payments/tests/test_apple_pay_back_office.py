"""A manager asks Apple for a certificate in the back office, in a real browser."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.common import PatientBrowser
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.tests import HttpCase, tagged

#: Opens the window, asks for a merchant identity certificate and waits for the signing request.
ASK = """
(async () => {
    const find = async (selector, text = "") => {
        for (let tries = 0; tries < 300; tries++) {
            const found = [...document.querySelectorAll(selector)].find((element) => element.textContent.includes(text));
            if (found) return found;
            await new Promise((resume) => setTimeout(resume, 100));
        }
        throw new Error(`nothing like ${selector} ${text}`);
    };
    (await find(".o_control_panel button", "Ask Apple for a certificate")).click();
    const field = await find(".modal [name=merchant_id] input");
    field.value = "merchant.example.bistro";
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.dispatchEvent(new Event("change", {bubbles: true}));
    (await find(".modal footer button", "Make the signing request")).click();
    await find(".o_form_view [name=request]", "BEGIN CERTIFICATE REQUEST");
    await find(".o_form_view .o_statusbar_status .o_arrow_button_current", "Requested");
    console.log("test successful");
})()
"""


@tagged("post_install", "-at_install")
class TestApplePayBackOffice(PatientBrowser, Shop, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.boss = cls.manager.user_id

    def test_asking_for_a_certificate(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict(os.environ, FYNLO_APPLE_PAY_DIR=str(folder)))
        self.browser_js("/odoo/fynlo-apple-pay-certificates", ASK, ready="", login=self.boss.login, timeout=90)
        self.env.invalidate_all()
        record = self.env["fynlo.apple.pay.certificate"].search([("company_id", "=", self.company.id)])
        self.assertEqual((record.state, record.kind), ("requested", "merchant_identity"))
        self.assertTrue(record.request.startswith("-----BEGIN CERTIFICATE REQUEST-----"))
        self.assertEqual(len(list(folder.rglob("*.key"))), 1)
