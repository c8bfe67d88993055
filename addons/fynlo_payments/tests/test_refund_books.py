"""Closing a till that also gave money back: journal, taxes, tips, cash, cost and stock, to the penny."""

from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged
from psycopg2.errors import SerializationFailure

from . import test_till_posting
from .test_refunds import Refunding

BATCH = 3


@tagged("post_install", "-at_install")
class TestRefundBooks(Refunding):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.inventory_valuation = "real_time"
        category = cls.env["product.category"].create(
            {"name": "Valued", "property_cost_method": "average", "property_valuation": "real_time"}
        )
        for variant in (cls.menu.pizza, cls.menu.cola):
            variant.product_tmpl_id.write({"is_storable": True, "categ_id": category.id})
        cls.menu.cola.standard_price = 0.77
        cls.env.flush_all()

    books = test_till_posting.TestTillPosting.books
    tried = test_till_posting.TestTillPosting.tried
    in_one_shot = test_till_posting.TestTillPosting.in_one_shot

    def in_batches(self):
        session = self.session().with_context(fynlo_batch_size=BATCH)
        while session._fynlo_step():
            self.env.flush_all()

    def balances(self):
        """What closing booked, by account name or type."""
        sums = {}
        for line in self.session()._get_related_account_moves().line_ids:
            sums[line.account_id] = round(sums.get(line.account_id, 0.0) + line.balance, 2)
        return sums

    def trade(self):
        """Sales, and refunds of every kind of them."""
        discounts = [{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}]
        first = self.sell(self.line(self.menu.pizza, "3"), self.line(self.menu.cola, "2"), tip=210, discounts=discounts)
        second = self.sell(self.line(self.menu.combo, combo=self.choices()), self.line(self.menu.cookie, "3"), tip=90)
        third = self.sell(self.line(self.menu.cookie), preset_id=self.takeaway.fynlo_uuid)
        self.refund(first, lines=[self.of_line(first, 0, "1"), self.of_line(first, 1, "1", restock=True)])
        self.refund(first, amount=self.gbp(333))
        self.refund(second, lines=[self.of_line(second, 0)], tip=self.gbp(90))
        self.refund(second, amount=self.gbp(101))
        self.refund(third)
        return first, second

    def choices(self):
        return [
            {"choice_id": choice.fynlo_uuid, "variant_id": choice.combo_item_ids.product_id.fynlo_uuid}
            for choice in self.menu.combo.combo_ids
        ]

    def test_batches_give_the_books_of_one_shot(self):
        self.trade()
        self.close(self.session()._fynlo_expected_cash_minor() - 55)
        whole = self.tried(self.in_one_shot)
        self.assertTrue(whole[1])
        self.assertEqual(self.tried(self.in_batches), whole)

    def test_posting_goes_on_after_it_met_a_till_at_work(self):
        self.sell()
        self.close(11000)
        posting = type(self.session())
        real, met = posting._fynlo_step, []

        def step(session):
            if not met:
                met.append(session)
                raise SerializationFailure("could not serialize access due to concurrent update")
            return real(session)

        with patch.object(posting, "_fynlo_step", step), patch.object(self.env.cr, "rollback"):
            session = self.post()
        self.assertFalse(session.fynlo_posting_error)
        self.assertEqual(len(met), 1)

    def test_what_is_booked(self):
        first, second = self.trade()
        kept = [self.order_now(order)["totals"] for order in (first, second)]
        bill = sum(
            totals["total"]["amount"] + totals["tip"]["amount"] - totals["refunded"]["amount"] for totals in kept
        )
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000 + bill)
        self.close(10000 + bill)
        self.post()
        sums = self.balances()
        tips = self.company.fynlo_tips_account_id
        self.assertEqual(sums[tips], -2.10)
        cash = self.location.payment_method_ids.filtered("is_cash_count").journal_id.default_account_id
        self.assertEqual(sums[cash], bill / 100)
        lines = self.session().order_ids.lines.filtered(lambda line: line.product_id != self.location.tip_product_id)
        net = round(sum(lines.mapped("price_subtotal")), 2)
        tax = round(sum(lines.mapped("price_subtotal_incl")) - net, 2)
        taxes = self.session().move_id.line_ids.filtered("tax_line_id")
        sales = self.session().move_id.line_ids.filtered(lambda row: row.account_id.account_type == "income") - taxes
        self.assertEqual(round(sum(sales.mapped("balance")), 2), -net)
        self.assertEqual(round(sum(taxes.mapped("balance")), 2), -tax)
        self.assertEqual(round(net + tax - sums[tips], 2), bill / 100)

    def test_only_what_is_put_back_moves_stock_and_takes_its_cost_back(self):
        self.trade()
        self.close(self.session()._fynlo_expected_cash_minor())
        session = self.post()
        moved = {}
        for move in session.picking_ids.move_ids:
            sign = 1 if move.location_dest_id.usage == "customer" else -1
            moved[move.product_id] = moved.get(move.product_id, 0) + sign * move.quantity
        self.assertEqual(moved[self.menu.pizza], 4)
        self.assertEqual(moved[self.menu.cola], 3 - 1)
        refunds = session.order_ids.filtered("is_refund").lines
        self.assertEqual({line.total_cost for line in refunds if not line.fynlo_restocked}, {0.0})
        back = refunds.filtered("fynlo_restocked")
        self.assertEqual((back.product_id, round(back.total_cost, 2)), (self.menu.cola, -0.77))

    def test_the_reports_count_refunds_apart(self):
        first, _second = self.trade()
        report = self.env["fynlo.till.report"]._of(self.session(), "x")
        self.assertEqual((report["orders"]["completed"], report["refunds"]["count"]), (3, 5))
        refunded = sum(
            refund.amount for refund in self.env["fynlo.refund"].search([("session_id", "=", self.session().id)])
        )
        self.assertEqual(report["refunds"]["amount"], self.gbp(refunded))
        self.assertEqual(report["tips"], self.gbp(210))
        self.assertEqual(report["orders"]["last_number"].count("-"), first["number"].count("-"))
        taken = sum(section["amount"]["amount"] for section in report["payments"])
        self.assertEqual(report["sales"]["gross"]["amount"] + 210, taken)
        quantities = {section["quantity"] for section in report["by_category"]}
        self.assertTrue(all("." not in quantity for quantity in quantities), quantities)

    def test_margins_of_refunds_are_negative(self):
        order = self.sell()
        self.refund(order)
        self.env.flush_all()
        rows = self.env["report.pos.order"].search([("session_id", "=", self.session().id)])
        self.assertEqual(round(sum(rows.mapped("price_subtotal_excl")), 2), 0.0)
        negative = rows.filtered(lambda row: row.order_id.is_refund)
        self.assertEqual(negative.margin, -8.33)


