"""The window that sets a tender up: what it says is missing, what it asks, what it switches on."""

import os
import threading
from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tests.common import _super_send

from simulators.stripe.server import StripeServer

from ..providers.connection import Health, ProviderUnavailable
from ..providers.setup import SetupFact
from .test_stripe_setup import BASE, StripeSettingsCase
from .trading_day import TradingDay


class Asked:
    """A connection that only says whether it can be used, and whether a transaction was open when it was asked."""

    def __init__(self, cursor, health):
        self.cursor, self.said, self.asked = cursor, health, 0

    def health(self):
        self.asked += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@tagged("post_install", "-at_install")
class TestTenderSetup(TradingDay):
    """Gift cards stand for any tender; what an outside one says is given to them."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()

    def window(self, user=None, **values):
        wished = {"config_id": self.location.id, "method": "gift_card", **values}
        return self.env["fynlo.tender.setup"].with_user(user or self.manager.user_id).create(wished)

    @contextmanager
    def outside(self, health=None, facts=(), mode="test"):
        """Gift cards as if somebody outside took them."""
        provider = self.env.registry["fynlo.provider.gift_card"]
        asked = Asked(self.env.cr, health)
        with (
            patch.object(provider, "_immediate", False),
            patch.object(provider, "_setup_facts", lambda _provider, _location: list(facts)),
            patch.object(provider, "_setup_mode", lambda _provider, _location: mode),
            patch.object(provider, "_connection", lambda _provider, _location: asked, create=True),
        ):
            yield asked

    def press_test(self, window):
        """Press the button; the errand runs when the request is over."""
        window.action_test()
        self.assertEqual(window.answer, "asking")
        self.env.cr.flush()
        self.env.cr.postcommit.run()
        window.invalidate_recordset()

    def test_a_local_tender_is_switched_on_at_once(self):
        window = self.window()
        self.assertEqual((window.mode, window.is_outside, window.facts_ok, window.is_on), (False, False, True, False))
        window.action_switch_on()
        method = self.location._fynlo_tender_methods()["gift_card"]
        self.assertEqual((method.name, method.journal_id), ("Gift card", self.env["account.journal"]))
        self.assertTrue(self.window().is_on)
        self.window().action_switch_on()
        self.assertEqual(
            len(self.location.payment_method_ids.filtered(lambda one: one.fynlo_provider == "gift_card")), 1
        )
        self.env.cr.flush()
        entry = self.env["fynlo.audit.log"].search([("action", "=", "tender.switched_on")], limit=1)
        self.assertEqual((entry.resource_id, entry.actor), (self.location.fynlo_uuid, self.manager.user_id.name))
        changed = self.env["fynlo.audit.log"].search([("action", "=", "settings.changed")], limit=1)
        self.assertIn('"available":["cash","gift_card"]', changed.after)

    def test_switched_off_it_is_switched_on_again(self):
        self.window().action_switch_on()
        offer = self.location.fynlo_offer_ids.filtered(lambda one: one.method == "gift_card")
        offer.offered = False
        self.assertFalse(self.window().is_on)
        self.window().action_switch_on()
        self.assertTrue(offer.offered)

    def test_what_was_switched_on_while_the_till_was_open_is_posted(self):
        self.window(method="manual", name="Card machine").action_switch_on()
        self.env.flush_all()
        order = self.place(self.line(self.menu.pizza))
        taken = self.pay(order, 1000, method="manual", complete=True, details={"reference": "A1"})
        self.assertEqual(taken["order"]["state"], "completed")
        self.close(10000)
        session = self.post()
        method = self.location._fynlo_tender_methods()["manual"]
        self.assertEqual(session.order_ids.payment_ids.payment_method_id, method)
        paid = session.bank_payment_ids
        self.assertEqual((paid.journal_id, paid.amount), (method.journal_id, 10.0))

    def test_nothing_is_switched_on_while_something_is_missing(self):
        missing = SetupFact("Secret key", False, "Put it in the file that FYNLO_EXAMPLE_KEY_FILE names.")
        with self.outside(Health(True), [SetupFact("Account", True), missing]) as asked:
            window = self.window()
            self.assertIn("FYNLO_EXAMPLE_KEY_FILE", window.facts_html)
            self.press_test(window)
            self.assertEqual((window.answer, asked.asked), ("usable", 1))
            with self.assertRaises(UserError):
                window.action_switch_on()
        self.assertNotIn("gift_card", self.location._fynlo_tender_methods())

    def test_an_outside_tender_has_to_answer_first(self):
        with self.outside(Health(False, "the key is of the other mode")):
            window = self.window()
            with self.assertRaises(UserError):
                window.action_switch_on()
            self.press_test(window)
            self.assertEqual((window.answer, window.answer_detail), ("unusable", "the key is of the other mode"))
            with self.assertRaises(UserError):
                window.action_switch_on()
        with self.outside(ProviderUnavailable("provider_unavailable")):
            self.press_test(window)
            self.assertEqual(window.answer, "unusable")
        with self.outside(Health(True)):
            self.press_test(window)
            window.action_switch_on()
        self.assertIn("gift_card", self.location._fynlo_tender_methods())

    def test_the_answer_is_of_what_was_asked_for(self):
        with self.outside(Health(True)):
            window = self.window()
            self.press_test(window)
            window.method = "store_credit"
            self.assertFalse(window.answer)

    def test_it_is_asked_after_the_request(self):
        with self.outside(Health(True)) as asked:
            self.window().action_test()
            self.assertEqual(asked.asked, 0)
            self.env.cr.postcommit.clear()

    def test_the_mode_is_shown(self):
        for mode in ("live", "test"):
            with self.outside(Health(True), mode=mode):
                self.assertEqual(self.window().mode, mode)

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.window(self.cashier.user_id)
        bound = self.hire("Nora", "manager")
        bound.fynlo_location_ids = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.env.flush_all()
        with self.assertRaises(AccessError):
            self.window(bound.user_id).action_switch_on()
        self.assertNotIn("gift_card", self.location._fynlo_tender_methods())

    def test_a_journal_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        journal = self.env["account.journal"].create(
            {"name": "Theirs", "type": "bank", "code": "THRS", "company_id": company.id}
        )
        with patch.object(self.env.registry["fynlo.provider.gift_card"], "_needs_journal", True):
            window = self.window()
            self.assertEqual(window.journal_id.company_id, self.company)
            window.sudo().journal_id = journal
            with self.assertRaises(Problem) as caught:
                window.action_switch_on()
        self.assertEqual(caught.exception.code, "not_found")
        self.assertNotIn("gift_card", self.location._fynlo_tender_methods())


@tagged("post_install", "-at_install")
class TestStripeInTheWindow(StripeSettingsCase, TradingDay):
    """With Stripe's API on this machine."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        assert request.url.startswith("http://127.0.0.1:"), request.url
        return _super_send(session, request, **options)

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.prepare_stripe()
        self.server = StripeServer(secrets=("whsec_new",))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.values[BASE] = self.server.base
        self.enterContext(patch.dict(os.environ, self.values))

    def window(self):
        windows = self.env["fynlo.tender.setup"].with_user(self.manager.user_id)
        return windows.create({"config_id": self.location.id, "method": "stripe"})

    def press_test(self, window):
        window.action_test()
        self.env.cr.flush()
        self.env.cr.postcommit.run()
        window.invalidate_recordset()

    def test_set_up_and_switched_on(self):
        window = self.window()
        self.assertEqual((window.mode, window.facts_ok, window.is_outside), ("test", True, True))
        self.assertTrue(window.notified_at.endswith("/api/v1/stripe/webhook"), window.notified_at)
        self.press_test(window)
        self.assertEqual((window.answer, window.answer_detail), ("usable", False))
        window.action_switch_on()
        method = self.location._fynlo_tender_methods()["stripe"]
        self.assertEqual((method.name, method.journal_id), ("Card (Stripe)", window.journal_id))
        self.assertIn("stripe", [one["method"] for one in self.env["fynlo.fees"]._listed(self.location)])

    def test_without_its_key_it_says_which(self):
        with patch.dict(os.environ, FYNLO_STRIPE_TEST_SECRET_KEY_FILE=""):
            window = self.window()
            self.assertFalse(window.facts_ok)
            self.assertIn("FYNLO_STRIPE_TEST_SECRET_KEY_FILE", window.facts_html)
            window.action_test()
            self.assertEqual(window.answer, "unusable")
            with self.assertRaises(UserError):
                window.action_switch_on()
        self.assertNotIn("stripe", self.location._fynlo_tender_methods())

    def test_no_secret_is_shown(self):
        window = self.window()
        self.press_test(window)
        told = " ".join(str(window[name]) for name in ("facts_html", "answer_detail", "notified_at", "name"))
        for secret in ("sk_test_only_for_tests", "whsec_new", "rk_live_only_for_tests"):
            self.assertNotIn(secret, told)

    def test_live_is_unmistakable(self):
        self.location.fynlo_stripe_mode = "live"
        window = self.window()
        self.assertEqual(window.mode, "live")
        self.press_test(window)  # a simulated Stripe is refused where real money is meant
        self.assertEqual(window.answer, "unusable")
