"""A location that takes cards by a simulated Stripe of this machine, for tests."""

import os
import tempfile
import threading
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from simulators.stripe.server import StripeServer

from ..models.stripe_connection import _connect
from .bank import OutsideCase

ACCOUNT = "acct_restaurant"
SECRETS = ("whsec_new", "whsec_old")
BASE = "FYNLO_STRIPE_API_BASE"


class StripeSettingsCase:
    """Mix in: ``self.values`` is an environment whose files hold keys of both modes, and a webhook secret."""

    def prepare_stripe(self):
        self.addCleanup(_connect.cache_clear)
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.values = {
            "FYNLO_STRIPE_SECRET_KEY_FILE": self.file("live", "rk_live_only_for_tests"),
            "FYNLO_STRIPE_TEST_SECRET_KEY_FILE": self.file("test", "sk_test_only_for_tests\n"),
            "FYNLO_STRIPE_WEBHOOK_SECRETS_FILE": self.file("hooks", "\n".join(SECRETS)),
            "FYNLO_STRIPE_PUBLISHABLE_KEY": "pk_live_shown",
            "FYNLO_STRIPE_TEST_PUBLISHABLE_KEY": "pk_test_shown",
            BASE: "",
            "FYNLO_ENV": "",
        }
        self.location.write({"fynlo_stripe_mode": "test", "fynlo_stripe_account": ACCOUNT})

    def file(self, name, content):
        (self.folder / name).write_text(content)
        return str(self.folder / name)


class StripeCase(StripeSettingsCase, OutsideCase):
    """A location that takes cards by a simulated Stripe: ``self.server``, and its books as ``self.books``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journal = cls.env["account.journal"].create({"name": "Cards", "type": "bank", "code": uuid7()[-5:]})
        card = {"name": "Card", "journal_id": journal.id, "fynlo_provider": "stripe"}
        method = cls.env["pos.payment.method"].create(card)
        cls.location.write({"payment_method_ids": [Command.link(method.id)]})

    def setUp(self):
        self.prepare_stripe()
        self.location.fynlo_stripe_terminal_location = "tml_room"
        self.server = StripeServer()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.faults.clear)
        self.books = self.server.accounts.books(ACCOUNT)
        self.enterContext(patch.dict(os.environ, {**self.values, "FYNLO_STRIPE_API_BASE": self.server.base}))
        super().setUp()

    def card(self, order, minor, *, key=None, bearer=None, **values):
        """The response to ``POST /stripe/payment-intents``."""
        body = {"id": uuid7(), "order_id": order["id"], "amount": self.money(minor), **values}
        return self.api("POST", "/stripe/payment-intents", body, token=bearer or self.cashier, key=key or uuid7())

    def step(self, payment, verb, body=None, **options):
        path = f"/stripe/payment-intents/{payment['id']}:{verb}"
        options = {"token": self.cashier, "key": False, **options}
        return self.api("POST", path, body, **options)

    def charged(self):
        return [row for row in self.books.kept["charge"].values() if row["captured"]]
