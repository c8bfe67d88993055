"""A leg that is paid on Stripe's own page, at the simulated Stripe: whatever happens, it is one leg and paid once."""

import http.client
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import TestCase
from unittest.mock import patch

from simulators.stripe import routes
from simulators.stripe.control import behave
from simulators.stripe.refusal import Refusal
from simulators.stripe.server import StripeServer

from ..providers.connection import Leg, ProviderUnavailable, RefundLeg
from ..providers.stripe_client import CheckoutPage, StripeConnection, StripeSettings
from ..providers.stripe_client import checkout as pages

ACCOUNT = "acct_restaurant"
BACK = "https://tills.example/pay/token/back"
SESSIONS = r"POST /v1/checkout/sessions$"
EXPIRE = r"POST /v1/checkout/sessions/.*/expire"


class TestStripeCheckout(TestCase):
    def setUp(self):
        super().setUp()
        self.server = StripeServer(secrets=("whsec_test_only",))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.faults.clear)
        self.books = self.server.accounts.books(ACCOUNT)
        self.stripe = self.connection()
        now = datetime.now(UTC).replace(microsecond=0)
        page = CheckoutPage("Joe's", BACK, now + timedelta(minutes=15))
        self.leg = Leg(
            "leg-1", "key-1", 1250, "GBP", "order-1", "place-1", application_fee=12, sent_at=now,
            details={"checkout": page},
        )  # fmt: skip

    def connection(self, **settings):
        settings = {"api_base": self.server.base, "digits": 2, **settings}
        return StripeConnection(StripeSettings("sk_test_only", False, ("whsec_test_only",), ACCOUNT, **settings))

    def begin(self):
        """The leg with its page, as it is asked after later: without details."""
        said = self.stripe.create(self.leg)
        self.assertEqual((said.state, said.amount, said.currency), ("action_required", 1250, "GBP"))
        return replace(self.leg, reference=said.reference, details={})

    def guest(self, leg, step="pay"):
        line = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=20)
        line.request("POST", f"/c/pay/{leg.reference}/{step}")
        status = line.getresponse().status
        line.close()
        return status

    def captured(self):
        return [row["amount"] for row in self.books.kept["charge"].values() if row["captured"]]

    def test_what_stripe_is_asked_for(self):
        said = self.stripe.create(self.leg)
        self.assertEqual(said.action, {"type": "redirect", "url": next(iter(self.sessions()))["url"]})
        _path, headers, wish = self.server.seen[0]
        self.assertEqual((headers["Idempotency-Key"], headers["Stripe-Account"]), ("key-1", ACCOUNT))
        self.assertEqual(wish["line_items"][0]["price_data"]["unit_amount"], "1250")
        self.assertEqual(wish["line_items"][0]["price_data"]["product_data"]["name"], "Joe's")
        self.assertEqual(wish["payment_intent_data"]["application_fee_amount"], "12")
        self.assertEqual(wish["payment_intent_data"]["metadata"], {**wish["metadata"], "paid_on": "checkout"})
        self.assertEqual(wish["metadata"]["leg_uuid"], "leg-1")
        self.assertEqual(wish["client_reference_id"], "leg-1")
        self.assertEqual((wish["success_url"], wish["cancel_url"]), (BACK, BACK))
        self.assertEqual(wish["adaptive_pricing"], {"enabled": "false"})
        self.assertEqual(int(wish["expires_at"]), int(self.leg.sent_at.timestamp()) + 35 * 60)

    def sessions(self):
        return self.books.kept["checkout.session"].values()

    def test_declined_then_paid_captured_and_given_back(self):
        leg = self.begin()
        self.guest(leg, "decline")
        self.assertEqual(self.stripe.fetch(leg).state, "action_required")
        self.assertEqual(self.guest(leg), 303)
        said = self.stripe.fetch(leg)
        self.assertEqual((said.state, said.amount, said.amount_captured, said.currency, said.livemode),
                         ("captured", 1250, 1250, "GBP", False))  # fmt: skip
        self.assertEqual((said.reference, said.card["last4"], said.action), (leg.reference, "4242", None))
        self.assertIn(said.alias, self.books.kept["payment_intent"])
        refund = RefundLeg("refund-1", "refund-key", 250, leg, sent_at=leg.sent_at)
        back = [self.stripe.refund(refund) for _twice in range(2)]
        self.assertEqual({(one.state, one.amount) for one in back}, {("succeeded", 250)})
        self.assertEqual(len(self.books.kept["refund"]), 1)
        self.assertEqual(self.stripe.find_refund_by_key(refund), back[0])
        self.assertEqual(self.stripe.fetch(leg).amount_refunded, 250)

    def test_a_lost_answer_is_found_and_not_asked_for_twice(self):
        with self.server.faults.script((SESSIONS, "drop_after", 9)):
            self.assertEqual(self.stripe.create(self.leg).state, "unknown")
        found = self.stripe.find_by_key(replace(self.leg, details={}))
        self.assertEqual((found.state, len(self.sessions())), ("action_required", 1))
        again = self.stripe.create(self.leg)
        self.assertEqual((again.reference, again.action, len(self.sessions())), (found.reference, found.action, 1))
        self.guest(replace(self.leg, reference=found.reference))
        paid = self.stripe.find_by_key(replace(self.leg, details={}))
        self.assertEqual((paid.state, paid.reference), ("captured", found.reference))
        self.assertEqual(self.captured(), [1250])

    def test_one_that_never_arrived(self):
        with self.server.faults.script((SESSIONS, "drop_before", 9)):
            self.assertEqual(self.stripe.create(self.leg).state, "unknown")
        self.assertEqual(self.stripe.find_by_key(self.leg).state, "unknown")  # it may be under way yet
        late = replace(self.leg, sent_at=self.leg.sent_at - timedelta(minutes=2))
        self.assertIsNone(self.stripe.find_by_key(late))

    def test_a_key_that_may_make_no_pages(self):
        """Restricted keys of before: other card payments are still found, and a page is certainly not made."""
        real, forbidden = routes.serve, Refusal(403, "invalid_request_error", "", "The key may not.", saved=False)

        def serve(method, request):
            if "/checkout/" in request.path:
                raise forbidden
            return real(method, request)

        with patch("simulators.stripe.server.serve", serve):
            with self.assertRaises(ProviderUnavailable):
                self.stripe.create(self.leg)
            long_ago = replace(self.leg, sent_at=self.leg.sent_at - timedelta(minutes=2), details={})
            self.assertIsNone(self.stripe.find_by_key(long_ago))
            paid = self.stripe.create(replace(self.leg, details={"payment_method": "pm_card_visa"}))
            found = self.stripe.find_by_key(long_ago)
            self.assertEqual((found.state, found.reference), ("captured", paid.reference))

    def test_a_page_that_is_open_is_not_made_again(self):
        leg = self.begin()
        again = self.stripe.create(replace(self.leg, reference=leg.reference))
        self.assertEqual((again.state, again.reference), ("action_required", leg.reference))
        self.guest(leg)
        self.assertEqual(self.stripe.create(replace(self.leg, reference=leg.reference)).state, "captured")
        self.assertEqual(self.server.requests["POST /v1/checkout/sessions"], 1)

    def test_a_key_pays_in_one_way_alone(self):
        """Apple Pay and a page for the same leg: whichever came first is the leg."""
        leg = self.begin()
        tapped = self.stripe.create(replace(self.leg, details={"token": "tok_visa"}))
        self.assertEqual((tapped.state, tapped.reference), ("action_required", leg.reference))
        self.assertEqual(self.captured(), [])

    def test_cancelled(self):
        leg = self.begin()
        self.guest(leg, "decline")
        for _twice in range(2):
            said = self.stripe.cancel(leg)
            self.assertEqual((said.state, said.reference), ("cancelled", leg.reference))
        self.assertEqual(self.stripe.fetch(leg).state, "cancelled")  # before its time: somebody ended it
        self.guest(leg)
        self.assertEqual(self.captured(), [])

    def test_cancelled_and_the_answer_lost(self):
        leg = self.begin()
        with self.server.faults.script((EXPIRE, "drop_after", 1)):
            said = self.stripe.cancel(leg)
        self.assertEqual(said.state, "cancelled")  # the repetition was refused, so it was asked what it is
        self.assertEqual(next(iter(self.sessions()))["status"], "expired")

    def test_cancelled_too_late(self):
        leg = self.begin()
        self.guest(leg)
        said = self.stripe.cancel(leg)
        self.assertEqual((said.state, said.amount_captured), ("captured", 1250))

    def test_cancelled_before_its_answer_came(self):
        with self.server.faults.script((SESSIONS, "drop_after", 9)):
            self.stripe.create(self.leg)
        self.assertEqual(self.stripe.cancel(replace(self.leg, details={})).state, "cancelled")
        self.assertEqual(next(iter(self.sessions()))["status"], "expired")

    def test_its_time_is_over(self):
        leg = self.begin()
        self.books.ahead_s = 36 * 60
        later = datetime.now(UTC) + timedelta(minutes=36)
        with patch.object(pages, "datetime", wraps=datetime) as clock:
            clock.now.return_value = later
            self.assertEqual(self.stripe.fetch(leg).state, "expired")
            self.assertEqual(self.stripe.cancel(leg).state, "cancelled")

    def test_held_then_captured_in_part_or_let_go(self):
        self.leg = replace(self.leg, manual_capture=True)
        leg = self.begin()
        self.guest(leg)
        self.assertEqual(self.stripe.fetch(leg).state, "authorised")
        said = self.stripe.capture(leg, 1000)
        self.assertEqual((said.state, said.amount_captured, said.reference), ("captured", 1000, leg.reference))
        self.leg = replace(self.leg, uuid="leg-2", key="key-2")
        other = self.begin()
        self.guest(other)
        self.assertEqual(self.stripe.cancel(other).state, "cancelled")
        self.assertEqual(self.captured(), [1250])  # the charge's amount; of it 1000 was captured

    def test_other_money_than_was_asked_for_is_told(self):
        for behaviour, told in (("other_amount", (1251, "GBP")), ("other_currency", (1250, "EUR"))):
            with self.subTest(behaviour):
                self.leg = replace(self.leg, uuid=behaviour, key=behaviour)
                leg = self.begin()
                behave(self.server, behaviour)
                self.guest(leg)
                behave(self.server, "normal")
                said = self.stripe.fetch(leg)
                self.assertEqual((said.state, said.amount, said.currency), ("captured", *told))

    def test_money_counts_though_the_page_is_over(self):
        """Stripe may take the money in the same moment in which the page ends."""
        leg = self.begin()
        self.guest(leg)
        self.books.kept["checkout.session"][leg.reference]["status"] = "expired"
        self.assertEqual((self.stripe.fetch(leg).state, self.stripe.cancel(leg).state), ("captured", "captured"))

    def test_disputes_are_of_the_payment_alone(self):
        other = self.begin()
        self.assertEqual(self.stripe.disputes(other), [])
        self.guest(other)
        self.leg = replace(self.leg, uuid="leg-2", key="key-2")
        leg = self.begin()
        self.assertEqual(self.stripe.disputes(leg), [])  # nothing was paid: it asks for nobody's
        with patch("simulators.stripe.page.CARDS", {"pay": "pm_card_createDispute"}):
            self.guest(leg)
        self.assertEqual((len(self.stripe.disputes(leg)), self.stripe.disputes(other)), (1, []))

    def test_a_till_can_name_no_page(self):
        """What a till gives is JSON; where a guest is sent is for this server alone to say."""
        named = {"name": "x", "back": "https://elsewhere.example", "until": "2030-01-01"}
        said = self.stripe.create(replace(self.leg, details={"checkout": named}))
        self.assertEqual((said.state, said.failure_code), ("failed", "provider_refused"))
        self.assertEqual(dict(self.server.requests), {})

    def test_notifications_name_the_leg(self):
        leg = self.begin()
        self.guest(leg)
        event = next(row for row in self.books.kept["event"].values() if row["type"] == "checkout.session.completed")
        body = json.dumps(event).encode()
        headers = self.server.notifier.headers(body)
        (told,) = self.stripe.read_notification("POST", "/", headers, body, datetime.now(UTC))
        self.assertEqual((told.kind, told.leg_uuid, told.reference),
                         ("checkout.session.completed", "leg-1", leg.reference))  # fmt: skip
