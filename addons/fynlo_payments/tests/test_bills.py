"""Bills that are split, merged and shared, with money on them: nothing is paid twice, and the books are right."""

from odoo.addons.fynlo_pos_core.controllers.operation_shapes import OperationsShape
from odoo.addons.fynlo_pos_core.controllers.order_shapes import OrderShape, OrderView
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.call import Call
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.floor import Floor
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import TransactionCase, tagged

from ..controllers.payments import PaymentShape
from ..controllers.refund_shapes import RollbackShape


@tagged("post_install", "-at_install")
class TestBillsWithMoney(Floor, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.open_floor(8)

    def setUp(self):
        super().setUp()
        self.till = self.open_till(100)

    def pay(self, document, minor, **values):
        body = {"id": uuid7(), "method": "cash", "amount": self.gbp(minor), **values}
        wish = parse(PaymentShape, to_json(body))
        taken = self.env["fynlo.payment.service"]._take(self.identity(self.cashier), document["id"], wish)
        self.env.cr.flush()
        return taken["order"]

    def refusal(self, act, *arguments, **values):
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            act(*arguments, **values)
        return caught.exception.code

    def due(self, order):
        return order["totals"]["due"]["amount"]

    def dues(self, order):
        return [share["due"]["amount"] for share in order["split"]["shares"]]

    # --- shares --------------------------------------------------------------------------

    def test_shares_are_paid_one_by_one(self):
        order = self.place(self.line(self.menu.pizza))
        ids = [uuid7() for _ in range(3)]
        order = self.split(order, by="even", share_ids=ids)["order"]
        order = self.pay(order, 333, share_id=ids[1], tip=self.gbp(50))
        OrderView.model_validate(order)
        self.assertEqual((self.dues(order), self.due(order)), ([334, 0, 333], 667))
        self.assertEqual(len(order["split"]["shares"][1]["payment_ids"]), 1)
        order = self.edit(order, {"type": "add_line", "line": self.line(self.menu.cola)})
        self.assertEqual(self.dues(order), [484, 0, 483])
        order = self.pay(order, 100, share_id=ids[0])
        self.assertEqual((self.dues(order), self.due(order)), ([384, 0, 483], 867))
        order = self.pay(order, 384, share_id=ids[0])
        order = self.pay(order, 483, share_id=ids[2], complete=True)
        self.assertEqual((order["state"], self.dues(order), self.due(order)), ("completed", [0, 0, 0], 0))
        self.assertEqual([share["paid"]["amount"] for share in order["split"]["shares"]], [484, 333, 483])
        self.assertEqual(self.stored(order), order)

    def test_a_share_whose_payment_is_given_back_is_due_again(self):
        order = self.place(self.line(self.menu.pizza))
        ids = [uuid7() for _ in range(2)]
        order = self.split(order, by="even", share_ids=ids)["order"]
        order = self.pay(order, 500, share_id=ids[0], tip=self.gbp(70))
        self.assertEqual((self.dues(order), self.due(order)), ([0, 500], 500))
        wish = parse(RollbackShape, to_json({"id": uuid7(), "reason": "Wrong guest"}))
        order = self.env["fynlo.refund.service"]._roll_back(self.identity(self.cashier), order["id"], wish)["order"]
        self.assertEqual((self.dues(order), self.due(order)), ([500, 500], 1000))
        self.assertEqual(order["split"]["shares"][0]["payment_ids"], [])
        self.pay(order, 500, share_id=ids[0])
        self.assertEqual(self.pay(order, 500, share_id=ids[1], complete=True)["state"], "completed")

    def test_what_is_paid_without_a_share_lightens_all(self):
        order = self.place(self.line(self.menu.pizza))
        order = self.split(order, by="even", share_ids=[uuid7(), uuid7()])["order"]
        self.assertEqual(self.dues(self.pay(order, 400)), [300, 300])

    def test_no_more_than_the_share_is_taken(self):
        order = self.place(self.line(self.menu.pizza))
        ids = [uuid7(), uuid7()]
        self.assertEqual(self.refusal(self.pay, order, 500, share_id=ids[0]), "unknown_item")
        order = self.split(order, by="even", share_ids=ids)["order"]
        self.assertEqual(self.refusal(self.pay, order, 501, share_id=ids[0]), "amount_exceeds_due")
        self.assertEqual(self.refusal(self.pay, order, 500, share_id=uuid7()), "unknown_item")
        order = self.pay(order, 500, share_id=ids[0])
        self.assertEqual(self.refusal(self.pay, order, 1, share_id=ids[0]), "amount_exceeds_due")
        self.assertEqual(self.refusal(self.split, order, by="whole"), "share_paid")
        self.assertEqual(self.refusal(self.split, order, by="even", share_ids=[uuid7(), uuid7()]), "share_paid")

    # --- split and merge -----------------------------------------------------------------

    def test_money_stays_with_the_order_that_is_split(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), self.line(self.menu.cookie))
        order = self.pay(order, 1000)
        self.assertEqual(self.refusal(self.split_off, order, order["lines"][0]), "paid_exceeds_total")
        rest, part = self.split_off(order, order["lines"][1], order["lines"][2])
        self.assertEqual((rest["payment"], self.due(rest)), ("paid", 0))
        self.assertEqual((part["payment"], self.due(part), part["payments"]), ("unpaid", 550, []))
        self.assertEqual(self.stored(rest), rest)

    def test_an_order_with_money_is_merged_into_but_not_away(self):
        paid = self.pay(self.place(self.line(self.menu.pizza)), 1000)
        other = self.place(self.line(self.menu.cola))
        self.assertEqual(self.refusal(self.merge, other, paid), "merge_paid_order")
        merged = self.merge(paid, other)
        self.assertEqual((merged["payment"], self.due(merged)), ("partly_paid", 300))
        done = self.pay(merged, 300, complete=True)
        self.assertEqual((done["state"], done["payment"]), ("completed", "paid"))

    def test_a_table_is_paid_when_all_its_bills_are(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), table_id=self.table.fynlo_uuid)
        self.change(self.table, state="bill")
        rest, part = self.split_off(order, order["lines"][1])
        self.pay(rest, 1000, complete=True)
        standing = self.status(self.table)
        self.assertEqual((standing["state"], standing["due"]["amount"]), ("bill", 300))
        self.assertEqual(self.refusal(self.change, self.table, state="free"), "table_in_use")
        self.pay(part, 300, complete=True)
        self.assertEqual(self.events("tables", "table.updated")[-1], self.status(self.table))
        self.assertEqual(self.status(self.table)["state"], "paid")
        self.assertEqual(self.change(self.table, state="free")["state"], "free")

    def test_the_books_of_parted_and_merged_bills(self):
        first = self.place(self.line(self.menu.pizza, "2"), self.line(self.menu.cookie, "3"))
        second = self.place(self.line(self.menu.cola, "2"), tab_name="Bar")
        rest, part = self.split_off(first, first["lines"][1], (first["lines"][0], "1"))
        merged = self.merge(second, part)
        for order in (rest, merged):
            self.pay(order, self.due(order), complete=True)
        closed = self.close_till(self.till["id"], 10000 + 2000 + 750 + 600, Call(route=None, request_id="test-request"))
        self.assertEqual(closed["expected_cash"], self.gbp(13350))
        session = self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])
        session._fynlo_post_safely()
        self.assertEqual(session.state, "closed", session.fynlo_posting_error)
        lines = session._get_related_account_moves().line_ids
        sales = lines.filtered(lambda line: line.account_id.account_type == "income" and line.tax_ids)
        self.assertAlmostEqual(-sum(sales.mapped("balance")), 8.33 * 2 + 6.25 + 5.0)
        self.assertAlmostEqual(sum(lines.mapped("balance")), 0.0)

    # --- cost ----------------------------------------------------------------------------

    def test_orders_of_a_table_keep_the_query_budgets(self):
        self.place(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid)
        body = self.order_body(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid)
        wish, service = parse(OrderShape, to_json(body)), self.env["fynlo.order.service"]
        self.counted(10, lambda identity: service._create_order(identity, wish))
        edit = {"op_id": uuid7(), "type": "add_line", "line": self.line(self.menu.cola)}
        edits = parse(OperationsShape, to_json({"base_version": 1, "operations": [edit]}))
        self.counted(12, lambda identity: service._operate(identity, body["id"], edits))
        money = {"id": uuid7(), "method": "cash", "amount": self.gbp(1300), "complete": True}
        payment = parse(PaymentShape, to_json(money))
        self.counted(14, lambda identity: self.env["fynlo.payment.service"]._take(identity, body["id"], payment))
        self.assertEqual(self.stored(body)["state"], "completed")

    def counted(self, queries, act):
        identity = self.identity(self.cashier)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(queries):
            act(identity)
            self.env.cr.flush()
