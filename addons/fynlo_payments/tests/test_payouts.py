"""Payouts: known once, followed until they arrive, and held against the movements in them."""

from dataclasses import replace
from datetime import UTC, date

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.tests import tagged

from ..providers.settlement import Payout
from .provider_reports import Reported


@tagged("post_install", "-at_install")
class TestPayouts(Reported):
    def paid_out(self, amount, movements, **values):
        standard = {"currency": "GBP", "state": "in_transit", "at": now().replace(tzinfo=UTC), "itemised": True}
        made = Payout(**{"id": "po_1", "amount": amount, "arrives_on": date(2026, 12, 1), **standard, **values})
        self.report.paid_out, self.report.inside = [made], {made.id: movements}
        return made

    def payout(self):
        return self.env["fynlo.payout"].search([("account_id", "=", self.account.id)])

    def test_payments_refunds_and_fees_add_up_to_it(self):
        payment = self.taken()
        inside = [self.moved(payment, fee=50), self.moved(payment, kind="fee", amount=-100)]
        self.paid_out(1150, inside)
        self.read()
        payout = self.payout()
        self.assertEqual((payout.verdict, payout.moved, len(payout.movement_ids)), ("exact", 1150, 2))
        self.assertEqual(
            (payout.state, payout.company_id, payout.config_id), ("in_transit", self.company, self.location)
        )

    def test_it_is_followed_and_known_once(self):
        made = self.paid_out(1300, [self.moved(self.taken())])
        self.read()
        payout = self.payout()
        self.report.paid_out = [replace(made, state="paid")]
        self.read()
        self.assertEqual((self.payout(), payout.state, payout.verdict), (payout, "paid", "exact"))

    def test_a_payout_that_does_not_add_up_is_on_the_alert(self):
        self.paid_out(1299, [self.moved(self.taken())])
        self.read()
        self.assertEqual((self.payout().verdict, self.payout().moved), ("differs", 1300))
        (reading,) = [one for one in self.env["fynlo.health"]._reconciliation() if one.company_id == self.company.id]
        self.assertEqual((reading.value, reading.note), (1, "1 payouts that do not add up"))

    def test_movements_from_before_the_first_look_come_with_it(self):
        old = replace(self.moved(self.taken()), id="txn_old")
        self.report.moved = []
        self.paid_out(1300, [old])
        self.read()
        self.assertEqual(self.payout().movement_ids.external_id, "txn_old")

    def test_one_that_is_not_itemised_is_not_judged(self):
        self.paid_out(5000, [], itemised=False)
        self.read()
        self.assertEqual(self.payout().verdict, "sum")
