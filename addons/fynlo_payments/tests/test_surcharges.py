"""A surcharge on an order: what is due, receipts, refunds, the ledger, the till's reports and Odoo's books."""

import random

from odoo import Command
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.floor import Floor
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..controllers.refund_shapes import PaymentRefundShape, RefundShape, RollbackShape
from .charged_card import ChargedCard


class SurchargeCase(Floor, ChargedCard):
    def refund(self, order, **values):
        wish = parse(RefundShape, to_json({"id": uuid7(), "reason": "Cold", **values}))
        refunded = self.env["fynlo.refund.service"]._refund_order(self.identity(self.manager), order["id"], wish)
        self.env.cr.flush()
        return refunded

    def receipt(self, order):
        return self.env["fynlo.receipt"]._document(self.identity(), order["id"])

    def entered(self):
        """Account → amount of everything in the ledger, whose facts add up."""
        self.env.cr.flush()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")
        entries = self.env["fynlo.payment.entry"]
        return dict(entries._read_group([("company_id", "=", self.company.id)], ["account"], ["amount:sum"]))

    def tax_the_fee(self):
        """A card fee with 20 % VAT in it; a sixth is tax."""
        vat = self.menu.cola.taxes_id
        self.location.fynlo_surcharge_product_id = self.product("Card surcharge", 0.0, vat, type="service")
        return vat


