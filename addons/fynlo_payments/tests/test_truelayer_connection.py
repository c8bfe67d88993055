"""Bank payments against a bank on this machine that speaks TrueLayer's wire format and misbehaves as told."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from odoo.tests import BaseCase, tagged
from odoo.tests.common import _super_send

from simulators.bank.server import BankServer

from ..providers.connection import Leg, NotificationRefused, ProviderUnavailable, RefundLeg
from ..providers.truelayer_client import Account, TrueLayerConnection, calls, loopback

PRIVATE = (Path(__file__).parent / "truelayer" / "ec512-private.pem").read_bytes()
PATH = "/payments/open_banking/webhooks"


@tagged("post_install", "-at_install")
class TestTrueLayerConnection(BaseCase):
    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        assert request.url.startswith("http://127.0.0.1:"), request.url
        return _super_send(session, request, **options)

    def setUp(self):
        super().setUp()
        self.server = BankServer()
        self.bank = self.server.bank
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.bank.released.set)
        self.account = Account("id", "hidden", "kid", PRIVATE, "m-1", "pay@example.com", "https://pay.example/back")
        self.connection = TrueLayerConnection(loopback(self.server.base), self.account)

    def leg(self, amount=1250, **values):
        return Leg(str(uuid4()), str(uuid4()), amount, "GBP", str(uuid4()), str(uuid4()), **values)

    def paid(self, behaviour="approve", **values):
        self.bank.behaviour = behaviour
        leg = self.leg(**values)
        return replace(leg, reference=self.connection.create(leg).reference)

    def test_the_guest_agrees_at_the_bank(self):
        leg = self.leg()
        made = self.connection.create(leg)
        self.assertEqual((made.state, made.amount, made.currency), ("action_required", 1250, "GBP"))
        self.assertIn(f"payment_id={made.reference}&resource_token=", made.action["url"])
        leg = replace(leg, reference=made.reference)
        self.assertEqual(self.connection.fetch(leg).state, "action_required")
        self.bank.approve(made.reference)
        told = self.connection.fetch(leg)
        self.assertEqual(
            (told.state, told.amount_captured, told.raw_state, told.action), ("captured", 1250, "settled", None)
        )
        self.assertNotIn("hidden", repr(self.account))

    def test_declined(self):
        told = self.connection.fetch(self.paid("decline"))
        self.assertEqual((told.state, told.failure_code, told.amount_captured), ("failed", "declined", 0))

    def test_large_payments_count_once_settled(self):
        small, large = self.paid("stall", amount=25_000), self.paid("stall", amount=25_001)
        self.assertEqual(self.connection.fetch(small).state, "captured")
        self.assertEqual(self.connection.fetch(large).state, "authorised")

    def test_cancelled_in_time_and_too_late(self):
        told = self.connection.cancel(self.paid("never_answer"))
        self.assertEqual((told.state, told.failure_code), ("cancelled", None))
        self.assertEqual(self.connection.cancel(self.paid("approve_after_expiry")).state, "captured")

    def test_a_repeated_wish_is_one_payment(self):
        leg = self.leg()
        self.assertEqual({self.connection.create(leg).reference for _ in range(5)}, set(self.bank.payments))
        self.assertEqual(self.connection.create(replace(leg, amount=1)).state, "failed")
        self.assertEqual(len(self.bank.payments), 1)

    def test_an_error_is_asked_again_by_the_same_key(self):
        leg = self.paid("error_then_ok")
        self.assertEqual(list(self.bank.payments), [leg.reference])

    def test_no_answer_is_unknown_and_found_by_its_key(self):
        self.bank.behaviour = "hang"
        leg = self.leg()
        with patch.object(calls, "READ_S", 0.5):
            self.assertEqual(self.connection.create(leg).state, "unknown")
        self.bank.released.set()
        found = self.connection.find_by_key(leg)
        self.assertEqual((found.state, [found.reference]), ("captured", list(self.bank.payments)))
        forgotten = replace(self.leg(), sent_at=datetime.now(UTC) - timedelta(hours=25))
        self.assertEqual(self.connection.find_by_key(forgotten).state, "unknown")
        self.assertEqual(len(self.bank.payments), 1)

    def test_other_amounts_and_currencies_are_told_as_they_are(self):
        self.assertEqual(self.connection.fetch(self.paid("other_amount")).amount, 1251)
        self.assertEqual(self.connection.fetch(self.paid("other_currency")).currency, "EUR")

    def test_the_bank_page_is_named_again_while_it_is_needed(self):
        leg = self.leg()
        made = self.connection.create(leg)
        found = self.connection.find_by_key(leg)
        self.assertEqual((found.state, found.action), ("action_required", made.action))
        self.bank.approve(made.reference)
        self.assertEqual((self.connection.find_by_key(leg).action), None)

    def test_a_clock_that_runs_ahead_is_not_believed(self):
        self.paid("approve")
        event = self.bank.events[0]
        self.hear(event)
        self.bank.behaviour = "clock_ahead"
        with self.assertRaises(NotificationRefused):
            self.hear(event)

    def test_a_bank_that_is_away_was_not_asked(self):
        away = TrueLayerConnection(loopback("http://127.0.0.1:1"), self.account)
        with self.assertRaises(ProviderUnavailable):
            away.create(self.leg())
        self.assertFalse(away.health().usable)
        self.assertTrue(self.connection.health().usable)

    def test_references_never_leave_their_path(self):
        for reference in ("../x", "a/b", "a?b", "x" * 65):
            with self.subTest(reference), self.assertRaises(ProviderUnavailable):
                self.connection.fetch(self.leg(reference=reference))

    def test_refunds(self):
        leg = self.paid()
        refund = RefundLeg(str(uuid4()), str(uuid4()), 1000, leg)
        sent = [self.connection.refund(refund) for _ in range(3)]
        self.assertEqual({state.reference for state in sent}, set(self.bank.refunds))
        self.assertEqual(self.connection.fetch_refund(replace(refund, reference=sent[0].reference)).state, "succeeded")
        self.assertEqual(self.connection.find_refund_by_key(refund).reference, sent[0].reference)
        more = RefundLeg(str(uuid4()), str(uuid4()), 251, leg, sent_at=datetime.now(UTC) - timedelta(hours=1))
        self.assertEqual(self.connection.refund(more).failure_code, "provider_refused")
        self.assertIsNone(self.connection.find_refund_by_key(more))
        just_sent = replace(more, sent_at=datetime.now(UTC))
        self.assertEqual(self.connection.find_refund_by_key(just_sent).state, "unknown")

    def test_a_refund_that_fails(self):
        leg = self.paid("refund_fails")
        refund = RefundLeg(str(uuid4()), str(uuid4()), 1000, leg)
        reference = self.connection.refund(refund).reference
        told = self.connection.fetch_refund(replace(refund, reference=reference))
        self.assertEqual((told.state, told.failure_code), ("failed", "insufficient_funds"))

    def test_notifications(self):
        for behaviour, kinds in (
            ("duplicate", ["payment_executed"] * 3 + ["payment_settled"] * 3),
            ("out_of_order", ["payment_settled", "payment_executed"]),
            ("stall", ["payment_executed", "payment_settlement_stalled"]),
        ):
            with self.subTest(behaviour):
                self.bank.events.clear()
                leg = self.paid(behaviour)
                events = [self.hear(event) for event in self.bank.events]
                self.assertEqual([event.kind for event in events], kinds)
                self.assertEqual({(event.reference, event.leg_uuid) for event in events}, {(leg.reference, leg.uuid)})
        with self.assertRaises(NotificationRefused):
            self.hear(self.bank.events[0], path="/elsewhere")
        with self.assertRaises(NotificationRefused):
            self.hear(self.bank.events[0], now=datetime.now(UTC) + timedelta(minutes=6))

    def hear(self, event, path=PATH, now=None):
        headers, body = self.server.signed(PATH, event)
        (read,) = self.connection.read_notification("POST", path, headers, body, now or datetime.now(UTC))
        return read
