"""Failure row 25: a notification is lost, the guest has paid, and the next reconciliation finds the money."""

import threading
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged
from odoo.tests.common import _super_send

from simulators.bank.server import BankServer
from simulators.stripe import refunds
from simulators.stripe.server import StripeServer

from ..models import provider_call, settlement_reading
from ..models.refund_call import look_refund
from ..providers.connection import ProviderUnavailable
from ..providers.stripe_client import StripeConnection, StripeSettings
from ..providers.truelayer_client import Account, TrueLayerConnection, loopback
from .bank import OutsideCase

PRIVATE = (Path(__file__).parent / "truelayer" / "ec512-private.pem").read_bytes()


@tagged("post_install", "-at_install")
class TestReconciliationRecovery(OutsideCase):
    """The bank is the simulator, which speaks TrueLayer's wire format; nobody tells us of its notifications."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        if request.url.startswith("http://127.0.0.1:"):
            return _super_send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        self.server = self.serve(BankServer())
        name = f"m-{self.location.id}-{now().timestamp()}"
        account = Account("id", "hidden", "kid", PRIVATE, name, "pay@example.com", "https://pay.example/back")
        self.bank = TrueLayerConnection(loopback(self.server.base), account)
        self.enterContext(patch.object(settlement_reading, "SETTLING", timedelta(0)))
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda cron, *_a, **_v: cron.env.flush_all() or 60.0)
        here = self.location
        self.patch(
            self.registry["fynlo.settlement.account"],
            "_reports",
            lambda accounts: [("open_banking", here, accounts.env["fynlo.provider.open_banking"]._settlements(here))],
        )
        self.accounts = self.env["fynlo.settlement.account"]

    def serve(self, server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def on_stripe(self):
        """The location is paid by the simulated Stripe instead; returns its server and the account's books."""
        stripe = self.serve(StripeServer(secrets=("whsec_test_only",)))
        account = f"acct_{now().timestamp():.0f}_{self.location.id}"
        settings = StripeSettings(
            "sk_test_simulated", False, ("whsec_test_only",), account, api_base=stripe.base, digits=2
        )
        self.bank = StripeConnection(settings)
        self.addCleanup(stripe.faults.clear)
        return stripe, stripe.accounts.books(account)

    def test_a_card_whose_answer_was_lost_is_found_as_well(self):
        stripe, _books = self.on_stripe()
        order, body = self.place(), self.wish(1200, details={"payment_method": "pm_card_visa"})
        with stripe.faults.script(("/v1/payment_intents", "drop_after", 50)):
            answer = self.pay(order, 1200, body=body)
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "unknown"))
        row = self.reconcile(1)
        self.assertEqual((self.attempt(body).state, row.state, row.provider), ("captured", "resolved", "stripe"))
        self.assertBooked(order, 1200)
        self.assertEqual((row.provider_amount, row.ledger_amount, row.orders_amount), (1200, 1200, 1200))

    def refund(self, order, minor):
        body = {"id": uuid7(), "reason": "Cold", "amount": self.money(minor)}
        return self.done("POST", f"/orders/{order['id']}/refunds", body)["refunds"][0]

    def given(self, refund):
        self.env.invalidate_all()
        return self.env["fynlo.refund"].search([("fynlo_uuid", "=", refund["id"])])

    def test_refunds_are_matched_too(self):
        order, body = self.paid_unnoticed()
        provider_call.look(self.registry, self.attempt(body).id)
        self.done("POST", f"/orders/{order['id']}:complete")
        refund = self.refund(order, 300)
        look_refund(self.registry, self.given(refund).id)
        row = self.reconcile(1)
        self.assertEqual((self.given(refund).state, row.state, row.movement_count), ("succeeded", "matched", 2))
        self.assertEqual((row.provider_amount, row.ledger_amount, row.orders_amount), (900, 900, 900))

    def test_a_refund_that_came_back_without_anybody_telling_is_owed_to_the_guest(self):
        stripe, books = self.on_stripe()
        order = self.place()
        answer = self.pay(order, 1200, complete=True, details={"payment_method": "pm_card_visa"})
        self.assertEqual(answer.status_code, 201, answer.text)
        refund = self.refund(order, 300)
        look_refund(self.registry, self.given(refund).id)
        self.assertEqual(self.given(refund).state, "succeeded")
        with stripe.request():
            refunds.finish(books, next(iter(books.kept["refund"].values())), fails=True)
        row = self.reconcile(1)
        self.assertEqual((self.given(refund).state, self.given(refund).owed), ("failed", 300))
        self.assertEqual((row.state, row.movement_count, row.fact_count), ("resolved", 3, 3))
        self.assertEqual((row.provider_amount, row.ledger_amount), (1200, 1200))

    def paid_unnoticed(self, minor=1200):
        """An order whose guest has paid at the bank; nobody has told us. Returns order and payment."""
        order, body = self.place(), self.wish(minor)
        answer = self.pay(order, minor, body=body)
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "action_required"))
        self.server.bank.approve(self.attempt(body).provider_reference)
        return order, body

    def reconcile(self, days):
        """What the scheduled action does when so many days have gone."""
        with patch(f"{settlement_reading.__name__}.now", lambda: now() + timedelta(days=days)):
            ((account, report),) = self.accounts._discover()
            self.env["fynlo.reconciliation.service"]._reconcile(account, report)
        self.env.flush_all()
        return self.env["fynlo.reconciliation"].search([("account_id", "=", account.id)])

    def test_a_lost_notification_is_found_by_the_next_run(self):
        order, body = self.paid_unnoticed()
        row = self.reconcile(1)
        self.assertEqual(self.attempt(body).state, "captured")
        self.assertBooked(order, 1200)
        self.assertEqual((row.state, row.difference_ids.mapped("kind")), ("resolved", ["missing_here"]))
        self.assertEqual((row.provider_amount, row.ledger_amount, row.orders_amount), (1200, 1200, 1200))
        self.assertEqual(self.reconcile(2), row)
        self.assertEqual(len(row.difference_ids), 1)

    def test_a_payment_that_was_told_of_is_just_matched(self):
        order, body = self.paid_unnoticed()
        provider_call.look(self.registry, self.attempt(body).id)
        row = self.reconcile(1)
        self.assertEqual((row.state, row.movement_count, row.fact_count), ("matched", 1, 1))
        self.assertBooked(order, 1200)

    def test_a_provider_that_is_away_leaves_it_to_the_run_after(self):
        order, body = self.paid_unnoticed()
        away = ProviderUnavailable("provider_unavailable")
        with patch.object(TrueLayerConnection, "fetch", side_effect=away):
            row = self.reconcile(1)
        self.assertEqual((row.state, self.attempt(body).state), ("differences", "action_required"))
        self.assertBooked_not(order)
        row = self.reconcile(2)
        self.assertEqual((row.state, self.attempt(body).state), ("resolved", "captured"))
        self.assertBooked(order, 1200)

    def assertBooked_not(self, order):
        self.assertEqual(self.order(order)["totals"]["paid"], self.money(0))

    def test_money_that_comes_when_the_order_was_paid_otherwise_is_owed_back(self):
        order, body = self.paid_unnoticed()
        self.env.cr.execute(
            "UPDATE fynlo_payment SET state = 'cancelled', next_look_at = NULL WHERE fynlo_uuid = %s", (body["id"],)
        )
        self.env.cr.execute("UPDATE pos_order SET fynlo_reserved = 0 WHERE uuid = %s", (order["id"],))
        self.env.invalidate_all()
        self.done("POST", f"/orders/{order['id']}/payments", {**self.wish(1200), "method": "cash", "complete": True})
        row = self.reconcile(1)
        self.assertEqual(self.attempt(body).state, "refund_due")
        self.assertEqual((row.state, row.ledger_amount, row.orders_amount), ("resolved", 1200, 0))
