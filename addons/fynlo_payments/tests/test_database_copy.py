"""A neutralised copy of a database charges nobody, though its process has every key."""

import os
import tempfile
from functools import partial
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import TransactionCase, tagged

from ..models.truelayer_connection import FILES, PREFIX, TEXTS, _connect
from ..providers.connection import ProviderUnavailable

KEY = Path(__file__).parent / "truelayer" / "ec512-private.pem"


@tagged("post_install", "-at_install")
class TestDatabaseCopy(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.addCleanup(_connect.cache_clear)
        secret = Path(self.enterContext(tempfile.TemporaryDirectory())) / "secret"
        secret.write_text("hidden")
        values = {PREFIX + "ENVIRONMENT": "sandbox", **{PREFIX + name: "x" for name in TEXTS}}
        values |= {PREFIX + FILES[0]: str(secret), PREFIX + FILES[1]: str(KEY)}
        (secret.parent / "key").write_text("sk_test_only_for_tests")
        values |= dict.fromkeys(
            ("FYNLO_STRIPE_TEST_SECRET_KEY_FILE", "FYNLO_STRIPE_WEBHOOK_SECRETS_FILE"), str(secret.parent / "key")
        )
        self.enterContext(patch.dict(os.environ, values))
        self.location.write({"fynlo_stripe_mode": "test", "fynlo_stripe_account": "acct_restaurant"})

    def neutralise(self):
        """What ``odoo neutralize`` runs of its base and of this addon."""
        self.env.flush_all()
        for query in get_neutralization_queries(["base", "fynlo_payments"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache("stable")

    def assert_closed(self, act, what):
        with self.assertRaises(ProviderUnavailable) as refused:
            act()
        self.assertEqual(refused.exception.code, "provider_database_is_a_copy", what)

    def test_no_notification_is_taken(self):
        for code in ("open_banking", "stripe"):
            self.env[f"fynlo.provider.{code}"]._listener()
        self.neutralise()
        for code in ("open_banking", "stripe"):
            self.assert_closed(self.env[f"fynlo.provider.{code}"]._listener, code)

    def outside(self):
        """Every provider that is reached over the network, and the connections behind them."""
        names = [
            name
            for name, model in self.env.items()
            if hasattr(model, "_connection") and name.startswith("fynlo.") and not getattr(model, "_immediate", False)
        ]
        return [self.env[name] for name in names if name != "fynlo.provider"]

    def test_no_provider_is_reached(self):
        for code in ("open_banking", "stripe"):
            self.assertIn(self.env[f"fynlo.provider.{code}"], self.outside())
            self.env[f"fynlo.provider.{code}"]._connection(self.location)  # the original can
        self.neutralise()
        self.assertFalse(self.location.fynlo_stripe_mode or self.location.fynlo_stripe_account)
        self.location.fynlo_stripe_mode = "test"  # somebody tries it out in the copy
        for provider in self.outside():
            with self.subTest(provider._name):
                self.assert_closed(partial(provider._connection, self.location), provider._name)

    def test_certificates_are_out_of_use(self):
        shared = {"company_id": self.company.id, "kind": "merchant_identity", "merchant_id": "merchant.x"}
        model = self.env["fynlo.apple.pay.certificate"].sudo()
        records = model.create(
            [
                {
                    **shared,
                    "public_key_hash": "a",
                    "state": "active",
                    "valid_from": "2020-01-01",
                    "expires_at": "2090-01-01",
                },
                {**shared, "public_key_hash": "b"},
            ]
        )
        self.assertEqual(model._identity(self.company), records[0])
        self.neutralise()
        self.assertEqual(records.mapped("state"), ["retired", "retired"])
        self.assertFalse(model._identity(self.company))
