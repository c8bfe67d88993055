"""Days of an account: what was damaged is a task, what is repaired resolves itself, and a day is never told twice."""

from datetime import UTC, timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import reconciliation_service
from ..providers.connection import ProviderUnavailable
from ..providers.dispute import DisputeState
from .provider_reports import TENDER, Report, Reported


@tagged("post_install", "-at_install")
class TestReconciliation(Reported):
    def test_a_day_that_agrees(self):
        self.moved(self.taken(tip=200), fee=50)
        self.moved(self.taken())
        row = self.read()
        self.assertEqual((row.state, row.movement_count, row.fact_count), ("matched", 2, 2))
        sums = (row.provider_amount, row.ledger_amount, row.orders_amount, row.fee_amount, row.net_amount)
        self.assertEqual(sums, (2800, 2800, 2800, 50, 2750))
        self.assertEqual((row.company_id, row.config_id), (self.company, self.location))

    def test_nothing_happened(self):
        self.assertFalse(self.read())
        self.assertEqual(self.account.matched_until, self.day)

    def test_a_run_that_is_repeated_changes_nothing(self):
        self.moved(self.taken(), amount=1299)
        row = self.read()
        before = (row.read(), row.difference_ids.read(["state", "key", "found_at"]))
        again = self.read()
        self.assertEqual(row, again)
        self.assertEqual(row.difference_ids.read(["state", "key", "found_at"]), before[1])
        self.assertEqual(self.env["fynlo.settlement.movement"].search_count([("account_id", "=", self.account.id)]), 1)

    def test_a_movement_that_comes_late_opens_and_resolves_its_day(self):
        payment = self.taken()
        row = self.read()
        (difference,) = row.difference_ids
        self.assertEqual(
            (row.state, difference.kind, difference.payment_id), ("differences", "missing_at_provider", payment)
        )
        self.moved(payment)
        self.read()
        self.assertEqual((row.state, difference.state, difference.actor), ("resolved", "resolved", False))
        self.moved(payment)  # a second time
        self.read()
        self.assertEqual((row.state, row.unresolved_count), ("differences", 1))
        self.assertEqual(row.difference_ids.filtered(lambda one: one.state == "open").kind, "duplicate")

    def test_a_second_charge_on_another_day_is_a_duplicate_of_the_first(self):
        payment = self.taken()
        self.moved(payment)
        self.assertEqual(self.read().state, "matched")
        self.moved(payment, at=(now() + timedelta(days=1)).replace(tzinfo=UTC))
        self.account.read_until = now() + timedelta(days=2)
        self.env["fynlo.settlement.movement"]._keep(self.account, self.report.moved)
        self.service._match(self.account)
        self.assertEqual(self.kinds(), ["duplicate"])
        self.assertFalse(self.row(self.day + timedelta(days=1)))

    def test_each_kind_of_difference(self):
        self.moved(self.taken(), amount=1200)
        self.moved(self.taken(), currency="EUR")
        self.moved(self.taken(), reference="pi_of_nobody")
        booked = self.taken()
        self.moved(booked)
        self.env.cr.execute("UPDATE pos_payment SET amount = 12 WHERE fynlo_payment_id = %s", (booked.id,))
        earned = self.taken()
        self.env["fynlo.fee.revenue"]._accrue(earned, 13, charged_minor=1300)
        self.moved(earned, fee=50, platform_fee=12)
        kinds = [
            "amount_differs",
            "fee_differs",
            "missing_at_provider",
            "missing_here",
            "unbooked_order",
            "wrong_currency",
        ]
        self.assertEqual(self.kinds(self.read()), kinds)
        unbooked = self.row().difference_ids.filtered(lambda one: one.kind == "unbooked_order")
        self.assertEqual((unbooked.expected, unbooked.found, unbooked.order_id), (1300, 1200, booked.order_id))

    def test_refunds_and_those_made_at_the_providers_own_site(self):
        payment = self.taken()
        self.moved(payment)
        self.moved(payment, kind="refund", amount=-300, refund_reference="re_elsewhere")
        row = self.read()
        self.assertEqual((self.kinds(), row.difference_ids.payment_id), (["missing_here"], payment))

    def refunded(self, payment, state, amount=300):
        """A refund of a payment that is ``state`` here and was sent to the provider."""
        refund = self.env["fynlo.refund"].create(
            {
                "order_id": payment.order_id.id,
                "payment_id": payment.id,
                "company_id": self.company.id,
                "config_id": self.location.id,
                "session_id": payment.session_id.id,
                "currency_id": payment.currency_id.id,
                "kind": "refund",
                "state": state,
                "amount": amount,
                "reason": "Cold",
            }
        )
        self.moved(payment, kind="refund", amount=-amount, refund_uuid=refund.fynlo_uuid, refund_reference="re_1")
        return refund

    def test_a_refund_that_is_on_its_way_is_judged_when_it_arrives(self):
        self.leaves_ledger_broken = True
        payment = self.taken()
        self.moved(payment)
        refund = self.refunded(payment, "sent")
        row = self.read()
        self.assertEqual((row.state, row.movement_count), ("matched", 1))
        refund.state = "succeeded"
        parts = {f"tender:{payment.method}": -300, "refund_due": 300}  # what was owed is given
        self.env["fynlo.payment.entry"]._enter(payment, "refund", parts, refund)
        self.env.cr.flush()
        self.read()
        self.assertEqual((row.state, row.movement_count, row.ledger_amount), ("matched", 2, 1000))
        self.assertTrue(all(self.env["fynlo.settlement.movement"].search([]).mapped("matched")))

    def test_a_refund_that_the_provider_undid_before_it_counted_is_nothing(self):
        payment = self.taken()
        self.moved(payment)
        refund = self.refunded(payment, "failed")
        row = self.read()
        self.assertEqual(self.kinds(), ["missing_here"])
        self.moved(payment, kind="refund_failed", amount=300, refund_uuid=refund.fynlo_uuid)
        self.read()
        self.assertEqual((row.state, row.unresolved_count), ("resolved", 0))

    def test_a_dispute_that_nobody_told_of(self):
        payment = self.taken()
        self.moved(payment)
        self.moved(payment, kind="dispute", amount=-1300, fee=2000)
        (difference,) = self.read().difference_ids
        with patch.object(reconciliation_service, "look_disputes") as asked:
            self.assertTrue(self.service._recover(self.account))
        asked.assert_called_once_with(self.env.registry, payment.id)
        self.assertEqual((difference.kind, difference.found, difference.payment_id), ("missing_here", -1300, payment))
        self.assertIn("dispute", difference.explanation)

    def test_a_dispute_agrees_until_it_is_decided(self):
        payment = self.taken()
        self.moved(payment)
        self.moved(payment, kind="dispute", amount=-1300, fee=2000)
        self.disputed(payment, "needs_response", 1300)
        row = self.read()
        self.assertEqual((row.state, row.provider_amount, row.ledger_amount, row.fact_count), ("matched", 0, 0, 2))
        self.moved(payment, kind="dispute", amount=1300, at=(now() + timedelta(days=1)).replace(tzinfo=UTC))
        self.account.read_until = now() + timedelta(days=2)
        self.env["fynlo.settlement.movement"]._keep(self.account, self.report.moved)
        self.service._match(self.account)
        (difference,) = row.difference_ids  # the bank gave it back, and we have not heard of it
        self.assertEqual((difference.kind, difference.expected, difference.found), ("amount_differs", -1300, 0))
        self.disputed(payment, "won", 0)
        self.service._match(self.account)
        self.assertEqual((row.state, difference.state, row.ledger_amount), ("resolved", "resolved", 1300))

    def disputed(self, payment, state, held):
        said = DisputeState("dp_1", state, 1300, "GBP", held)
        self.env["fynlo.payment.dispute"].sudo()._learn(payment, [said])
        self.env.cr.flush()

    def test_what_people_resolved_stays_resolved_unless_its_figures_change(self):
        payment = self.taken()
        movement = self.moved(payment, amount=1200)
        row = self.read()
        (difference,) = row.difference_ids
        self.settle(difference, "resolved", "Stripe took a pound")
        self.assertEqual((row.state, difference.state), ("resolved", "resolved"))
        self.read()
        self.assertEqual((row.state, difference.state), ("resolved", "resolved"))
        self.report.moved.remove(movement)
        self.moved(payment, id=movement.id, amount=1100)
        self.read()
        self.assertEqual((row.state, difference.state, difference.found), ("differences", "open", 1100))

    def test_settling_needs_a_note_and_is_on_the_audit_log(self):
        self.taken()
        (difference,) = self.read().difference_ids
        with self.assertRaises(Problem) as refused:
            self.settle(difference, "resolved", "  ")
        self.assertEqual((refused.exception.code, difference.state), ("note_required", "open"))
        self.settle(difference, "explained", "Stripe is late")
        self.assertEqual(
            (difference.state, difference.actor, self.row().state), ("explained", self.manager.name, "differences")
        )
        self.settle(difference, "resolved", "It came")
        self.env.cr.precommit.run()
        self.env.cr.execute(
            "SELECT action, reason FROM fynlo_audit_log WHERE resource_id = %s ORDER BY seq", (difference.fynlo_uuid,)
        )
        self.assertEqual(
            self.env.cr.fetchall(),
            [("reconciliation.explained", "Stripe is late"), ("reconciliation.resolved", "It came")],
        )

    def settle(self, difference, state, note, employee=None):
        user = (employee or self.manager).user_id
        differences = difference.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        differences._settle(state, note)
        difference.invalidate_recordset()

    def test_cashiers_neither_see_nor_settle(self):
        self.taken()
        row = self.read()
        for record in (row, row.difference_ids, self.account):
            with self.assertRaises(AccessError):
                record.with_user(self.cashier.user_id).read(["company_id"])
        with self.assertRaises(AccessError):
            self.settle(row.difference_ids, "resolved", "Mine", self.cashier)
        self.assertEqual(row.difference_ids.state, "open")

    def test_other_companies_and_other_locations_see_nothing(self):
        self.moved(self.taken())
        row = self.read()
        colleague = self.hire("Mo", "manager")
        colleague.fynlo_location_ids = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        stranger = self.stranger()
        self.env.flush_all()
        models = ("fynlo.reconciliation", "fynlo.settlement.account", "fynlo.settlement.movement")
        for model in models:
            for user, seen in ((self.manager.user_id, 1), (colleague.user_id, 0), (stranger, 0)):
                env = self.env(user=user, context={"allowed_company_ids": user.company_ids.ids})
                self.assertEqual(
                    env[model].search_count([("company_id", "=", self.company.id)]), seen, (model, user.name)
                )
        self.assertTrue(row.exists())

    def stranger(self):
        company = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        employee = self.env["hr.employee"]._fynlo_hire({"name": "Olga", "company_id": company.id, "role": "manager"})
        return employee.user_id

    def test_a_movement_never_reaches_a_payment_of_another_company(self):
        payment = self.taken()
        company = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        self.env.cr.execute("UPDATE fynlo_payment SET company_id = %s WHERE id = %s", (company.id, payment.id))
        self.moved(payment, leg_uuid=payment.fynlo_uuid)
        lost = self.read().difference_ids.filtered(lambda one: one.kind == "missing_here")
        self.assertEqual((len(lost), lost.payment_id.ids, lost.movement_id.payment_id.ids), (1, [], []))

    def test_our_own_id_finds_a_payment_whose_reference_was_never_stored(self):
        payment = self.taken()
        self.moved(payment, reference="pi_unseen", leg_uuid=payment.fynlo_uuid)
        self.assertEqual(self.read().state, "matched")

    def test_a_report_that_cannot_be_read_concludes_nothing(self):
        self.taken()

        def lost(_since, _until):
            raise ProviderUnavailable("provider_unavailable")
            yield

        self.report.movements = lost
        until = self.account.read_until
        self.service._reconcile(self.account, self.report)
        self.assertEqual((self.account.read_until, self.account.read_at), (until, False))
        self.assertIn("provider_unavailable", self.account.trouble)
        self.assertFalse(self.row())

    def test_a_reading_that_broke_off_is_taken_up(self):
        payments = [self.taken() for _ in range(3)]
        for payment in payments:
            self.moved(payment)
        whole = self.report.movements

        def breaks(since, until):
            yield next(iter(whole(since, until)))
            raise ProviderUnavailable("provider_unavailable")

        self.report.movements = breaks
        self.assertFalse(self.env["fynlo.settlement.reading"]._read(self.account, self.report))
        self.report.movements = whole
        self.assertEqual((self.read().state, self.row().movement_count), ("matched", 3))

    def test_an_unknown_currency_is_trouble_and_no_data(self):
        self.moved(self.taken(), currency="XXQ")
        self.assertFalse(self.env["fynlo.settlement.reading"]._read(self.account, self.report))
        self.assertIn("XXQ", self.account.trouble)

    def test_accounts_are_found_once_and_shared(self):
        second = self.location.copy({"name": "Second", "payment_method_ids": False})
        self.assertEqual(self.known(self.location | second), self.account)
        self.assertEqual((self.account.config_ids, self.account.config_id.ids), (self.location | second, []))
        self.assertEqual(self.account.tenders, [TENDER])
        self.report = Report("acct_other")
        self.assertNotEqual(self.known(self.location), self.account)

    def test_the_scheduled_action_goes_on_after_a_broken_account(self):
        broken, good = Report("acct_broken"), Report("acct_good")
        broken.movements = lambda _since, _until: 1 / 0
        here = self.location
        reports = [(self.tender, here, broken), (self.tender, here, good)]
        self.patch(self.registry["fynlo.settlement.account"], "_reports", lambda _accounts: reports)
        undone = []
        with patch.object(self.env.cr, "rollback", lambda: undone.append(True)):
            for _ in range(2):
                with self.assertLogs("odoo.addons.fynlo_payments.models.reconciliation_service", "ERROR"):
                    self.service._cron_reconcile()
        self.assertEqual(undone, [True, True])
        self.assertEqual(len(good.asked), 1)  # it is read once a day
        known = self.env["fynlo.settlement.account"].search([("name", "=", "acct_good")])
        self.assertTrue(known.read_at)

    def test_an_account_that_has_no_name_yet_waits(self):
        def nameless():
            raise ProviderUnavailable("provider_unavailable")

        self.report.account = nameless
        with self.assertLogs("odoo.addons.fynlo_payments.models.settlement_account", "WARNING"):
            self.assertEqual(self.env["fynlo.settlement.account"]._discover(), [])
        self.assertTrue(self.account.exists())

    def test_an_account_is_due_once_its_day_is_over(self):
        begins, ends = self.account._calendar().span(self.day)
        self.account.read_until = begins + timedelta(hours=1)
        self.assertFalse(self.account._is_due(ends - timedelta(seconds=1)))
        self.assertTrue(self.account._is_due(ends))

    def test_a_day_that_is_not_over_is_not_judged(self):
        self.taken()
        self.assertFalse(self.read(ahead=timedelta(0)))

    def test_the_alert_counts_what_is_open(self):
        self.taken()
        self.read()
        reading = self.reading()
        self.assertEqual((reading.value, reading.note), (1, "1 differences"))
        self.settle(self.row().difference_ids, "explained", "Late")
        self.assertEqual(self.reading().value, 0)
        self.env.cr.execute("UPDATE fynlo_settlement_account SET read_at = now() - interval '3 days'")
        self.assertEqual(self.reading().note, "1 accounts not read for two days")

    def reading(self):
        self.env.flush_all()
        (reading,) = [one for one in self.env["fynlo.health"]._reconciliation() if one.company_id == self.company.id]
        return reading

    def test_looking_again_reads_the_day_once_more(self):
        self.moved(self.taken())
        row = self.read()
        row.with_user(self.manager.user_id).with_context(allowed_company_ids=self.company.ids).action_look_again()
        begins, _ends = self.account._calendar().span(self.day)
        self.assertEqual((self.account.read_until, self.account.matched_until), (begins, self.day - timedelta(days=1)))