@tagged("post_install", "-at_install")
class TestSurcharges(SurchargeCase):
    def test_it_is_on_top_of_the_bill_and_nothing_is_due(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        taken = self.pay_with(54, order, 1300, tip=self.gbp(100))
        totals = {name: amount["amount"] for name, amount in taken["order"]["totals"].items()}
        told = {name: totals[name] for name in ("total", "tip", "surcharge", "paid", "due")}
        self.assertEqual(told, {"total": 1300, "tip": 100, "surcharge": 54, "paid": 1454, "due": 0})
        self.assertEqual((taken["surcharge"], taken["tendered"]), (self.gbp(54), self.gbp(1454)))
        self.assertEqual(self.entered(), {"tender:cash": 1454, "order": -1300, "tips": -100, "surcharge": -54})
        self.assertEqual(self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01"), [])

    def test_an_order_is_read_as_it_was_written(self):
        """Also through further payments and edits, with tax in the fee."""
        self.tax_the_fee()
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        self.pay_with(60, order, 500)
        taken = self.pay_with(12, order, 800)
        read = self.env["fynlo.order.service"]._document(self.identity(), order["id"])
        self.assertEqual(read["totals"], taken["order"]["totals"])
        self.assertEqual((read["totals"]["tax"], order["totals"]["tax"]), (self.gbp(217), self.gbp(217)))
        row = self.row(order)
        self.assertEqual((row.amount_total, row.amount_tax, row.amount_paid), (13.72, 2.29, 13.72))
        fees = row.lines.filtered(lambda line: line.product_id == self.location.fynlo_surcharge_product_id)
        self.assertEqual([(fee.price_subtotal, fee.price_subtotal_incl) for fee in fees], [(0.60, 0.72)])

    def test_the_receipt_shows_it_with_its_tax(self):
        self.tax_the_fee()
        order = self.place(self.line(self.menu.pizza))
        bill = self.receipt(order)
        self.assertEqual(bill["totals"]["surcharge"], self.gbp(0))
        self.assertNotIn("Card fee", self.env["fynlo.receipt"]._html(bill, self.location.id))
        self.pay_with(60, order, 1000, complete=True)
        receipt = self.receipt(order)
        totals = receipt["totals"]
        self.assertEqual(
            (totals["total"], totals["surcharge"], totals["to_pay"]), tuple(map(self.gbp, (1000, 60, 1060)))
        )
        self.assertEqual([(row["net"], row["tax"]) for row in receipt["taxes"]], [(self.gbp(883), self.gbp(177))])
        self.assertEqual(receipt["payments"][0]["charged"], self.gbp(1060))
        self.assertIn("Card fee", self.env["fynlo.receipt"]._html(receipt, self.location.id))

    def test_a_fee_without_tax_is_outside_every_tax(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay_with(60, order, 1000, complete=True)
        rows = [(row["rate_bp"], row["gross"]["amount"]) for row in self.receipt(order)["taxes"]]
        self.assertEqual(rows, [(2000, 1000), (0, 60)])

    def test_taxes_on_top_of_the_fee_are_refused(self):
        """They would make it more than the law was asked about."""
        on_top = self._tax(self.company, "8 % on top", 8, price_include_override="tax_excluded")
        product = self.product("Fee", 0.0, on_top, type="service")
        with self.assertRaises(ValidationError):
            self.location.fynlo_surcharge_product_id = product

    def test_a_bill_that_is_split_and_put_together(self):
        """It stays with the order that was paid, and covers no part of the bill."""
        pizza, cola = self.line(self.menu.pizza), self.line(self.menu.cola)
        order = self.place(pizza, cola)
        self.pay_with(20, order, 300)
        stayed, parted = self.split_off(order, cola)
        told = [stayed["totals"][name]["amount"] for name in ("total", "surcharge", "paid", "due")]
        self.assertEqual((told, parted["totals"]["surcharge"]), ([1000, 20, 320, 700], self.gbp(0)))
        merged = self.merge(stayed, parted)
        told = [merged["totals"][name]["amount"] for name in ("total", "surcharge", "paid", "due")]
        self.assertEqual(told, [1300, 20, 320, 1000])

    def test_no_edit_may_cover_it_with_food(self):
        """A guest who paid a fee has paid no food by it: the bill cannot fall below what was paid for it."""
        pizza, cola = self.line(self.menu.pizza), self.line(self.menu.cola)
        order = self.place(pizza, cola)
        self.pay_with(500, order, 1300)
        void = {"type": "void_line", "line_id": cola["id"], "reason": "Late"}
        self.assertEqual(self.refused(order, void, identity=self.identity(self.manager)), "paid_exceeds_total")


@tagged("post_install", "-at_install")
class TestSurchargeRefunds(SurchargeCase):
    def test_it_goes_back_in_proportion_of_the_bill(self):
        """The figures of a charge of 100.00 with 4.33 on top: a quarter takes 1.08 along, the rest the rest."""
        order = self.place(self.line(self.menu.pizza, quantity="10"))
        taken = self.pay_with(433, order, 10000, complete=True)
        first = self.refund(order, amount=self.gbp(2500))["refunds"]
        self.assertEqual([(one["amount"], one["surcharge"]) for one in first], [(self.gbp(2608), self.gbp(108))])
        rest = self.refund(order)
        self.assertEqual([one["amount"] for one in rest["refunds"]], [self.gbp(7825)])
        self.assertEqual((rest["order"]["payment"], rest["order"]["totals"]["refunded"]), ("refunded", self.gbp(10433)))
        self.assertEqual(set(self.entered().values()), {0})
        payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])
        self.assertEqual((payment.refunded, payment._refundable()), (10433, 0))
        self.assertEqual(self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01"), [])

    def test_it_goes_back_with_its_own_payment(self):
        order = self.place(self.line(self.menu.pizza))
        card = self.pay_with(30, order, 600)
        cash = self.pay(order, 400, complete=True)
        service, manager = self.env["fynlo.refund.service"], self.identity(self.manager)
        amounts = []
        for payment in (cash, card):
            wish = parse(PaymentRefundShape, to_json({"id": uuid7(), "reason": "Cold"}))
            refund = service._refund_payment(manager, payment["id"], wish)["refunds"][0]
            amounts.append((refund["amount"]["amount"], refund["surcharge"]["amount"]))
        self.assertEqual(amounts, [(400, 0), (630, 30)])

    def test_lines_take_their_share_along(self):
        pizza, cola = self.line(self.menu.pizza), self.line(self.menu.cola)
        order = self.place(pizza, cola)
        self.pay_with(26, order, 1300, complete=True)
        refunds = self.refund(order, lines=[{"line_id": cola["id"]}])["refunds"]
        self.assertEqual([(one["amount"], one["surcharge"]) for one in refunds], [(self.gbp(306), self.gbp(6))])
        self.assertEqual([line["name"] for line in refunds[0]["lines"]], ["Cola"], "the fee is no goods")

    def test_a_payment_taken_back_takes_it_along(self):
        order = self.place(self.line(self.menu.pizza))
        self.pay_with(25, order, 500, tip=self.gbp(50))
        self.pay(order, 300)
        wish = parse(RollbackShape, to_json({"id": uuid7(), "reason": "By card"}))
        back = self.env["fynlo.refund.service"]._roll_back(self.identity(self.manager), order["id"], wish)
        totals = back["order"]["totals"]
        told = [totals[name]["amount"] for name in ("total", "tip", "surcharge", "paid", "due")]
        self.assertEqual(told, [1000, 0, 0, 0, 1000])
        self.assertEqual(set(self.entered().values()), {0})
        again = self.pay_with(40, order, 1000, complete=True)
        self.assertEqual(again["order"]["totals"]["surcharge"], self.gbp(40))

    def test_any_refunds_give_back_just_what_was_charged(self):
        """Random sequences: never more than was charged, and the last penny of it at the end."""
        chance = random.Random(19)
        for _round in range(12):
            order = self.place(self.line(self.menu.pizza, quantity=str(chance.randint(1, 9))))
            total, left = order["totals"]["total"]["amount"], 0
            surcharges = [chance.randint(0, 99), chance.randint(0, 99)]
            first = chance.randint(1, total - 1)
            self.pay_with(surcharges[0], order, first)
            self.pay_with(surcharges[1], order, total - first, complete=True)
            left = total
            while left:
                part = left if chance.random() < 0.3 else chance.randint(1, left)
                refunded = self.refund(order, amount=self.gbp(part))["order"]["totals"]["refunded"]["amount"]
                left -= part
                self.assertLessEqual(refunded, total + sum(surcharges))
            self.assertEqual(refunded, total + sum(surcharges))
        self.assertEqual(set(self.entered().values()), {0})


@tagged("post_install", "-at_install")
class TestSurchargeBooks(SurchargeCase):
    def test_the_books(self):
        """The fee is income of its own, its tax is owed, and a refund turns both round."""
        vat = self.tax_the_fee()
        income = self.env["account.account"].create(
            {"name": "Card fees", "code": "CARDFEE", "account_type": "income_other",
             "company_ids": [Command.set(self.company.ids)]}
        )  # fmt: skip
        self.location.fynlo_surcharge_product_id.property_account_income_id = income
        order = self.place(self.line(self.menu.pizza))
        self.pay_with(60, order, 1000, complete=True)
        other = self.place(self.line(self.menu.pizza))
        self.pay_with(120, other, 1000, complete=True)
        self.refund(order)
        report = self.env["fynlo.till.report"]._of(self.session(), "x")
        self.assertEqual((report["surcharges"], report["sales"]["gross"]), (self.gbp(120), self.gbp(1120)))
        self.close(10000 + 1120)
        moves = self.post().move_id.line_ids
        fees = moves.filtered(lambda line: line.account_id == income and not line.tax_line_id)
        self.assertEqual(sum(fees.mapped("balance")), -1.0)
        owed = sum(moves.filtered(lambda line: line.tax_line_id == vat).mapped("balance"))
        self.assertAlmostEqual(owed, -1.87)
