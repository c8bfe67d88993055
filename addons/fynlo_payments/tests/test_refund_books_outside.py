"""The books of a till whose refunds a provider carried out, refused or took back."""

from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.refund_shapes import RepeatShape
from ..models import provider_call
from ..models.refund_call import look_refund
from ..providers.connection import RefundState
from .bank import answer_for_banks
from .refund_bank import RefundingBank
from .test_refunds import Refunding

REFUSED = RefundState("failed", failure_code="refund_refused")


@tagged("post_install", "-at_install")
class TestRefundBooksOutside(Refunding):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank_method = cls.location.payment_method_ids.filtered(lambda method: not method.is_cash_count)
        cls.bank_method.fynlo_provider = "open_banking"
        cls.env.flush_all()
        cls.env.cr.flush()

    def setUp(self):
        super().setUp()
        self.bank = RefundingBank()
        answer_for_banks(self, lambda: self.bank)

    def sold(self, *lines, tip=0):
        """A completed order that was paid by bank."""
        order = self.place(*(lines or [self.line(self.menu.pizza, "2")]))
        return self.pay_by_bank(order, order["totals"]["due"]["amount"], tip=self.gbp(tip), complete=True)["order"]

    def pay_by_bank(self, order, minor, **values):
        sent = self.pay(order, minor, method="open_banking", **values)
        row = self.env["fynlo.payment"]._by_uuid(sent["id"])
        with self.enter_registry_test_mode():
            document, _action = provider_call.charge(self.registry, row.id, {})
        return document

    def five_pence(self):
        kinds = (("RNDP", "income_other", "profit_account_id"), ("RNDL", "expense", "loss_account_id"))
        accounts = {
            field: self.env["account.account"].create({"name": code, "code": code, "account_type": kind}).id
            for code, kind, field in kinds
        }
        values = {"name": "Five pence", "rounding": 0.05, "rounding_method": "HALF-UP", "strategy": "add_invoice_line"}
        return self.env["account.cash.rounding"].create(values | accounts)

    def ask(self, refund):
        """Have the provider asked for a refund, or after it."""
        row = self.env["fynlo.refund"]._by_uuid(refund["id"])
        with self.enter_registry_test_mode():
            look_refund(self.registry, row.id)
        return row

    def repeat(self, refund, **values):
        wish = parse(RepeatShape, to_json({"id": uuid7(), **values}))
        done = self.env["fynlo.refund.service"]._repeat(self.identity(self.manager), refund.fynlo_uuid, wish)
        self.env.cr.flush()
        return done["refunds"][0]

    def closed(self, minor):
        """Close and post the till; its journal items, and what it kept by tender."""
        self.close(minor)
        session = self.post()
        lines = session._get_related_account_moves().line_ids
        self.assertAlmostEqual(sum(lines.mapped("balance")), 0.0)
        return lines, {row["method"]: row["net"] for row in session._fynlo_takings()}

    def income(self, lines):
        """What was sold, without its taxes."""
        sales = lines.filtered(lambda line: line.account_id.account_type == "income" and not line.tax_line_id)
        return round(sum(sales.mapped("balance")), 2)

    def test_a_refund_that_went_back(self):
        order = self.sold(tip=100)
        self.ask(self.refund(order)["refunds"][0])
        lines, tenders = self.closed(10000)
        self.assertEqual((tenders[self.bank_method.name], self.income(lines)), (0, 0.0))

    def test_one_on_its_way_keeps_no_till_open(self):
        order = self.sold()
        refund = self.refund(order)["refunds"][0]
        lines, tenders = self.closed(10000)
        self.assertEqual((tenders[self.bank_method.name], self.income(lines)), (0, 0.0))
        self.till = self.open_till(100)
        self.assertEqual(self.ask(refund).state, "succeeded")
        lines, _tenders = self.closed(10000)
        self.assertEqual(self.income(lines), 0.0)

    def test_one_that_failed_after_the_till_was_closed_is_given_from_the_next_ones_drawer(self):
        order = self.sold()
        refund = self.refund(order)["refunds"][0]
        self.ask(refund)
        first, _tenders = self.closed(10000)
        self.bank.decides("failed")
        row = self.ask(refund)
        self.assertEqual((row.state, row.owed), ("failed", 2000))
        self.till = self.open_till(100)
        done = self.repeat(row, to_method="cash")
        self.assertEqual(done["amount"], self.gbp(2000))
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 8000)
        second, tenders = self.closed(8000)
        self.assertEqual(tenders, {self.bank_method.name: 2000, "Cash": -2000})
        self.assertEqual((self.income(first), self.income(second)), (0.0, 0.0))
        self.assertEqual((self.at_bank(first), self.at_bank(second)), (0.0, 20.0))

    def at_bank(self, lines):
        """What the provider will pay out, as the books have it."""
        journal = self.bank_method.journal_id
        receipts = lines.filtered(
            lambda line: line.journal_id == journal and line.account_id.account_type == "asset_current"
        )
        return round(sum(receipts.mapped("balance")), 2)

    def test_batches_give_the_books_of_one_shot(self):
        order = self.sold()
        self.bank.says = [REFUSED]
        failed = self.ask(self.refund(order, amount=self.gbp(700))["refunds"][0])
        self.repeat(failed, to_method="cash")
        self.close(9300)
        session = self.session().with_context(fynlo_batch_size=1)
        while session._fynlo_step_safely():
            self.env.flush_all()
        self.assertEqual((session.state, session.fynlo_posting_error), ("closed", False))
        lines = session._get_related_account_moves().line_ids
        self.assertAlmostEqual(sum(lines.mapped("balance")), 0.0)
        self.assertEqual(self.income(lines), -10.84)

    def test_a_bank_gives_pennies_and_a_drawer_coins(self):
        values = {"cash_rounding": True, "rounding_method": self.five_pence().id, "only_round_cash_method": True}
        self.location.write(values)
        for price, coins in ((2.37, 235), (2.38, 235), (2.40, 240)):
            with self.subTest(price):
                self.menu.cola.list_price = price
                self.env.flush_all()
                first, second = self.sold(self.line(self.menu.cola)), self.sold(self.line(self.menu.cola))
                self.assertEqual(self.refund(first)["refunds"][0]["amount"], self.gbp(round(price * 100)))
                self.assertEqual(self.refund(second, to_method="cash")["refunds"][0]["amount"], self.gbp(coins))

    def test_what_is_owed_of_a_payment_taken_back_is_not_the_orders(self):
        order = self.place(self.line(self.menu.pizza))
        self.location.write({"cash_rounding": True, "rounding_method": self.five_pence().id})
        self.env.flush_all()
        self.pay_by_bank(order, 400)
        self.bank.says = [REFUSED]
        failed = self.ask(self.roll_back(order)["refunds"][0])
        self.assertEqual(failed.owed, 400)
        self.pay(order, 1000, complete=True)
        self.assertEqual(self.refund(order)["refunds"][0]["amount"], self.gbp(1000))

    def test_givebacks_are_listed_once(self):
        order = self.sold()
        self.bank.says = [REFUSED]
        failed = self.ask(self.refund(order)["refunds"][0])
        self.repeat(failed, to_method="cash")
        rows = self.env["fynlo.giveaway"].search([("company_id", "=", self.company.id), ("kind", "=", "refund")])
        self.assertEqual(rows.mapped("amount"), [20.0])
