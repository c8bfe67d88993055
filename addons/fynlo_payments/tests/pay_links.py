"""A location whose guests pay by bank on their phones, with a simulated bank on this machine."""

import os
import re
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from odoo import Command
from odoo.addons.fynlo_pos_core.tests.common import ApiCase, forget_rate_limits
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.settings import settings
from odoo.tests.common import _super_send

from simulators.bank.server import BankServer

from ..models.truelayer_connection import FILES, PREFIX, TEXTS, _connect

PRIVATE = Path(__file__).parent / "truelayer" / "ec512-private.pem"
PUBLIC = (
    serialization.load_pem_private_key(PRIVATE.read_bytes(), None)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
LEAVES_FOR = re.compile(r'content="0; url=([^"]+)"')


class PayLinkCase(Shop, ApiCase):
    """``self.bank`` holds the books of the simulated bank, which checks the signature of every write."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        assert request.url.startswith("http://127.0.0.1:"), request.url
        return _super_send(session, request, **options)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till, cls._devices[cls.location.id] = cls.device, (cls.device, cls.device_key)
        del cls.device  # here it is the method of ApiCase
        journal = cls.env["account.journal"].create(
            {"name": "By bank", "type": "bank", "code": "BYBNK", "company_id": cls.company.id}
        )
        tip = cls.env["product.product"].create({"name": "Tip", "type": "service", "taxes_id": False})
        method = cls.env["pos.payment.method"].create(
            {
                "name": "By bank",
                "journal_id": journal.id,
                "company_id": cls.company.id,
                "fynlo_provider": "open_banking",
            }
        )
        cls.location.write(
            {"payment_method_ids": [Command.link(method.id)], "iface_tipproduct": True, "tip_product_id": tip.id}
        )

    def setUp(self):
        super().setUp()
        self.open_bank()
        self.open_till()
        self.token = self.sign_in("cashier")

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def open_bank(self):
        self.server = BankServer(client_key=PUBLIC)
        self.bank = self.server.bank
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.bank.released.set)
        secret = Path(self.enterContext(tempfile.TemporaryDirectory())) / "secret"
        secret.write_text("hidden")
        values = {PREFIX + name: "test" for name in TEXTS}
        values |= {
            PREFIX + "ENVIRONMENT": self.server.base,
            PREFIX + "RETURN_URL": f"{self.base_url()}/pay/back",
            **dict(zip((PREFIX + name for name in FILES), (str(secret), str(PRIVATE)), strict=True)),
        }
        self.enterContext(patch.dict(os.environ, values))
        self.addCleanup(_connect.cache_clear)

    # --- tills ---------------------------------------------------------------------------

    def make(self, order, minor, *, status=201, **values):
        """Ask for a link as a till does."""
        body = {"id": uuid7(), "order_id": order["id"], "amount": self.gbp(minor), **values}
        answer = self.api("POST", "/open-banking/payments", body, token=self.token, key=False)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()

    def at(self, link, verb="", method="POST", status=200):
        """Read a link, or act on it, as a till does."""
        path = f"/open-banking/payments/{link['id']}{verb}"
        answer = self.api(method, path, token=self.token, key=False)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()

    def link_now(self, link):
        return self.at(link, method="GET")

    def order_now(self, order):
        answer = self.api("GET", f"/orders/{order['id']}", token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def pay_cash(self, order, minor, **values):
        body = {"id": uuid7(), "method": "cash", "amount": self.gbp(minor), **values}
        answer = self.api("POST", f"/orders/{order['id']}/payments", body, token=self.token)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def row_of(self, link):
        self.env.invalidate_all()
        return self.env["fynlo.pay.link"].search([("fynlo_uuid", "=", link["id"])])

    def limit(self, budgets):
        """Rate limits that no slow machine outlives."""
        self.addCleanup(settings.cache_clear)
        self.enterContext(patch.dict(os.environ, FYNLO_RATE_LIMITS=budgets))
        settings.cache_clear()
        forget_rate_limits()

    # --- guests --------------------------------------------------------------------------

    def path(self, link, step=""):
        """The address that the code holds, without the host."""
        found = re.fullmatch(r"https?://[^/]+(/pay/[A-Za-z0-9_-]{22})", link["url"])
        self.assertTrue(found, link["url"])
        return found[1] + (f"/{step}" if step else "")

    def visit(self, path, method="GET", **headers):
        """What a phone gets; redirects are not followed."""
        self.env.cr.flush()
        answer = self.url_open(path, method=method, headers=headers, allow_redirects=False, timeout=40)
        self.env.invalidate_all()
        return answer

    def tap_bank(self, link):
        """Tap *Pay by bank*; returns the address of the bank's page."""
        answer = self.visit(self.path(link, "bank"), "POST")
        self.assertEqual(answer.status_code, 200, answer.text)
        found = LEAVES_FOR.search(answer.text)
        self.assertTrue(found, answer.text)
        return found[1].replace("&amp;", "&")

    def status(self, link):
        return self.visit(self.path(link, "status")).json()["view"]

    def look(self, link):
        """The page asks the bank again, and tells its face."""
        return self.visit(self.path(link, "look"), "POST", Accept="application/json").json()["view"]

    def payment_at_bank(self):
        (payment,) = self.bank.payments.values()
        return payment

    def decide(self, decision="approve"):
        """What the guest presses on the bank's page."""
        payment = self.payment_at_bank()
        self.assertTrue(self.bank.decide(payment["id"], decision, payment["resource_token"]))

    def let_time_pass(self, link):
        """The link's time is over, and so is that of its payment."""
        row = self.row_of(link)
        row.expires_at = "2020-01-01 00:00:00"
        row.payment_id.expires_at = "2020-01-01 00:00:00"
        self.env.flush_all()

    def run_job(self):
        """The scheduled action that ends links; a test's cursor cannot be committed."""
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_options: 0):
            self.env["fynlo.pay.link"]._cron_expire()
        self.env.invalidate_all()

    @contextmanager
    def told(self, kind="pay_link.updated"):
        """The events of a kind that tills get meanwhile, as a list that is filled at the end."""
        before, heard = len(self.events("payments", kind)), []
        yield heard
        heard.extend(self.events("payments", kind)[before:])

    def assertPaid(self, order, minor):
        """The order, Odoo's rows and the ledger agree on what was paid."""
        totals = self.order_now(order)["totals"]
        self.assertEqual((totals["paid"], totals["reserved"]), (self.gbp(minor), self.gbp(0)))
        self.assertEqual(round(sum(self.row(order).payment_ids.mapped("amount")) * 100), minor)
        differences = self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01")
        self.assertEqual([found for found in differences if found["order_uuid"] == order["id"]], [])
