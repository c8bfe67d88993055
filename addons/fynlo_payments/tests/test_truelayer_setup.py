"""The connection from the environment: whole, or none."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.tests import TransactionCase, tagged

from ..models.truelayer_connection import FILES, PREFIX, TEXTS, _connect
from ..providers.connection import ProviderUnavailable

KEY = Path(__file__).parent / "truelayer" / "ec512-private.pem"


@tagged("post_install", "-at_install")
class TestTrueLayerSetup(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.addCleanup(_connect.cache_clear)
        secret = Path(self.enterContext(tempfile.TemporaryDirectory())) / "secret"
        secret.write_text("hidden\n")
        self.values = {PREFIX + "ENVIRONMENT": "sandbox", **{PREFIX + name: "x" for name in TEXTS}}
        self.values |= {PREFIX + FILES[0]: str(secret), PREFIX + FILES[1]: str(KEY)}

    def connect(self, **changes):
        with patch.dict(os.environ, {**self.values, **changes}):
            return self.env["fynlo.truelayer.connection"]._connection(self.location)

    def test_whole(self):
        made = self.connect()
        self.assertEqual(made._account.client_secret, "hidden")
        self.assertFalse(made._environment.live)
        self.assertIs(self.connect(), made)  # its token is kept
        self.assertTrue(self.connect(FYNLO_TRUELAYER_ENVIRONMENT="live")._environment.live)

    def test_missing_or_damaged(self):
        for name in self.values:
            with self.subTest(name), self.assertRaises(ProviderUnavailable):
                self.connect(**{name: ""})
        for where in ("http://bank.example", "https://api.truelayer.com", "production"):
            with self.subTest(where), self.assertRaises(ProviderUnavailable):
                self.connect(FYNLO_TRUELAYER_ENVIRONMENT=where)
        with self.assertRaises(ProviderUnavailable):
            self.connect(FYNLO_TRUELAYER_PRIVATE_KEY_FILE="/nowhere")

    def test_no_play_money_in_production(self):
        production = {"FYNLO_ENV": "production"}
        for where in ("sandbox", "http://127.0.0.1:8099"):
            self.assertFalse(self.connect(FYNLO_TRUELAYER_ENVIRONMENT=where)._environment.live)
            with self.subTest(where), self.assertRaises(ProviderUnavailable):
                self.connect(FYNLO_TRUELAYER_ENVIRONMENT=where, **production)
        self.assertTrue(self.connect(FYNLO_TRUELAYER_ENVIRONMENT="live", **production)._environment.live)

    def test_the_tender(self):
        provider = self.env["fynlo.provider.open_banking"]
        with patch.dict(os.environ, self.values):
            self.assertIs(provider._connection(self.location), provider._listener())
        self.assertFalse(provider._immediate)
        with self.assertRaises(ProviderUnavailable):
            provider._listener()

    def test_pounds_only(self):
        location = self.location.new({"currency_id": self.env.ref("base.EUR").id})
        with patch.dict(os.environ, self.values), self.assertRaises(ProviderUnavailable):
            self.env["fynlo.truelayer.connection"]._connection(location)
