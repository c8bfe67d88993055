"""Card testing: after more than five declines in ten minutes a device may not try another card at once."""

from datetime import timedelta

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase, tagged

from ..providers.connection import ProviderState
from .bank import OutsideCase


@tagged("post_install", "-at_install")
class TestDeclinesAtTheTill(OutsideCase):
    def test_a_till_that_tries_out_cards(self):
        order = self.place()
        for _each in range(6):
            self.bank.answers = [ProviderState("failed", failure_code="card_declined")]
            self.assertProblem(self.pay(order, 100), "payment_declined", 402)
        payments = self.env["fynlo.payment"].search_count([])
        refused = self.pay(order, 100)
        self.assertProblem(refused, "too_many_declines", 429)
        self.assertIn("Retry-After", refused.headers)
        self.assertEqual(self.env["fynlo.payment"].search_count([]), payments)
        self.assertEqual(self.bank.calls.count("create"), 6)
        self.done("POST", f"/orders/{order['id']}/payments", {**self.wish(100), "method": "cash"})


@tagged("post_install", "-at_install")
class TestDeclineGuard(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till(100)
        self.order = self.place(self.line(self.menu.pizza))
        self.other_order = self.place(self.line(self.menu.cola))
        self.caller = self.identity(self.cashier)
        self.till = {"device_id": self.device.id, "employee_id": self.cashier.id}

    def declined(self, times, order=None, minutes_ago=1.0, failure="card_declined", state="failed", **who):
        order = self.row(order or self.order)
        for _each in range(times):
            payment = self.env["fynlo.payment"].sudo().create(
                {
                    "fynlo_uuid": uuid7(), "order_id": order.id, "company_id": self.company.id,
                    "config_id": self.location.id, "currency_id": order.currency_id.id, "method": "cash",
                    "amount": 100, "amount_shown": 1, "state": state, "failure_code": failure, **(who or self.till),
                }
            )  # fmt: skip
            payment.flush_recordset()
            moment = self.env.cr.now() - timedelta(minutes=minutes_ago)
            self.env.cr.execute("UPDATE fynlo_payment SET write_date = %s WHERE id = %s", (moment, payment.id))
            payment.invalidate_recordset()

    def check(self, identity=None, order=None):
        order_id = self.row(order).id if order else None
        self.env["fynlo.decline.guard"]._check(identity or self.caller, order_id)

    def assert_closed(self, identity=None, order=None):
        with self.assertRaises(Problem) as refused:
            self.check(identity, order)
        self.assertEqual((refused.exception.code, refused.exception.http_status), ("too_many_declines", 429))
        return int(refused.exception.headers["Retry-After"])

    def test_the_sixth_decline_closes_the_door(self):
        self.declined(5)
        self.check()
        self.declined(1)
        self.assertAlmostEqual(self.assert_closed(), 9 * 60, delta=60)

    def test_it_opens_when_the_oldest_of_six_is_ten_minutes_old(self):
        self.declined(1, minutes_ago=9.5)
        self.declined(5)
        self.assertLessEqual(self.assert_closed(), 60)
        self.env.cr.execute("UPDATE fynlo_payment SET write_date = write_date - interval '1 minute' WHERE write_date < %s",
                            (self.env.cr.now() - timedelta(minutes=9),))  # fmt: skip
        self.check()

    def test_what_says_nothing_of_a_card_does_not_count(self):
        self.leaves_ledger_broken = True
        self.declined(9, failure="provider_unavailable")
        self.declined(9, failure=False, state="captured")
        self.declined(9, minutes_ago=11)
        self.check()
        self.declined(6, failure=False)
        self.assert_closed()

    def test_each_device_counts_for_itself(self):
        self.declined(6)
        other, _key = self.env["fynlo.device"]._pair_new(self.location, "Till 2", "ios", "1.0")
        self.check(self.identity(self.cashier, other))
        self.assert_closed(self.identity(self.waiter))

    def test_an_order_counts_over_all_devices_and_for_guests(self):
        self.declined(3)
        self.declined(3, device_id=False, employee_id=False)
        self.check()
        self.check(order=self.other_order)
        self.assert_closed(order=self.order)

    def test_it_is_one_query(self):
        self.declined(5)
        order_id = self.row(self.order).id
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.env["fynlo.decline.guard"]._check(self.caller, order_id)
