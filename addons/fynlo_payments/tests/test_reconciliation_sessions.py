"""Till sessions in the reconciliation: ledger, orders and the Z report's count of the drawer."""

from odoo.addons.fynlo_pos_core.controllers.till_sessions import CashMovementShape
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.refund_shapes import RefundShape
from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestReconciliationSessions(TradingDay):
    def setUp(self):
        super().setUp()
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda cron, *_a, **_v: cron.env.flush_all() or 60.0)

    def sold(self, **values):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        return self.pay(order, 1300, **values)

    def move(self, kind, minor):
        wish = parse(
            CashMovementShape, to_json({"id": uuid7(), "kind": kind, "amount": self.gbp(minor), "reason": "Milk"})
        )
        self.env["fynlo.till.session.service"]._move_cash(self.identity(self.manager), self.till["id"], wish)

    def compared(self):
        self.env["fynlo.reconciliation.service"]._reconcile_sessions()
        return self.env["fynlo.reconciliation"].search([("session_id", "=", self.session().id)])

    def test_an_open_till_is_not_compared(self):
        self.sold()
        self.assertFalse(self.compared())

    def test_a_day_of_cash_agrees_and_tells_what_was_short(self):
        self.sold(tip=self.gbp(200), tendered=2000, complete=True)
        taken = self.sold(complete=True)
        wish = parse(RefundShape, to_json({"id": uuid7(), "reason": "Cold", "amount": self.gbp(300)}))
        self.env["fynlo.refund.service"]._refund_order(self.identity(self.manager), taken["order"]["id"], wish)
        self.move("paid_out", 450)
        self.close(10000 + 1500 + 1300 - 300 - 450 - 20)
        (row,) = self.compared()
        self.assertEqual((row.provider, row.state, row.over_short), ("cash", "matched", -20))
        self.assertEqual((row.provider_amount, row.ledger_amount, row.orders_amount), (2500, 2500, 2500))
        self.assertEqual((row.day, row.config_id), (self.session().fynlo_business_date, self.location))
        self.assertEqual(self.compared(), row)

    def test_orders_carried_over_are_counted_where_their_cash_lay(self):
        self.sold()
        self.close(11300, employee=self.manager, open_orders="carry", note="Late")
        (first,) = self.compared()
        self.assertEqual((first.state, first.provider_amount, first.ledger_amount), ("matched", 1300, 1300))
        self.till = self.open_till(100)
        self.sold(complete=True)
        self.close(11300, employee=self.manager, open_orders="carry", note="Late")
        (second,) = self.compared()
        self.assertEqual((second.state, second.provider_amount, second.ledger_amount), ("matched", 1300, 1300))
        self.assertEqual(first.state, "matched")

    def test_an_order_without_its_payment_row_and_a_report_that_says_otherwise(self):
        taken = self.sold(complete=True)
        payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])
        self.close(11300)
        self.env.cr.execute("UPDATE pos_payment SET amount = 12 WHERE fynlo_payment_id = %s", (payment.id,))
        self.env.cr.execute("UPDATE pos_session SET fynlo_expected_cash = 112 WHERE id = %s", (self.session().id,))
        self.env.invalidate_all()
        (row,) = self.compared()
        self.assertEqual(sorted(row.difference_ids.mapped("kind")), ["amount_differs", "unbooked_order"])
        self.assertEqual((row.provider_amount, row.ledger_amount, row.orders_amount), (1200, 1300, 1200))
        self.env.cr.execute("UPDATE pos_payment SET amount = 13 WHERE fynlo_payment_id = %s", (payment.id,))
        self.env.cr.execute("UPDATE pos_session SET fynlo_expected_cash = 113 WHERE id = %s", (self.session().id,))
        self.env.invalidate_all()
        self.assertEqual(self.compared().state, "resolved")
