"""The whole connection to Stripe against a Stripe on this machine that misbehaves as told."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import TestCase
from unittest.mock import patch
from uuid import uuid4

from simulators.stripe import intents, money, refunds
from simulators.stripe.control import behave
from simulators.stripe.server import StripeServer

from ..providers.connection import Leg, NotificationRefused, ProviderUnavailable, RefundLeg
from ..providers.stripe_client import StripeConnection, StripeListener, StripeSettings, finding, transport
from ..providers.stripe_client.currencies import NotChargeable, Scale

SECRET = "whsec_test_only"
ACCOUNT = "acct_restaurant"
SETTINGS = StripeSettings("sk_test_simulated", False, (SECRET,), ACCOUNT, digits=2)
CREATE = "POST /v1/payment_intents$"


class OnStripe(TestCase):
    def setUp(self):
        super().setUp()
        self.server = StripeServer(secrets=(SECRET,))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.faults.clear)
        self.stripe = self.connect()
        self.books = self.server.accounts.books(ACCOUNT)

    def connect(self, **changes):
        return StripeConnection(replace(SETTINGS, api_base=self.server.base, **changes))

    def leg(self, method="pm_card_visa", amount=1250, **values):
        details = {"payment_method": method} if method else {}
        sent = {"sent_at": datetime.now(UTC), "details": details, "application_fee": 12, **values}
        return Leg(str(uuid4()), str(uuid4()), amount, sent.pop("currency", "GBP"), str(uuid4()), str(uuid4()), **sent)

    def paid(self, method="pm_card_visa", **values):
        leg = self.leg(method, **values)
        return replace(leg, reference=self.stripe.create(leg).reference)

    def back(self, leg, amount=250):
        return RefundLeg(str(uuid4()), str(uuid4()), amount, leg, sent_at=datetime.now(UTC))

    def made(self, kind="payment_intent"):
        return list(self.books.kept[kind].values())

    def late(self):
        """As if a minute had passed since the leg was sent: nothing can be under way."""
        return patch.object(finding, "IN_FLIGHT", timedelta(0))

    def wanting(self, fault, times=1, pattern=CREATE):
        return self.server.faults.script((pattern, fault, times))


class TestTaking(OnStripe):
    def test_a_card_pays_and_fynlo_has_its_share(self):
        leg = self.leg()
        state = self.stripe.create(leg)
        told = (state.state, state.amount, state.amount_captured, state.currency, state.livemode, state.action)
        self.assertEqual(told, ("captured", 1250, 1250, "GBP", False, None))
        self.assertEqual(state.card, {"brand": "visa", "last4": "4242", "funding": "credit"})
        (intent,) = self.made()
        self.assertEqual(intent["application_fee_amount"], 12)
        known = {"leg_uuid": leg.uuid, "order_uuid": leg.order_uuid, "location_uuid": leg.location_uuid}
        self.assertEqual(intent["metadata"], {**known, "confirmed_by": "server"})
        self.assertEqual(self.stripe.create(leg), state)
        self.assertEqual(len(self.made()), 1)

    def test_a_restaurants_own_key_sends_no_share(self):
        own = self.connect(account=None)
        self.assertEqual(own.create(self.leg()).state, "captured")
        (intent,) = self.server.accounts.books().kept["payment_intent"].values()
        self.assertIsNone(intent["application_fee_amount"])

    def test_every_decline_in_words_for_a_waiter(self):
        cases = {
            "pm_card_chargeDeclined": "card_declined",
            "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
            "pm_card_chargeDeclinedExpiredCard": "expired_card",
            "pm_card_chargeDeclinedIncorrectCvc": "incorrect_cvc",
            "pm_card_chargeDeclinedProcessingError": "processing_error",
            "pm_card_visa_chargeDeclinedLostCard": "card_declined",
            "pm_card_visa_chargeDeclinedStolenCard": "card_declined",
            "pm_card_radarBlock": "card_declined",
            "pm_card_nobody": "provider_refused",
        }
        for method, code in cases.items():
            with self.subTest(method):
                leg = self.leg(method)
                state = self.stripe.create(leg)
                self.assertEqual((state.state, state.failure_code), ("failed", code))
                if state.reference:
                    self.assertEqual(self.stripe.fetch(replace(leg, reference=state.reference)).state, "failed")

    def test_the_guest_is_asked_by_the_bank(self):
        for passed, expected in ((True, ("captured", None)), (False, ("failed", "authentication_required"))):
            with self.subTest(passed=passed):
                leg = self.paid("pm_card_threeDSecure2Required")
                asked = self.stripe.fetch(leg)
                self.assertEqual((asked.state, asked.action["type"]), ("action_required", "use_stripe_sdk"))
                intent = self.books.one("payment_intent", leg.reference)
                self.assertEqual(asked.action["client_secret"], intent["client_secret"])
                with self.server.request():
                    intents.authenticate(self.books, intent, passed)
                after = self.stripe.fetch(leg)
                self.assertEqual((after.state, after.failure_code), expected)

    def test_held_after_the_banks_question_and_captured_in_part(self):
        leg = self.paid("pm_card_threeDSecure2Required", manual_capture=True)
        with self.server.request():
            intents.authenticate(self.books, self.books.one("payment_intent", leg.reference), True)
        held = self.stripe.fetch(leg)
        self.assertEqual((held.state, held.amount_captured), ("authorised", 0))
        self.assertGreater(held.capture_before, datetime.now(UTC) + timedelta(days=6))
        taken = self.stripe.capture(replace(leg, application_fee=8), 800)
        self.assertEqual((taken.state, taken.amount_captured), ("captured", 800))
        self.assertEqual(self.made("charge")[0]["application_fee_amount"], 8)
        again = self.stripe.capture(leg, 1250)
        self.assertEqual((again.state, again.amount_captured, again.amount_refunded), ("captured", 800, 0))
        self.assertEqual(self.stripe.refund(self.back(leg, 300)).state, "succeeded")
        self.assertEqual(self.stripe.fetch(leg).amount_refunded, 300)

    def test_held_for_too_long(self):
        leg = self.paid(manual_capture=True)
        self.assertEqual(self.stripe.fetch(leg).state, "authorised")
        with self.server.request():
            intents.expire(self.books, self.books.one("payment_intent", leg.reference))
        self.assertEqual(self.stripe.fetch(leg).state, "expired")

    def test_a_reader_collects_the_card(self):
        leg = self.paid(None, details={"card_present": True})
        waiting = self.stripe.fetch(leg)
        self.assertEqual((waiting.state, waiting.raw_state), ("action_required", "requires_payment_method"))
        self.assertTrue(waiting.action["client_secret"])
        with self.server.request():
            intents.present(self.books, self.books.one("payment_intent", leg.reference), "pm_card_visa_debit")
        state = self.stripe.fetch(leg)
        self.assertEqual((state.state, state.card["funding"]), ("captured", "debit"))
        self.assertTrue(self.stripe.connection_token("tml_1").startswith("pst_test_"))
        with self.assertRaises(ProviderUnavailable):
            self.stripe.connection_token("elsewhere")

    def test_a_declined_card_at_the_till_may_be_followed_by_another(self):
        leg = self.paid(None)
        intent = self.books.one("payment_intent", leg.reference)
        with self.server.request(), self.assertRaises(intents.Refusal):
            intents.confirm(self.books, intent, {"payment_method": "pm_card_chargeDeclined"})
        self.assertEqual(self.stripe.fetch(leg).state, "action_required")
        with self.server.request():
            intents.confirm(self.books, intent, {"payment_method": "pm_card_visa"})
        self.assertEqual(self.stripe.fetch(leg).state, "captured")

    def test_a_payment_under_way_is_not_yet_known(self):
        behave(self.server, "capture_later")
        leg = self.paid()
        state = self.stripe.fetch(leg)
        self.assertEqual((state.state, state.raw_state), ("unknown", "processing"))
        with self.server.request():
            intents.settle(self.books, self.books.one("payment_intent", leg.reference))
        self.assertEqual(self.stripe.fetch(leg).state, "captured")

    def test_a_token_pays_like_a_card(self):
        leg = self.leg(None, details={"token": "tok_visa"})
        self.assertEqual(self.stripe.create(leg).state, "captured")

    def test_what_stripe_cannot_have_given_never_reaches_it(self):
        for details in ({"payment_method": "pm_x&amount=1"}, {"payment_method": ["pm_1"]}, {"token": "4242"}):
            with self.subTest(details):
                state = self.stripe.create(self.leg(None, details=details))
                self.assertEqual((state.state, state.failure_code), ("failed", "provider_refused"))
        self.assertFalse(self.server.requests)

    def test_another_amount_or_currency_is_told_as_it_is(self):
        for behaviour, expected in (("other_amount", (1251, "GBP")), ("other_currency", (1250, "EUR"))):
            behave(self.server, behaviour)
            state = self.stripe.create(self.leg())
            self.assertEqual((state.amount, state.currency), expected)


class TestLostOnTheWay(OnStripe):
    def test_a_lost_request_or_answer_is_one_charge(self):
        for fault in ("drop_before", "drop_after", "error_before", "busy"):
            with self.subTest(fault), self.wanting(fault):
                leg = self.leg()
                self.assertEqual(self.stripe.create(leg).state, "captured")
                mine = [row for row in self.made() if row["metadata"]["leg_uuid"] == leg.uuid]
                self.assertEqual(len(mine), 1)

    def test_an_error_that_the_key_keeps_is_found_by_looking(self):
        leg = self.leg()
        with self.wanting("error_after"):
            self.assertEqual(self.stripe.create(leg).state, "unknown")
        self.assertEqual(self.stripe.find_by_key(leg).state, "captured")
        self.assertEqual(len(self.made()), 1)

    def test_recovery_without_the_tills_details_finds_and_charges_nothing(self):
        leg = self.leg()
        self.stripe.create(leg)
        forgotten = replace(leg, details={})
        self.assertEqual(self.stripe.create(forgotten).state, "captured")
        self.assertEqual(len(self.made()), 1)

    def test_what_never_arrived_is_certain_only_after_a_while(self):
        leg = self.leg()
        with self.wanting("drop_before", 9):
            self.assertEqual(self.stripe.create(leg).state, "unknown")
        self.assertEqual(self.stripe.find_by_key(leg).state, "unknown")
        with self.late():
            self.assertIsNone(self.stripe.find_by_key(leg))
            self.assertEqual(self.stripe.cancel(leg).state, "cancelled")
        self.assertIsNone(self.stripe.find_by_key(replace(leg, sent_at=None)))

    def test_a_leg_is_found_among_more_than_any_page_holds(self):
        leg = self.leg()
        self.stripe.create(leg)
        for _ in range(620):
            with self.server.request():
                intents.create(self.books, {"amount": "100", "currency": "gbp", "metadata": {"leg_uuid": "other"}})
        self.assertEqual(self.stripe.find_by_key(leg).state, "captured")
        with self.late():
            self.assertIsNone(self.stripe.find_by_key(replace(leg, uuid=str(uuid4()))))

    def test_a_leg_sent_again_hours_later_is_found(self):
        leg = self.leg()
        self.stripe.create(leg)
        first = replace(leg, sent_at=leg.sent_at - timedelta(hours=5))
        self.assertEqual(self.stripe.find_by_key(first).state, "captured")

    def test_after_a_day_nothing_is_posted_again(self):
        old = self.leg()
        old = replace(old, sent_at=old.sent_at - timedelta(hours=25))
        self.assertEqual(self.stripe.create(old).state, "unknown")
        self.assertEqual(self.stripe.refund(replace(self.back(old), sent_at=old.sent_at)).state, "unknown")
        self.assertFalse(any(name.startswith("POST") for name in self.server.requests))

    def test_several_steps_share_one_deadline(self):
        leg = self.leg()
        self.stripe.create(leg)
        started = time.monotonic()
        with patch.object(transport, "WHOLE_S", 3.0), self.wanting("wait_before", 9, "/v1/payment_intents"):
            self.assertEqual(self.stripe.cancel(leg).state, "unknown")
        self.assertLess(time.monotonic() - started, 8)  # without it: three seconds for each try and each step

    def test_a_step_within_a_call_has_no_deadline_of_its_own(self):
        class Steps:
            @transport.in_time
            def whole(self):
                return transport._deadline.get(), self.part()

            @transport.in_time
            def part(self):
                return transport._deadline.get()

        whole, part = Steps().whole()
        self.assertEqual(whole, part)
        self.assertIsNone(transport._deadline.get())

    def test_too_busy_is_certain_and_says_so(self):
        with self.wanting("busy", 9), self.assertRaises(ProviderUnavailable) as busy:
            self.stripe.create(self.leg())
        self.assertEqual(busy.exception.code, "provider_busy")
        self.assertEqual(self.made(), [])

    def test_a_refused_key_took_nothing(self):
        self.server.accounts.revoked.add("sk_test_simulated")
        with self.assertRaises(ProviderUnavailable) as refused:
            self.stripe.create(self.leg())
        self.assertEqual(refused.exception.code, "provider_unavailable")


class TestEnding(OnStripe):
    def test_cancelled_before_the_guest_pays(self):
        for method, manual in ((None, False), ("pm_card_visa", True), ("pm_card_threeDSecure2Required", False)):
            with self.subTest(method):
                leg = self.paid(method, manual_capture=manual)
                self.assertEqual(self.stripe.cancel(leg).state, "cancelled")
                self.assertEqual(self.stripe.cancel(leg).state, "cancelled")

    def test_cancelled_too_late_says_that_it_is_paid(self):
        self.assertEqual(self.stripe.cancel(self.paid()).state, "captured")

    def test_cancelled_without_a_reference_is_found_first(self):
        leg = self.leg(None)
        with self.wanting("error_after", 1):
            self.assertEqual(self.stripe.create(leg).state, "unknown")
        state = self.stripe.cancel(leg)
        self.assertEqual((state.state, self.made()[0]["status"]), ("cancelled", "canceled"))

    def test_an_answer_lost_while_capturing_or_cancelling(self):
        for step, expected in (("capture", "captured"), ("cancel", "cancelled")):
            for fault in ("drop_after", "error_after"):
                with self.subTest(step=step, fault=fault):
                    leg = self.paid(manual_capture=True)
                    with self.wanting(fault, 1, f"POST .*/{step}"):
                        done = self.stripe.capture(leg, 1250) if step == "capture" else self.stripe.cancel(leg)
                    self.assertEqual(done.state, expected)

    def test_refunds_in_parts_and_no_further(self):
        leg = self.paid()
        first = self.back(leg, 1000)
        state = self.stripe.refund(first)
        self.assertEqual((state.state, state.amount), ("succeeded", 1000))
        self.assertEqual(self.stripe.refund(first), state)
        more = self.stripe.refund(self.back(leg, 251))
        self.assertEqual((more.state, more.failure_code), ("failed", "refund_refused"))
        self.assertEqual(self.stripe.refund(self.back(leg, 250)).state, "succeeded")
        self.assertEqual(self.stripe.fetch(leg).amount_refunded, 1250)
        self.assertEqual(len(self.made("refund")), 2)

    def test_a_refund_refused_because_an_earlier_try_gave_all_is_that_refund(self):
        leg = self.paid()
        refund = self.back(leg, 1250)
        with self.wanting("error_after", 9, "POST /v1/refunds"):
            self.assertEqual(self.stripe.refund(refund).state, "unknown")
        self.server.keys.forget()  # the key is gone, so Stripe judges the wish anew: nothing is left to refund
        state = self.stripe.refund(refund)
        self.assertEqual((state.state, state.amount), ("succeeded", 1250))
        self.assertEqual(len(self.made("refund")), 1)

    def test_refunds_that_take_their_time(self):
        for method, first in (("pm_card_pendingRefund", "sent"), ("pm_card_refundFail", "succeeded")):
            refund = self.back(self.paid(method))
            state = self.stripe.refund(refund)
            self.assertEqual(state.state, first)
            with self.server.request():
                refunds.finish(self.books, self.books.one("refund", state.reference), fails=True)
            later = self.stripe.fetch_refund(replace(refund, reference=state.reference))
            self.assertEqual((later.state, later.failure_code), ("failed", "refund_failed"))
            self.assertEqual(self.stripe.fetch_refund(refund).state, "failed")  # found by our own id

    def test_a_refund_that_never_arrived(self):
        refund = self.back(self.paid())
        with self.wanting("drop_before", 9, "POST /v1/refunds"):
            self.assertEqual(self.stripe.refund(refund).state, "unknown")
        self.assertEqual(self.stripe.find_refund_by_key(refund).state, "unknown")
        with self.late():
            self.assertIsNone(self.stripe.find_refund_by_key(refund))

    def test_a_refund_of_what_was_not_taken(self):
        state = self.stripe.refund(self.back(self.paid(manual_capture=True)))
        self.assertEqual((state.state, state.failure_code), ("failed", "refund_refused"))


class TestCurrencies(OnStripe):
    def test_amounts_as_stripe_counts_them(self):
        cases = (("ISK", 0, 1250, 125_000), ("UGX", 0, 900, 90_000), ("JPY", 0, 1250, 1250), ("KWD", 3, 1250, 1250))
        for currency, digits, amount, there in cases:
            with self.subTest(currency):
                self.stripe = self.connect(digits=digits)
                leg = self.paid(amount=amount, currency=currency, application_fee=0)
                state = self.stripe.fetch(leg)
                self.assertEqual((state.state, state.amount, state.amount_captured), ("captured", amount, amount))
                self.assertEqual(self.made()[-1]["amount"], there)
                refunded = self.stripe.refund(self.back(leg, amount))
                self.assertEqual((refunded.state, refunded.amount), ("succeeded", amount))

    def test_an_amount_that_no_card_can_pay(self):
        state = self.connect(digits=3).create(self.leg(amount=1255, currency="KWD"))
        self.assertEqual((state.state, state.failure_code), ("failed", "amount_not_chargeable"))
        self.assertFalse(self.server.requests)

    def test_there_and_back(self):
        for currency, digits, amount, there in (
            ("MGA", 2, 500, 5),
            ("TWD", 0, 5, 500),
            ("EUR", 2, 7, 7),
            ("EUR", None, 7, 7),
        ):
            scale = Scale(currency, digits)
            self.assertEqual((scale.to_stripe(amount), scale.to_ours(there)), (there, amount))
        self.assertIsNone(Scale("ISK", 0).to_ours(125_050))
        for currency, digits, amount in (("MGA", 2, 501), ("ISK", 2, 1250), ("KWD", 3, 1255)):
            with self.assertRaises(NotChargeable):
                Scale(currency, digits).to_stripe(amount)


class TestNotifications(OnStripe):
    def heard(self, kind, subject):
        with self.server.request():
            self.books.happened(kind, subject)
            event = self.made("event")[-1]
        body = json.dumps(event).encode()
        return body, self.server.notifier.headers(body)

    def test_disputes_and_refunds_name_the_payment(self):
        leg = self.paid("pm_card_createDispute")
        self.stripe.refund(self.back(leg))
        with self.server.request():
            money.close_dispute(self.books, self.made("dispute")[0], "lost")
        listener, kinds = StripeListener((SECRET,)), set()
        for row in self.made("event"):
            body = json.dumps(row).encode()
            (event,) = listener.read_notification(
                "POST", "/", self.server.notifier.headers(body), body, datetime.now(UTC)
            )
            self.assertEqual((event.reference, event.account, event.livemode), (leg.reference, ACCOUNT, False))
            kinds.add(event.kind)
        expected = {
            "charge.dispute.created",
            "charge.dispute.closed",
            "charge.dispute.funds_withdrawn",
            "refund.created",
        }
        self.assertLessEqual(expected, kinds)

    def test_a_readers_event_names_the_payment(self):
        reader = {"object": "terminal.reader", "action": {"process_payment_intent": {"payment_intent": "pi_9"}}}
        body, headers = self.heard("terminal.reader.action_failed", reader)
        (event,) = self.stripe.read_notification("POST", "/", headers, body, datetime.now(UTC))
        self.assertEqual(event.reference, "pi_9")

    def test_identifiers_that_are_none_are_refused(self):
        for subject in (
            {"object": "charge", "payment_intent": {"id": "pi_1"}},
            {"object": "payment_intent", "id": "../x"},
        ):
            body, headers = self.heard("charge.refunded", subject)
            with self.assertRaises(NotificationRefused):
                self.stripe.read_notification("POST", "/", headers, body, datetime.now(UTC))

    def test_without_a_secret_nobody_listens(self):
        for secrets in ((), ("", "")):
            with self.assertRaises(ProviderUnavailable):
                StripeListener(secrets)


class TestHealth(OnStripe):
    def test_well(self):
        self.assertTrue(self.stripe.health().usable)
        self.assertEqual(list(self.server.requests), ["GET /v1/balance"])

    def test_what_is_wrong_is_told_without_the_secret(self):
        self.server.accounts.strangers.add("acct_gone")
        cases = (
            ({"webhook_secrets": ()}, "webhook secret"),
            ({"account": "acct_gone"}, "not for this account"),
            ({"secret_key": "rk_test_revoked"}, "key is refused"),
        )
        self.server.accounts.revoked.add("rk_test_revoked")
        for changes, told in cases:
            health = self.connect(**changes).health()
            self.assertFalse(health.usable)
            self.assertIn(told, health.detail)
            self.assertNotIn("_test_", health.detail)

    def test_clocks_that_differ(self):
        with patch.object(self.stripe._line, "_compare_clocks"):
            self.stripe._line.skew_s = 61
            self.assertIn("clock", self.stripe.health().detail)

    def test_no_answer(self):
        self.server.shutdown()
        self.server.server_close()
        self.assertIn("not answer", self.stripe.health().detail)
