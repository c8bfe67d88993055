"""The books of cash and tips after a till was closed and posted."""

from odoo.addons.fynlo_pos_core.controllers.till_sessions import CashMovementShape
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestCashBooks(TradingDay):
    def move(self, kind, minor):
        body = {"id": uuid7(), "kind": kind, "amount": self.gbp(minor), "reason": "Evening"}
        wish = parse(CashMovementShape, to_json(body))
        self.env["fynlo.till.session.service"]._move_cash(self.identity(self.cashier), self.till["id"], wish)

    def balances(self, session):
        """Account → balance over every entry of the session."""
        totals = {}
        for line in session._get_related_account_moves().line_ids:
            totals[line.account_id] = round(totals.get(line.account_id, 0.0) + line.balance, 2)
        return totals

    def test_tips_are_owed_until_they_are_paid_out(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay(order, 1000, tip=self.gbp(250), tendered=1500, complete=True)
        self.move("tip_payout", 100)
        self.move("drop", 500)
        document = self.close(10000 + 1250 - 100 - 500)
        self.assertEqual(document["over_short"], self.gbp(0))
        session = self.post()
        balances, company = self.balances(session), self.company
        self.assertEqual(balances[company.fynlo_tips_account_id], -1.50)
        self.assertEqual(balances[company.fynlo_safe_account_id], 5.0)
        self.assertEqual(balances[session.cash_journal_id.default_account_id], 6.50)
        income = {account: total for account, total in balances.items() if account.account_type == "income"}
        self.assertEqual(list(income.values()), [-10.0])  # the fixture's taxes have no account of their own
        self.assertEqual(sum(balances.values()), 0.0)
        suspense = session.cash_journal_id.suspense_account_id
        self.assertNotIn(suspense, balances)

    def test_a_difference_goes_to_profit_or_loss(self):
        self.close(10000 - 250, note="Wrong change given")
        session = self.post()
        loss = session.cash_journal_id.loss_account_id
        self.assertEqual(self.balances(session), {loss: 2.5, session.cash_journal_id.default_account_id: -2.5})
