"""Fynlo's revenue: noted once a payment and refund, gone back with refunds, never changed."""

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import DatabaseError

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestFeeRevenue(TradingDay):
    def setUp(self):
        super().setUp()
        taken = self.pay(self.place(self.line(self.menu.pizza)), 1000)
        self.payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])
        self.revenue = self.env["fynlo.fee.revenue"]

    def rows(self):
        found = self.revenue.search([("payment_id", "=", self.payment.id)], order="id")
        return [(row.kind, row.fee, row.fee_shown) for row in found]

    def test_a_payment_is_noted_once(self):
        for fee in (10, 99):
            self.revenue._accrue(self.payment, fee, charged_minor=1000)
        self.assertEqual(self.rows(), [("accrued", 10, 0.1)])

    def test_refunds_give_back_just_the_fee(self):
        self.revenue._accrue(self.payment, 10, charged_minor=1000)
        refunds = [(uuid7(), amount) for amount in (333, 333, 334)]
        self.assertEqual([self.revenue._return(self.payment, *one) for one in refunds], [3, 4, 3])
        self.assertEqual(self.revenue._return(self.payment, *refunds[1]), 4, "a repeated refund tells the same")
        self.assertEqual(self.revenue._return(self.payment, uuid7(), 1), 0, "nothing is left")
        self.assertEqual(sum(fee for _kind, fee, _shown in self.rows()), 0)

    def test_without_a_fee_nothing_goes_back(self):
        self.assertEqual(self.revenue._return(self.payment, uuid7(), 1000), 0)
        self.assertEqual(self.rows(), [])

    def test_nothing_is_ever_changed(self):
        self.revenue._accrue(self.payment, 10, charged_minor=1000)
        row = self.revenue.search([("payment_id", "=", self.payment.id)])
        for change in (lambda: row.write({"fee": 0}), row.unlink, lambda: self.revenue.create({})):
            self.assertRaises(UserError, change)
        for statement in (
            "UPDATE fynlo_fee_revenue SET fee = 0",
            "DELETE FROM fynlo_fee_revenue",
            "TRUNCATE fynlo_fee_revenue",
        ):
            with mute_logger("odoo.sql_db"), self.assertRaisesRegex(DatabaseError, "insert-only"), self.cr.savepoint():
                self.cr.execute(statement)
        self.assertEqual(self.rows(), [("accrued", 10, 0.1)])

    def test_it_can_be_exported(self):
        self.revenue._accrue(self.payment, 10, charged_minor=1000)
        row = self.revenue.search([("payment_id", "=", self.payment.id)])
        exported = row.export_data(["source_uuid", "kind", "fee_shown", "currency_id"])["datas"]
        self.assertEqual(exported[0][:3], [self.payment.fynlo_uuid, "Earned", 0.1])
