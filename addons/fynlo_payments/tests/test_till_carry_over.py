"""Closing a till with open orders: the next session has them, with what was paid on them."""

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestTillCarryOver(TradingDay):
    def setUp(self):
        super().setUp()
        self.orders = self.env["fynlo.order.service"]

    def refusal(self, work):
        with self.assertRaises(Problem) as caught:
            work()
        return caught.exception

    def carry(self, minor):
        return self.close(minor, employee=self.manager, open_orders="carry", note="Late party")

    def test_only_managers_carry_over(self):
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.refusal(lambda: self.close(10000)).members["orders"][0]["id"], order["id"])
        refused = self.refusal(lambda: self.close(10000, open_orders="carry"))
        self.assertEqual(
            (refused.code, refused.members["permission"]), ("permission_denied", "till_session.force_close")
        )

    def test_open_orders_are_seen_and_edited_until_the_next_session_has_them(self):
        order = self.place(self.line(self.menu.pizza), note="Table by the door")
        closed = self.carry(10000)
        self.assertEqual((closed["state"], closed["carried_orders"]), ("closing", 1))
        self.assertEqual(self.orders._document(self.identity(), order["id"])["state"], "open")
        self.assertEqual(self.refusal(lambda: self.pay(order, 1000)).code, "no_open_session")
        old = self.post()
        self.assertEqual(self.row(order).session_id, old)
        self.till = self.open_till(100)
        self.env.invalidate_all()
        self.assertEqual(self.row(order).session_id, self.session())
        paid = self.pay(order, 1000, complete=True)["order"]
        self.assertEqual((paid["state"], paid["number"]), ("completed", order["number"]))

    def test_cash_on_carried_orders_is_a_deposit_in_both_books(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 400, tendered=500)
        closed = self.carry(10400)
        self.assertEqual((closed["expected_cash"], closed["over_short"]), (self.gbp(10400), self.gbp(0)))
        first = self.session()
        self.till = self.open_till(104)
        self.env.invalidate_all()
        self.pay(order, 600, complete=True)
        self.assertEqual(self.close(10400 + 600)["over_short"], self.gbp(0))
        for session in (first, self.session()):
            session._fynlo_post_safely()
            self.assertEqual(session.state, "closed", session.fynlo_posting_error)
        deposits = self.company.fynlo_deposits_account_id
        for session, on_deposit, drawer in ((first, -4.0, 4.0), (self.session(), 4.0, 6.0)):
            lines = session._get_related_account_moves().line_ids
            held = lines.filtered(lambda line: line.account_id == deposits)
            cash = lines.filtered(lambda line, till=session: line.account_id == till.cash_journal_id.default_account_id)
            self.assertAlmostEqual(sum(held.mapped("balance")), on_deposit)
            self.assertAlmostEqual(sum(cash.mapped("balance")), drawer)

    def test_none_is_lost_over_several_closings(self):
        placed = [self.place(self.line(self.menu.cola)) for _ in range(3)]
        for _ in range(2):
            self.carry(10000)
            self.till = self.open_till(100)
            self.env.invalidate_all()
        session = self.session()
        self.assertEqual({self.row(order).session_id for order in placed}, {session})
        self.assertFalse(any(self.row(order).fynlo_carried for order in placed))

    def test_a_carried_order_can_be_cancelled(self):
        order = self.place(self.line(self.menu.cola))
        self.carry(10000)
        cancelled = self.orders._cancel(self.identity(self.manager), order["id"], "Guests left")
        self.assertEqual(cancelled["state"], "cancelled")
        self.assertEqual(self.post().state, "closed")
