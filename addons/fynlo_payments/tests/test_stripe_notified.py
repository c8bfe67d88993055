"""What Stripe tells by itself reaches the order: signed by the simulated Stripe, received, asked after, booked."""

import json
import random

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from simulators.stripe import intents, money

from .stripe_shop import SECRETS, StripeCase


@tagged("post_install", "-at_install")
class TestStripeNotified(StripeCase):
    def events(self):
        """All that has happened at the restaurant's account, as Stripe tells it."""
        return list(self.books.kept["event"].values())

    def deliver(self, events, secrets=(SECRETS[0],)):
        """Post events as Stripe does, and handle what was taken; returns the statuses."""
        self.server.notifier.secrets = secrets
        statuses = []
        for event in events:
            body = json.dumps(event).encode()
            headers = self.server.notifier.headers(body)
            statuses.append(self.url_open("/api/v1/stripe/webhook", data=body, headers=headers).status_code)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()
        return statuses

    def at_reader(self, order, **values):
        made = self.card(order, 1200, card_present=True, complete=True, **values).json()
        (intent,) = self.books.kept["payment_intent"].values()
        with self.server.request():
            intents.present(self.books, intent, "pm_card_visa")
        return made

    def test_a_card_at_a_reader_completes_the_order(self):
        order = self.place()
        made = self.at_reader(order)
        events = self.events() * 2  # Stripe may tell twice
        random.Random(7).shuffle(events)
        self.assertEqual(set(self.deliver(events)), {200})
        self.assertEqual(self.attempt(made).state, "captured")
        self.assertEqual(self.order(order)["state"], "completed")
        self.assertBooked(order, 1200)

    def test_either_secret_serves_while_one_replaces_the_other(self):
        order = self.place()
        made = self.at_reader(order)
        self.assertEqual(set(self.deliver(self.events(), (SECRETS[1],))), {200})
        self.assertEqual(self.attempt(made).state, "captured")

    def test_forged_or_of_another_account_changes_nothing(self):
        order = self.place()
        made = self.at_reader(order)
        self.assertEqual(set(self.deliver(self.events(), ("whsec_guessed",))), {400})
        self.assertEqual(self.attempt(made).state, "action_required")
        foreign = [{**event, "account": "acct_other"} for event in self.events()]
        self.assertEqual(set(self.deliver(foreign)), {200})
        self.assertEqual(self.attempt(made).state, "action_required")
        live = [{**event, "id": f"{event['id']}l", "livemode": True} for event in self.events()]
        self.assertEqual(set(self.deliver(live)), {200})
        self.assertEqual(self.attempt(made).state, "action_required")

    def test_without_a_secret_stripe_is_told_to_come_again(self):
        made = self.at_reader(self.place())
        self.file("hooks", "")
        self.assertEqual(set(self.deliver(self.events())), {503})
        self.assertEqual(self.attempt(made).state, "action_required")

    def test_a_dispute_is_kept_with_the_payment(self):
        taken = self.card(self.place(), 1200, payment_method="pm_card_visa", complete=True).json()
        with self.server.request():
            money.dispute(self.books, next(iter(self.books.kept["charge"].values())))
        self.deliver(self.events())
        dispute = self.env["fynlo.payment.dispute"].search([("payment_id", "=", self.attempt(taken).id)])
        self.assertEqual((dispute.state, dispute.amount), ("needs_response", 1200))
        self.env.cr.flush()
        entries = self.env["fynlo.payment.entry"].search([("dispute_id", "=", dispute.id)])
        self.assertEqual({one.account: one.amount for one in entries}, {"tender:stripe": -1200, "disputed": 1200})

    def test_how_a_known_capture_came_about_is_not_asked_after(self):
        taken = self.card(self.place(), 1200, payment_method="pm_card_visa", complete=True).json()
        asked = len(self.server.seen)
        self.assertEqual(set(self.deliver(self.events())), {200})
        told = self.env["fynlo.payment.notification"].search([("payment_id", "=", self.attempt(taken).id)])
        self.assertEqual(sorted(told.mapped("kind")), sorted(event["type"] for event in self.events()))
        self.assertEqual(set(told.mapped("state")), {"done"})
        self.assertEqual(len(self.server.seen), asked)

    def test_another_intent_for_the_same_payment_is_asked_after(self):
        self.card(self.place(), 1200, payment_method="pm_card_visa", complete=True)
        asked = len(self.server.seen)
        (intent,) = self.books.kept["payment_intent"].values()
        (event,) = [one for one in self.events() if one["type"] == "payment_intent.succeeded"]
        self.deliver([{**event, "id": "evt_other", "data": {"object": {**intent, "id": "pi_other"}}}])
        self.assertGreater(len(self.server.seen), asked)

    def test_what_follows_a_capture_is_asked_after(self):
        taken = self.card(self.place(), 1200, payment_method="pm_card_visa", complete=True).json()
        asked = len(self.server.seen)
        (event,) = [one for one in self.events() if one["type"] == "payment_intent.succeeded"]
        self.deliver([{**event, "type": "payment_intent.partially_funded"}])
        self.assertGreater(len(self.server.seen), asked)
        self.assertEqual(self.attempt(taken).state, "captured")