@tagged("post_install", "-at_install")
class TestRoundedRefunds(Refunding):
    """Where the smallest coins are not in use."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gained, lost = cls.env["account.account"].create(
            [
                {"name": "Rounding gained", "code": "RNDP", "account_type": "income_other"},
                {"name": "Rounding lost", "code": "RNDL", "account_type": "expense"},
            ]
        )
        rule = cls.env["account.cash.rounding"].create(
            {
                "name": "Five pence",
                "rounding": 0.05,
                "rounding_method": "HALF-UP",
                "strategy": "add_invoice_line",
                "profit_account_id": gained.id,
                "loss_account_id": lost.id,
            }
        )
        cls.rounding = gained | lost
        cls.location.write({"cash_rounding": True, "rounding_method": rule.id, "only_round_cash_method": True})
        cls.menu.cola.list_price = 2.37
        cls.env.flush_all()
        cls.env.cr.flush()

    def sell_rounded(self, quantity, minor):
        order = self.place(self.line(self.menu.cola, quantity))
        return self.pay(order, minor, complete=True)["order"]

    def test_all_that_was_paid_goes_back(self):
        for name, refund in (("order", self.refund), ("payment", lambda o: self.refund_payment(o["payments"][0]))):
            with self.subTest(name):
                done = refund(self.sell_rounded("1", 235))
                self.assertEqual((done["refunds"][0]["amount"], done["order"]["payment"]), (self.gbp(235), "refunded"))
                self.assertEqual(self.booked(done["refunds"][0]).fynlo_rounding, 2)

    def test_pieces_are_paid_in_coins_and_come_to_what_was_paid(self):
        order = self.sell_rounded("3", 710)
        amounts = [
            self.refund(order, lines=[self.of_line(order, 0, "1")])["refunds"][0]["amount"]["amount"] for _ in range(3)
        ]
        self.assertEqual(amounts, [235, 235, 240])
        self.assertEqual(self.order_now(order)["payment"], "refunded")
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000)
        self.sell_rounded("1", 235)
        self.close(10235)
        lines = self.post().move_id.line_ids
        self.assertEqual(round(sum(lines.mapped("balance")), 2), 0.0)
        rounding = lines.filtered(lambda line: line.account_id in self.rounding)
        self.assertEqual(round(sum(rounding.mapped("balance")), 2), 0.02)

    def test_a_payment_taken_back_undoes_its_rounding(self):
        order = self.place(self.line(self.menu.cola))
        self.pay(order, 235)
        done = self.roll_back(order)
        self.assertEqual(
            (done["order"]["totals"]["due"], done["order"]["totals"]["rounding"]), (self.gbp(237), self.gbp(0))
        )
