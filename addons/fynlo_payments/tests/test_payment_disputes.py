"""Disputed payments: what a notification of one leads to, and what Stripe says of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from odoo.addons.fynlo_pos_core.tools.clock import naive_utc
from odoo.tests import TransactionCase, tagged

from simulators.stripe import money

from ..providers.connection import ProviderUnavailable
from ..providers.dispute import Disputes, DisputeState
from .outside_bank import OutsideBank, OutsideShop
from .test_stripe_payments import OnStripe

DUE = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
OPENED = DisputeState("dp_1", "needs_response", 1000, "GBP", 1000, "fraudulent", DUE)


class DisputingBank(OutsideBank):
    """``told`` is what it says of every payment's disputes."""

    told = ()

    def disputes(self, leg):
        self.asked.append(leg.reference)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


@tagged("post_install", "-at_install")
class TestDisputes(OutsideShop, TransactionCase):
    def setUp(self):
        super().setUp()
        self.bank = DisputingBank()

    def paid(self):
        payment = self.sent_payment()
        self.receive(self.event(payment))
        self.work()
        self.assertEqual(payment.state, "captured")
        self.bank.asked.clear()
        return payment

    def tell(self, payment, *told, kind="charge.dispute.updated"):
        """The notification, once it was handled."""
        self.bank.told = list(told)
        (notification,) = self.receive(self.event(payment, kind, leg_uuid=None))
        self.work()
        return notification

    def disputes(self, payment):
        return self.env["fynlo.payment.dispute"].search([("payment_id", "=", payment.id)])

    def test_a_dispute_is_kept_and_told(self):
        payment = self.paid()
        notification = self.tell(payment, OPENED, kind="charge.dispute.created")
        dispute = self.disputes(payment)
        self.assertEqual(notification.state, "done")
        self.assertEqual(self.bank.asked, [payment.provider_reference], "only disputes were asked about")
        self.assertEqual(
            (dispute.state, dispute.amount, dispute.held, dispute.reason, dispute.due_by, dispute.config_id),
            ("needs_response", 1000, 1000, "fraudulent", naive_utc(DUE), payment.config_id),
        )
        self.assertEqual((dispute.amount_shown, dispute.held_shown), (10.0, 10.0))
        self.assertEqual(payment.state, "captured")
        (event,) = self.told(dispute)
        self.assertEqual(
            (event["payment_id"], event["state"], event["held"]),
            (payment.fynlo_uuid, "needs_response", {"amount": 1000, "currency": "GBP"}),
        )

    def test_both_are_in_the_payment_s_history(self):
        payment = self.paid()
        self.tell(payment, OPENED, kind="charge.dispute.created")
        lines = [(line["what"], line.get("detail")) for line in payment._fynlo_entries()]
        for expected in (
            ("The provider told: payment_executed", "Done"),
            ("The provider told: charge.dispute.created", "Done"),
        ):
            self.assertIn(expected, lines)
        self.assertIn("Disputed payment: Needs an answer", [what for what, _detail in lines])

    def told(self, dispute):
        """What managers were told of a dispute."""
        self.env.cr.execute(
            "SELECT payload::json FROM fynlo_outbox WHERE type = 'payment.disputed' AND topic = %s ORDER BY id",
            (f"c.{dispute.company_id.fynlo_uuid}.dashboard",),
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def test_the_same_news_is_told_once(self):
        payment = self.paid()
        for _turn in range(3):
            self.tell(payment, OPENED)
        dispute = self.disputes(payment)
        self.assertEqual((len(dispute), dispute.version, len(self.told(dispute))), (1, 1, 1))

    def test_it_goes_on_until_it_is_decided(self):
        payment = self.paid()
        for state, held in (("needs_response", 1000), ("under_review", 1000), ("won", 0)):
            self.tell(payment, replace(OPENED, state=state, held=held))
            dispute = self.disputes(payment)
            self.assertEqual((dispute.state, dispute.held), (state, held))
        self.tell(payment, replace(OPENED, state="under_review"))  # read before it was decided, applied after
        self.assertEqual((dispute.state, dispute.version), ("won", 3))
        self.assertEqual([event["state"] for event in self.told(dispute)], ["needs_response", "under_review", "won"])

    def test_several_of_one_payment(self):
        payment = self.paid()
        self.tell(payment, OPENED, replace(OPENED, reference="dp_2", amount=200, held=0, due_by=None))
        self.assertEqual(sorted(self.disputes(payment).mapped("reference")), ["dp_1", "dp_2"])

    def test_a_provider_that_does_not_answer_is_asked_again(self):
        payment = self.paid()
        (notification,) = self.receive(self.event(payment, "charge.dispute.created"))
        self.bank.told = ProviderUnavailable("provider_unavailable")
        self.work()
        self.assertEqual((notification.state, notification.failure_code), ("received", "provider_unavailable"))
        self.bank.told = [OPENED]
        self.work(later_s=61)
        self.assertEqual((notification.state, len(self.disputes(payment))), ("done", 1))

    def test_a_bank_without_disputes(self):
        self.assertNotIsInstance(OutsideBank(), Disputes)
        payment = self.paid()
        self.bank = replace_bank(self.bank)
        (notification,) = self.receive(self.event(payment, "charge.dispute.created"))
        self.work()
        self.assertEqual((notification.state, len(self.disputes(payment))), ("done", 0))

    def test_managers_see_those_of_their_locations(self):
        payment = self.paid()
        self.tell(payment, OPENED)
        dispute = self.disputes(payment)
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        located = self.hire("Lena", "manager")
        located.fynlo_location_ids = elsewhere
        for employee, seen in ((self.manager, dispute), (located, dispute.browse())):
            own = dispute.with_user(employee.user_id).with_context(allowed_company_ids=self.company.ids)
            self.assertEqual(own.search([("id", "=", dispute.id)]), seen)

    def test_health(self):
        payment = self.paid()
        self.tell(payment, OPENED)
        readings = {one.config_id: one for one in self.env["fynlo.health"]._payment_disputed()}
        mine = readings[payment.config_id.id]
        self.assertEqual((mine.value, mine.note, mine.company_id), (1, "answer by 2026-12-24", self.company.id))
        self.tell(payment, replace(OPENED, state="lost"))
        readings = {one.config_id: one for one in self.env["fynlo.health"]._payment_disputed()}
        self.assertNotIn(payment.config_id.id, readings)


def replace_bank(bank):
    """The same answers from a bank that knows no disputes."""
    return OutsideBank(states=bank.states)


class TestStripeDisputes(OnStripe):
    def test_as_stripe_says(self):
        leg = self.paid("pm_card_createDispute")
        (told,) = self.stripe.disputes(leg)
        (made,) = self.made("dispute")
        self.assertEqual(
            (told.reference, told.state, told.amount, told.currency, told.reason),
            (made["id"], "needs_response", 1250, "GBP", "fraudulent"),
        )
        self.assertAlmostEqual(told.due_by, datetime.now(UTC) + timedelta(days=7), delta=timedelta(hours=1))
        self.assertEqual(self.stripe.disputes(self.paid()), [])

    def test_until_it_is_decided(self):
        for status in ("won", "lost"):
            leg = self.paid("pm_card_createDispute")
            with self.server.request():
                money.close_dispute(self.books, self.made("dispute")[-1], status)
            self.assertEqual([one.state for one in self.stripe.disputes(leg)], [status])

    def test_what_the_bank_holds(self):
        leg = self.paid("pm_card_createDispute")
        (made,) = self.made("dispute")
        made["balance_transactions"] = [{"amount": -1250}]
        self.assertEqual(self.stripe.disputes(leg)[0].held, 1250)
        made["balance_transactions"].append({"amount": 1250})
        self.assertEqual(self.stripe.disputes(leg)[0].held, 0)

    def test_no_answer(self):
        leg = self.paid("pm_card_createDispute")
        with self.wanting("drop_before", 9, "GET /v1/disputes"), self.assertRaises(ProviderUnavailable):
            self.stripe.disputes(leg)
