"""Stripe set up by a location's settings and the process's environment: whole, or not at all."""

import os
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ..providers.connection import ProviderUnavailable
from .stripe_shop import BASE, StripeSettingsCase


@tagged("post_install", "-at_install")
class TestStripeSetup(StripeSettingsCase, Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.prepare_stripe()

    def connect(self, **changes):
        with patch.dict(os.environ, {**self.values, **changes}):
            return self.env["fynlo.provider.stripe"]._connection(self.location)

    def assertRefused(self, **changes):
        with self.assertRaises(ProviderUnavailable):
            self.connect(**changes)

    def test_test_and_live_have_their_own_keys(self):
        for mode, key in (("test", "sk_test_only_for_tests"), ("live", "rk_live_only_for_tests")):
            self.location.fynlo_stripe_mode = mode
            settings = self.connect()._settings
            self.assertEqual((settings.secret_key, settings.livemode), (key, mode == "live"))
            self.assertEqual((settings.account, settings.digits), ("acct_restaurant", 2))
            self.assertEqual(settings.webhook_secrets, ("whsec_new", "whsec_old"))
            self.assertNotIn(key, repr(settings))
        self.location.fynlo_stripe_mode = False
        self.assertRefused()

    def test_a_key_of_the_other_mode_is_refused(self):
        self.assertRefused(FYNLO_STRIPE_TEST_SECRET_KEY_FILE=self.values["FYNLO_STRIPE_SECRET_KEY_FILE"])
        self.location.fynlo_stripe_mode = "live"
        self.assertRefused(FYNLO_STRIPE_SECRET_KEY_FILE=self.values["FYNLO_STRIPE_TEST_SECRET_KEY_FILE"])
        self.assertRefused(FYNLO_STRIPE_SECRET_KEY_FILE=self.file("pk", "pk_live_shown"))

    def test_missing_or_damaged(self):
        for path in ("", "/nowhere", self.file("empty", ""), str(self.folder)):
            self.assertRefused(FYNLO_STRIPE_TEST_SECRET_KEY_FILE=path)

    def test_a_changed_file_is_read_without_a_restart(self):
        first = self.connect()
        self.assertIs(self.connect(), first)  # its lines to Stripe are kept
        self.file("test", "sk_test_the_next_one")
        self.assertEqual(self.connect()._settings.secret_key, "sk_test_the_next_one")

    def test_a_location_may_name_a_key_of_its_own(self):
        self.location.fynlo_stripe_key = "SOHO"
        self.assertRefused()
        own = self.file("soho", "sk_test_soho")
        made = self.connect(FYNLO_STRIPE_TEST_SECRET_KEY_FILE_SOHO=own)
        self.assertEqual(made._settings.secret_key, "sk_test_soho")

    def test_a_simulated_stripe_never_where_real_money_is_meant(self):
        here = "http://127.0.0.1:8098/"
        self.assertEqual(self.connect(**{BASE: here})._settings.api_base, "http://127.0.0.1:8098")
        self.assertRefused(**{BASE: here, "FYNLO_ENV": "production"})
        for elsewhere in (
            "https://api.stripe.com",
            "http://stripe.example",
            "http://127.0.0.1.example",
            "ftp://localhost",
        ):
            self.assertRefused(**{BASE: elsewhere})
        self.location.fynlo_stripe_mode = "live"
        self.assertRefused(**{BASE: here})

    def test_what_is_not_written_like_an_id_is_refused(self):
        for field, value in (
            ("fynlo_stripe_account", "acct_1/../2"),
            ("fynlo_stripe_account", "sk_test_secret"),
            ("fynlo_stripe_key", "soho"),
            ("fynlo_stripe_key", "SOHO_FILE=/etc"),
            ("fynlo_stripe_terminal_location", "front door"),
        ):
            with self.subTest(value), self.assertRaises(ValidationError):
                self.location[field] = value

    def test_the_listener_needs_no_location_but_a_secret(self):
        provider = self.env["fynlo.provider.stripe"]
        with patch.dict(os.environ, self.values):
            self.assertTrue(provider._listener())
        for path in ("", "/nowhere", self.file("hooks", "\n")):
            changed = {**self.values, "FYNLO_STRIPE_WEBHOOK_SECRETS_FILE": path}
            with patch.dict(os.environ, changed), self.assertRaises(ProviderUnavailable):
                provider._listener()

    def test_what_is_missing_is_told_without_secrets(self):
        provider = self.env["fynlo.provider.stripe"]

        def told(**changes):
            with patch.dict(os.environ, {**self.values, **changes}):
                return provider._setup_facts(self.location)

        self.assertEqual([fact.ok for fact in told()], [True, True, True])
        self.assertNotRegex(str(told()), "sk_test|whsec_")
        self.assertEqual([fact.ok for fact in told(FYNLO_STRIPE_TEST_SECRET_KEY_FILE="")], [True, False, True])
        self.assertEqual([fact.ok for fact in told(FYNLO_STRIPE_WEBHOOK_SECRETS_FILE="")], [True, True, False])
        self.assertEqual(provider._setup_mode(self.location), "test")
        self.location.fynlo_stripe_mode = False
        self.assertEqual([fact.ok for fact in told()], [False])
        self.assertIsNone(provider._setup_mode(self.location))

    def test_the_publishable_key_is_of_the_mode(self):
        public = self.env["fynlo.stripe.connection"]
        with patch.dict(os.environ, self.values):
            self.assertEqual(public._public(self.location)["publishable_key"], "pk_test_shown")
        for wrong in ("pk_live_shown", "sk_test_only_for_tests", ""):
            with patch.dict(os.environ, {**self.values, "FYNLO_STRIPE_TEST_PUBLISHABLE_KEY": wrong}):
                self.assertIsNone(public._public(self.location)["publishable_key"])
