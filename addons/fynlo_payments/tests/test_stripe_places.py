"""A location changes its account, mode or key at Stripe; what was paid before stays where it was made."""

import json
import os
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from simulators.stripe import money

from ..models.payment_dispute import look_disputes
from ..models.refund_call import look_refund
from ..providers.connection import ProviderUnavailable
from .stripe_shop import ACCOUNT, SECRETS, StripeCase

OTHER = "acct_other"


@tagged("post_install", "-at_install")
class TestStripePlaces(StripeCase):
    def setUp(self):
        super().setUp()
        self.others = self.server.accounts.books(OTHER)

    def taken(self):
        """A completed order paid by card; its payment."""
        answer = self.card(self.place(), 1200, payment_method="pm_card_visa", complete=True)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def moves(self, **settings):
        """The location makes its payments elsewhere from now on."""
        self.location.write({f"fynlo_stripe_{name}": value for name, value in settings.items()})
        self.env.flush_all()

    def give_back(self, payment, minor, status=201):
        body = {"id": uuid7(), "amount": self.money(minor), "reason": "Cold"}
        done = self.step(payment, "refund", body, token=self.manager, key=uuid7())
        self.assertEqual(done.status_code, status, done.text)
        return done.json()

    def refunded_at(self, books):
        return [row["amount"] for row in books.kept["refund"].values()]

    def deliver(self, events, account):
        """Post events of an account as Stripe does, and handle them; returns what became of those about payments."""
        self.server.notifier.secrets = (SECRETS[0],)
        told = [{**event, "id": f"evt_{uuid7()}", "account": account} for event in events]
        for event in told:
            body = json.dumps(event).encode()
            headers = self.server.notifier.headers(body)
            self.assertEqual(self.url_open("/api/v1/stripe/webhook", data=body, headers=headers).status_code, 200)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()
        kept = self.env["fynlo.payment.notification"].search([("event_id", "in", [event["id"] for event in told])])
        return {(row.state, row.failure_code) for row in kept if row.payment_id}

    def test_a_payment_keeps_where_it_was_made(self):
        attempt = self.attempt(self.taken()).sudo()
        kept = (attempt.provider_mode, attempt.provider_account, attempt.provider_secret_name)
        self.assertEqual(kept, ("test", ACCOUNT, False))
        cash = self.pay(self.place(), 1200, method="cash").json()
        self.assertFalse(self.attempt(cash).provider_mode)

    def test_refunds_go_to_the_account_that_took_the_money(self):
        before = self.taken()
        self.moves(account=OTHER)
        after = self.taken()
        self.assertEqual(self.give_back(before, 500)["refunds"][0]["state"], "succeeded")
        self.assertEqual((self.refunded_at(self.books), self.refunded_at(self.others)), ([500], []))
        self.assertEqual(self.give_back(after, 700)["refunds"][0]["state"], "succeeded")
        self.assertEqual((self.refunded_at(self.books), self.refunded_at(self.others)), ([500], [700]))

    def test_what_became_of_it_is_asked_there(self):
        before = self.taken()
        refund = self.give_back(before, 500)["refunds"][0]
        self.moves(account=OTHER)
        self.step(before, "refresh")
        self.assertEqual(self.attempt(before).state, "captured")
        row = self.env["fynlo.refund"].search([("fynlo_uuid", "=", refund["id"])])
        self.assertEqual(look_refund(self.registry, row.id), "succeeded")
        with self.server.request():
            money.dispute(self.books, next(iter(self.books.kept["charge"].values())))
        look_disputes(self.registry, self.attempt(before).id)
        self.env.invalidate_all()
        dispute = self.env["fynlo.payment.dispute"].search([("payment_id", "=", self.attempt(before).id)])
        self.assertEqual((dispute.state, dispute.amount), ("needs_response", 1200))

    def test_still_given_back_when_cards_are_no_more_taken(self):
        before = self.taken()
        self.moves(mode=False, account=False)
        self.assertEqual(self.give_back(before, 500)["refunds"][0]["state"], "succeeded")
        self.assertEqual(self.refunded_at(self.books), [500])
        self.assertProblem(self.card(self.place(), 1200, payment_method="pm_card_visa"), "provider_unavailable", 503)

    def test_the_other_mode(self):
        before = self.taken()
        self.moves(mode="live")
        provider = self.env["fynlo.provider.stripe"]
        with patch.dict(os.environ, {"FYNLO_STRIPE_API_BASE": ""}):
            self.assertTrue(provider._connection(self.location).livemode)
            self.assertFalse(provider._connection_of(self.attempt(before)).livemode)
        self.assertEqual(self.give_back(before, 500)["refunds"][0]["state"], "succeeded")

    def test_a_key_of_its_own(self):
        key = {"FYNLO_STRIPE_TEST_SECRET_KEY_FILE_SOHO": self.file("soho", "sk_test_of_soho")}
        with patch.dict(os.environ, key):
            self.moves(account=False, key="SOHO")
            before = self.taken()
            self.moves(account=ACCOUNT, key=False)
            self.give_back(before, 500)
            (sent,) = [headers for name, headers, _wish in self.server.seen if name == "POST /v1/refunds"]
            told = {name.lower(): value for name, value in sent.items()}
            self.assertEqual(told["authorization"], "Bearer sk_test_of_soho")
            self.assertNotIn("stripe-account", told)
        self.assertEqual(self.give_back(before, 100, status=422)["code"], "refund_unavailable")
        self.assertEqual(len([name for name, *_rest in self.server.seen if name == "POST /v1/refunds"]), 1)

    def test_payments_that_do_not_know_are_where_the_location_is(self):
        before = self.taken()
        self.attempt(before).sudo().write({"provider_mode": False, "provider_account": False})
        self.env.flush_all()
        self.assertEqual(self.give_back(before, 500)["refunds"][0]["state"], "succeeded")
        self.moves(account=OTHER)
        provider = self.env["fynlo.provider.stripe"]
        self.assertEqual(provider._connection_of(self.attempt(before)).account, OTHER)

    def test_each_account_tells_of_its_own_payments(self):
        before = self.taken()
        old = list(self.books.kept["event"].values())
        self.moves(account=OTHER)
        after = self.taken()
        new = list(self.others.kept["event"].values())
        self.assertTrue(old and new)
        self.assertEqual(self.deliver(old, ACCOUNT), {("done", False)})
        self.assertEqual(self.deliver(new, ACCOUNT), {("failed", "wrong_account")})
        self.assertEqual(self.deliver(old, OTHER), {("failed", "wrong_account")})
        self.assertEqual(self.deliver(new, OTHER), {("done", False)})
        self.assertEqual({self.attempt(each).state for each in (before, after)}, {"captured"})

    def test_a_copy_of_the_database_reaches_no_old_account(self):
        attempt = self.attempt(self.taken())
        self.env.flush_all()
        for query in get_neutralization_queries(["base", "fynlo_payments"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache("stable")
        with self.assertRaises(ProviderUnavailable) as refused:
            self.env["fynlo.provider.stripe"]._connection_of(attempt)
        self.assertEqual(refused.exception.code, "provider_database_is_a_copy")
