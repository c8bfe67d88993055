"""The page in a real browser: the sheet gets our figures, its token goes to the card processor, and to nobody else."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch
from urllib.parse import parse_qs

from odoo.addons.fynlo_pos_core.tests.common import PatientBrowser
from odoo.tests import tagged

from .test_apple_pay_api import PROCESSOR, ApplePayCase
from .test_apple_pay_sessions import SESSION

SECRET = "dGhlIGVuY3J5cHRlZCB0b2tlbg"
#: Chromium has no Apple Pay; this sheet keeps what it is given and agrees at once.
PAY = """
(async () => {
    window.ApplePaySession = class {
        static STATUS_SUCCESS = 0;
        static STATUS_FAILURE = 1;
        static canMakePayments() { return true; }
        constructor(version, request) { Object.assign(this, {version, request}); }
        begin() { this.onvalidatemerchant({validationURL: "https://evil.example"}); }
        abort() { console.error("the sheet was given up"); }
        completeMerchantValidation(session) {
            if (session.merchantSessionIdentifier !== "%(session)s") console.error("another session");
            const token = {paymentData: {data: "%(secret)s"}, paymentMethod: {displayName: "Visa 1234", network: "Visa"},
                           transactionIdentifier: "ab12"};
            this.onpaymentauthorized({payment: {token}});
        }
        completePayment({status}) {
            const {total, currencyCode} = this.request;
            if (total.amount !== "10.00" || currencyCode !== "GBP") console.error("other figures");
            if (status === %(status)s) console.log("test successful");
            else console.error(`status ${status}`);
        }
    };
    const place = document.getElementById("apple-pay");
    if (!place.hidden) console.error("shown without Apple Pay");
    await import("/fynlo_payments/static/pay/apple_pay.js?again");
    while (place.hidden) await new Promise((resume) => setTimeout(resume, 50));
    place.querySelector("button").click();
})()
"""


class Tokens(BaseHTTPRequestHandler):
    """Stripe's tokens, as far as a browser needs them."""

    def do_OPTIONS(self):
        self.answer(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, self.headers["Authorization"], parse_qs(body)))
        self.answer(b'{"id": "tok_1Abc"}')

    def answer(self, raw):
        self.send_response(self.server.status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "authorization")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args):
        """The test's output stays clean."""


@tagged("post_install", "-at_install")
class TestApplePayPage(PatientBrowser, ApplePayCase):
    def setUp(self):
        super().setUp()
        self.stripe = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
        self.stripe.asked, self.stripe.status = [], 200
        threading.Thread(target=self.stripe.serve_forever, daemon=True).start()
        self.addCleanup(self.stripe.server_close)
        self.addCleanup(self.stripe.shutdown)
        at = {**PROCESSOR, "url": f"http://127.0.0.1:{self.stripe.server_port}/v1/tokens"}
        self.enterContext(patch.object(type(self.env["fynlo.apple.pay"]), "_card_processor", lambda *_args: at))

    def pay(self, status):
        code = PAY % {"session": SESSION["merchantSessionIdentifier"], "secret": SECRET, "status": status}
        self.env.flush_all()
        self.env.cr.flush()
        self.session = None  # here it is the browser's
        self.browser_js(self.path(self.link), code, ready="", timeout=60)

    def test_paying(self):
        self.pay(status=0)
        ((path, authorization, form),) = self.stripe.asked
        self.assertEqual((path, authorization), ("/v1/tokens", "Bearer pk_test_x"))
        self.assertEqual(form["pk_token"], [json.dumps({"data": SECRET}, separators=(",", ":"))])
        self.assertEqual((form["pk_token_payment_network"], form["pk_token_transaction_id"]), (["Visa"], ["ab12"]))
        self.assertEqual(self.cards.details, {"token": "tok_1Abc"})
        self.assertPaid(self.order, 1000)

    def test_a_card_processor_that_refuses(self):
        self.stripe.status = 402
        self.pay(status=1)
        self.assertEqual(self.cards.calls, [])
        self.assertEqual(self.status(self.link), "open")
