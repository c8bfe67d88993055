"""Cash where the smallest coins are not in use: what tills may take, and the books."""

from odoo.addons.fynlo_pos_core.controllers.operation_shapes import OperationsShape
from odoo.addons.fynlo_pos_core.controllers.table_shapes import SplitShape
from odoo.addons.fynlo_pos_core.engine.cash_rounding import CashRounding
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestCashRounding(TradingDay):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profit, cls.loss = cls.env["account.account"].create(
            [
                {"name": "Rounding gained", "code": "RNDP", "account_type": "income_other"},
                {"name": "Rounding lost", "code": "RNDL", "account_type": "expense"},
            ]
        )
        cls.rule = cls.env["account.cash.rounding"].create(
            {
                "name": "Five pence",
                "rounding": 0.05,
                "rounding_method": "HALF-UP",
                "strategy": "add_invoice_line",
                "profit_account_id": cls.profit.id,
                "loss_account_id": cls.loss.id,
            }
        )
        cls.location.write({"cash_rounding": True, "rounding_method": cls.rule.id, "only_round_cash_method": True})
        cls.menu.cola.list_price = 2.37
        cls.menu.cookie.list_price = 1.99
        cls.env.flush_all()
        cls.env.cr.flush()

    def totals(self, document, *names):
        return [document["totals"][name]["amount"] for name in names]

    def refused(self, document, minor, **values):
        with self.assertRaises(Problem) as caught:
            self.pay(document, minor, **values)
        return caught.exception

    def test_half_a_step_goes_up(self):
        rule = CashRounding(5, "HALF-UP")
        self.assertEqual([rule.rounded(amount) for amount in (0, 2, 3, 237, 238, 240)], [0, 0, 5, 235, 240, 240])
        self.assertEqual([CashRounding(10, "HALF-UP").rounded(amount) for amount in (4, 5)], [0, 10])
        self.assertEqual([CashRounding(5, "UP").rounded(amount) for amount in (235, 236)], [235, 240])
        self.assertEqual([CashRounding(5, "DOWN").rounded(amount) for amount in (235, 239)], [235, 235])

    def test_the_bill_is_settled_at_what_the_coins_can_pay(self):
        order = self.place(self.line(self.menu.cola))
        self.assertEqual(self.totals(order, "total", "due", "cash_due", "rounding"), [237, 237, 235, 0])
        placed = self.pay(order, 235, tendered=500, complete=True)["order"]
        self.assertEqual(placed["state"], "completed")
        self.assertEqual(self.totals(placed, "total", "paid", "due", "rounding"), [237, 235, 0, -2])
        row = self.row(order)
        self.assertEqual(
            [round(a, 2) for a in (row.amount_paid, row.amount_difference, row.amount_return)], [2.35, -0.02, 2.65]
        )

    def test_rounding_up_takes_more_than_is_due(self):
        order = self.place(self.line(self.menu.cola), self.line(self.menu.cookie, "3"))
        self.assertEqual(self.totals(order, "due", "cash_due"), [834, 835])
        placed = self.pay(order, 835, complete=True)["order"]
        self.assertEqual(self.totals(placed, "paid", "due", "rounding"), [835, 0, 1])

    def test_an_amount_that_the_coins_cannot_make_is_refused(self):
        order = self.place(self.line(self.menu.cola))
        problem = self.refused(order, 237)
        self.assertEqual((problem.code, problem.members["cash_due"]["amount"]), ("not_payable_in_cash", 235))
        self.assertEqual(self.refused(order, 240).code, "amount_exceeds_due")
        self.assertFalse(self.row(order).payment_ids)

    def test_only_the_last_of_several_payments_is_rounded(self):
        order = self.place(self.line(self.menu.cola))
        part = self.pay(order, 100)["order"]
        self.assertEqual(self.totals(part, "due", "cash_due", "rounding"), [137, 135, 0])
        self.assertEqual(part["payment"], "partly_paid")
        placed = self.pay(order, 135, complete=True)["order"]
        self.assertEqual(self.totals(placed, "paid", "due", "rounding"), [235, 0, -2])

    def test_tips_are_rounded_with_the_bill(self):
        order = self.place(self.line(self.menu.cola))
        placed = self.pay(order, 235, tip=self.gbp(50), complete=True)["order"]
        self.assertEqual(self.totals(placed, "tip", "paid", "due", "rounding"), [50, 285, 0, -2])

    def test_a_settled_bill_can_grow(self):
        order = self.place(self.line(self.menu.cola))
        self.pay(order, 235)
        body = {
            "base_version": 2,
            "operations": [
                {"op_id": self.line(self.menu.cola)["id"], "type": "add_line", "line": self.line(self.menu.cookie)}
            ],
        }
        service = self.env["fynlo.order.service"]
        edited = service._operate(self.identity(), order["id"], parse(OperationsShape, to_json(body)))["order"]
        self.assertEqual(self.totals(edited, "total", "due", "cash_due"), [436, 199, 200])
        placed = self.pay(order, 200, complete=True)["order"]
        self.assertEqual(self.totals(placed, "paid", "due", "rounding"), [435, 0, -1])

    def test_shares_of_a_bill_are_paid_with_the_coins_in_use(self):
        order = self.place(self.line(self.menu.cola), self.line(self.menu.cola))
        ids = [uuid7(), uuid7()]
        wish = parse(SplitShape, to_json({"by": "even", "share_ids": ids})).root
        order = self.env["fynlo.order.service"]._split(self.identity(), order["id"], wish)["order"]
        placed = self.pay(order, 235, share_id=ids[0])["order"]
        self.assertEqual([share["due"]["amount"] for share in placed["split"]["shares"]], [0, 239])
        placed = self.pay(order, 240, share_id=ids[1], complete=True)["order"]
        self.assertEqual(self.totals(placed, "paid", "due", "rounding"), [475, 0, 1])

    def test_a_changed_rule_reaches_the_tills(self):
        self.close(10_000)
        self.post()
        self.rule.rounding = 0.10
        self.env.flush_all()
        self.env.cr.flush()
        self.open_till(100)
        self.assertEqual(self.totals(self.place(self.line(self.menu.cola)), "cash_due"), [240])

    def test_the_books_show_what_rounding_gained_and_lost(self):
        for lines, cash in (
            ((self.menu.cola,), 235),
            ((self.menu.cola, *[self.menu.cookie] * 3), 835),
            ((self.menu.cookie,), 200),
        ):
            order = self.place(*(self.line(variant) for variant in lines))
            self.pay(order, cash, complete=True)
        self.close(10_000 + 235 + 835 + 200)
        lines = self.post().move_id.line_ids
        self.assertEqual(round(sum(lines.mapped("balance")), 2), 0)
        rounding = lines.filtered(lambda line: line.account_id in self.profit | self.loss)
        self.assertEqual(round(sum(rounding.mapped("balance")), 2), 0.0)
        cash = lines.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        self.assertEqual(round(sum(cash.mapped("balance")), 2), 12.70)
