"""Stripe's report against a Stripe on this machine: what was paid, given back, disputed and paid out."""

from datetime import UTC, datetime, timedelta

from simulators.stripe import money, refunds

from ..providers.settlement import ReportsSettlements
from .test_stripe_payments import OnStripe


class TestStripeSettlements(OnStripe):
    def setUp(self):
        super().setUp()
        self.assertIsInstance(self.stripe, ReportsSettlements)
        self.report = self.stripe.settlements()
        self.since = datetime.now(UTC) - timedelta(minutes=1)

    def moved(self):
        """What has moved, the oldest first."""
        found = list(self.report.movements(self.since, datetime.now(UTC) + timedelta(minutes=1)))
        return found[::-1]

    def test_a_charge_and_its_refund_carry_our_ids(self):
        leg = self.paid()
        back = self.back(leg, 300)
        given = self.stripe.refund(back)
        charge, refund = self.moved()
        self.assertEqual((charge.kind, charge.amount, charge.platform_fee), ("charge", 1250, 12))
        self.assertEqual((charge.reference, charge.leg_uuid), (leg.reference, leg.uuid))
        self.assertEqual(charge.net, charge.amount - charge.fee)
        self.assertEqual((refund.kind, refund.amount, refund.refund_uuid), ("refund", -300, back.uuid))
        self.assertEqual((refund.reference, refund.refund_reference), (leg.reference, given.reference))

    def test_what_was_held_and_not_captured_is_released(self):
        leg = self.paid(manual_capture=True)
        self.stripe.capture(leg, 800)
        told = [(one.kind, one.amount, one.reference) for one in self.moved()]
        self.assertEqual(sorted(told), [("charge", 1250, leg.reference), ("release", -450, leg.reference)])

    def test_a_refund_that_fails_later_comes_back(self):
        leg = self.paid()
        self.stripe.refund(self.back(leg, 300))
        with self.server.request():
            refunds.finish(self.books, self.made("refund")[0], fails=True)
        self.assertEqual(
            [(one.kind, one.amount) for one in self.moved()][1:], [("refund", -300), ("refund_failed", 300)]
        )

    def test_a_dispute_names_the_payment(self):
        leg = self.paid()
        with self.server.request():
            money.dispute(self.books, self.made("charge")[0])
        (dispute,) = self.moved()[1:]
        self.assertEqual((dispute.kind, dispute.amount, dispute.reference), ("dispute", -1250, leg.reference))

    def test_a_payout_is_just_what_is_in_it(self):
        for amount in (1250, 800):
            self.paid(amount=amount)
        with self.server.request():
            money.pay_out(self.books, "gbp")
        (payout,) = self.report.payouts(self.since, datetime.now(UTC) + timedelta(minutes=1))
        inside = list(self.report.movements_of(payout.id))
        self.assertEqual((payout.state, payout.currency, payout.itemised), ("paid", "GBP", True))
        self.assertEqual((len(inside), sum(one.net for one in inside)), (2, payout.amount))
        self.assertEqual({one.payout for one in inside}, {payout.id})

    def test_many_pages(self):
        legs = {self.paid(amount=500 + number).uuid for number in range(103)}
        found = self.moved()
        self.assertEqual(({one.leg_uuid for one in found}, len(found)), (legs, 103))

    def test_nothing_is_told_of_other_accounts(self):
        self.paid()
        self.assertEqual(
            list(self.connect(account="acct_other").settlements().movements(self.since, datetime.now(UTC))), []
        )
