"""Disputed payments: what a notification of one leads to, and what Stripe says of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from odoo.addons.fynlo_pos_core.tests.upgrade import run_migration
from odoo.addons.fynlo_pos_core.tools.clock import naive_utc
from odoo.tests import TransactionCase, tagged

from simulators.stripe import money

from ..models.ledger_check import EVER
from ..providers.connection import ProviderUnavailable
from ..providers.dispute import Disputes, DisputeState
from .ledger_rows import forget_entries
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

    def test_the_ledger_has_what_is_held(self):
        payment = self.paid()
        before = self.held(payment)
        self.tell(payment, OPENED)
        self.assertEqual(self.held(payment), (before[0] - 1000, 1000, 0))
        self.tell(payment, replace(OPENED, state="under_review"))
        self.assertEqual(self.held(payment), (before[0] - 1000, 1000, 0))
        self.tell(payment, replace(OPENED, state="won", held=0))
        self.assertEqual(self.held(payment), (before[0], 0, 0))
        self.tell(payment, replace(OPENED, state="lost"))  # the bank takes its word back
        self.assertEqual(self.held(payment), (before[0] - 1000, 0, 1000))
        self.assertEqual(self.differences(), [])

    def test_money_that_was_lost_is_no_longer_waited_for(self):
        payment = self.paid()
        self.tell(payment, OPENED)
        self.tell(payment, replace(OPENED, state="lost"))
        self.assertEqual(self.held(payment)[1:], (0, 1000))

    def test_two_disputes_of_one_payment_in_the_ledger(self):
        payment = self.paid()
        before = self.held(payment)[0]
        self.tell(payment, replace(OPENED, held=300), replace(OPENED, reference="dp_2", amount=200, held=200))
        self.assertEqual(self.held(payment), (before - 500, 500, 0))
        self.assertEqual(self.differences(), [])

    def test_another_currency_is_for_people(self):
        payment = self.paid()
        before = self.held(payment)
        self.tell(payment, replace(OPENED, currency="EUR"))
        self.assertEqual(self.held(payment), before)
        self.assertEqual(self.differences(), [])

    def test_a_hold_that_the_ledger_lacks_is_found(self):
        self.leaves_ledger_broken = True
        payment = self.paid()
        self.tell(payment, OPENED)
        self.env.cr.flush()
        self.env.cr.execute("UPDATE fynlo_payment_dispute SET held = 999 WHERE payment_id = %s", (payment.id,))
        (found,) = self.differences()
        self.assertEqual((found["payment_uuid"], found["expected"] - found["entered"]), (payment.fynlo_uuid, 1))

    def test_disputes_from_before_the_ledger_knew_them_are_entered_once(self):
        payment = self.paid()
        self.tell(payment, OPENED)
        wanted = self.held(payment)
        forget_entries(self.env.cr, ["dispute"])
        self.assertNotEqual(self.held(payment), wanted)
        for _ in range(2):
            run_migration(self.env.cr, "fynlo_payments", "19.0.1.5.0")
            self.assertEqual(self.held(payment), wanted)

    def held(self, payment):
        """What the ledger has of a payment: with its tender, disputed, lost."""
        self.env.cr.flush()
        self.env.invalidate_all()
        entries = self.env["fynlo.payment.entry"].search([("payment_id", "=", payment.id)])
        accounts = (f"tender:{payment.method}", "disputed", "dispute_lost")
        return tuple(sum(one.amount for one in entries if one.account == account) for account in accounts)

    def differences(self):
        return self.env["fynlo.ledger.check"]._differences(self.company.id, EVER)

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
