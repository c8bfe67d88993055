"""Payments in the back office: what the lists add up, what is stuck, what happened, and whose it is."""

from datetime import timedelta

from odoo.addons.fynlo_pos_core.tools import clock
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestPaymentOffice(TradingDay):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza))
        self.taken = self.pay(self.order, 1000, tendered=2000)
        self.env.flush_all()
        self.payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", self.taken["id"])])
        self.seen = self.payment.with_user(self.manager.user_id)

    def make_stuck(self, state, minutes):
        """As it stands after a provider did not answer."""
        self.env.cr.execute(
            "UPDATE fynlo_payment SET state = %s, create_date = %s WHERE id = %s",
            (state, clock.now() - timedelta(minutes=minutes), self.payment.id),
        )
        self.env.invalidate_all()

    def test_totals_are_money(self):
        self.pay(self.place(self.line(self.menu.pizza)), 600)
        groups = self.seen.formatted_read_group(
            [("config_id", "=", self.location.id)], ["method"], ["amount_shown:sum", "change_shown:sum"]
        )
        self.assertEqual([(one["amount_shown:sum"], one["change_shown:sum"]) for one in groups], [(16.0, 10.0)])
        entries = self.seen.entry_ids.formatted_read_group(
            [("config_id", "=", self.location.id)], ["account"], ["amount_shown:sum"]
        )
        self.assertEqual(
            {one["account"]: one["amount_shown:sum"] for one in entries}, {"tender:cash": 16.0, "order": -16.0}
        )
        described = self.seen.fields_get(["tip_shown"], ["aggregator"])["tip_shown"]
        self.assertEqual(described["aggregator"], "sum")

    def test_the_form_tells_what_happened(self):
        form = Form(self.seen, view="fynlo_payments.view_fynlo_payment_form")
        told = form.fynlo_timeline
        self.assertIn(f"{self.cashier.name} · Till 1", told)
        self.assertIn("Payment: Captured", told)
        self.assertIn("Ledger: Taken", told)
        self.assertIn("tender:cash +£", told.replace("\N{NO-BREAK SPACE}", ""))
        self.assertEqual((form.tendered_shown, form.change_shown, len(form.entry_ids)), (20.0, 10.0, 2))

    def test_the_order_tells_it_too_in_order_of_time(self):
        order = self.payment.order_id.with_user(self.manager.user_id)
        history = order._fynlo_history()
        self.assertEqual([one["at"] for one in history], sorted(one["at"] for one in history))
        told = [one["what"] for one in history]
        self.assertLess(told.index("Order made"), told.index("Payment: Captured"))
        self.assertIn("Ledger: Taken", told)

    def test_what_the_provider_told_is_in_it(self):
        self.env.cr.execute(
            """INSERT INTO fynlo_payment_notification
                      (provider, account, event_id, kind, livemode, received_at, state, tries, next_try_at, payment_id)
               VALUES ('stripe', 'acct_x', %s, 'charge.refunded', FALSE, %s, 'done', 1, %s, %s)""",
            (uuid7(), clock.now(), clock.now(), self.payment.id),
        )
        for record in (self.seen, self.payment.order_id.with_user(self.manager.user_id)):
            (notice,) = [one for one in record._fynlo_history() if one["icon"] == "fa-envelope-o"]
            self.assertEqual((notice["what"], notice["who"]), ("Provider's notice: charge.refunded", "stripe"))

    def test_names_from_outside_are_text(self):
        self.device.name = "<script>alert(1)</script>"
        self.assertNotIn("<script>", str(self.seen.fynlo_timeline))
        self.assertIn("&lt;script&gt;", str(self.seen.fynlo_timeline))

    def test_stuck_is_what_nobody_has_told_for_two_minutes(self):
        self.leaves_ledger_broken = True
        stuck = self.seen.search([("stuck", "=", True), ("config_id", "=", self.location.id)])
        self.assertFalse(stuck)
        for state, minutes, expected in (
            ("sent", 3, True),
            ("unknown", 3, True),
            ("action_required", 3, True),
            ("sent", 1, False),
            ("captured", 3, False),
            ("authorised", 3, False),
        ):
            with self.subTest(state=state, minutes=minutes):
                self.make_stuck(state, minutes)
                found = self.seen.search([("stuck", "=", True), ("config_id", "=", self.location.id)])
                self.assertEqual((bool(found), self.seen.stuck), (expected, expected))

    def test_the_flag_tells_of_it(self):
        self.leaves_ledger_broken = True
        attention = self.env["fynlo.attention"].with_user(self.manager.user_id)
        self.assertEqual(attention.what_waits(), [])
        self.make_stuck("unknown", 3)
        (thing,) = attention.what_waits()
        self.assertEqual((thing["title"], thing["count"]), ("Stuck payments", 1))

    def test_who_may_see_them(self):
        self.assertTrue(self.seen.fynlo_timeline)
        with self.assertRaises(AccessError):
            self.payment.with_user(self.cashier.user_id).read(["fynlo_timeline"])
        other = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        bound = self.hire("Nora", "manager")
        bound.fynlo_location_ids = other
        self.env.flush_all()
        self.assertFalse(self.payment.with_user(bound.user_id).search([("id", "=", self.payment.id)]))
        with self.assertRaises(AccessError):
            self.payment.with_user(bound.user_id).read(["state"])

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        stranger = self.env["hr.employee"]._fynlo_hire({"name": "Sam", "role": "owner", "company_id": company.id})
        for model in ("fynlo.payment", "fynlo.payment.entry", "fynlo.refund", "fynlo.fee.revenue"):
            mine = [("config_id", "=", self.location.id)]
            records = self.env[model].with_context(allowed_company_ids=company.ids).with_user(stranger.user_id)
            self.assertFalse(records.search(mine), model)
