"""The discount for paying by bank: given with a payment of the whole bill, gone with it."""

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .bank import OutsideCase
from .pay_links import PayLinkCase


@tagged("post_install", "-at_install")
class TestBankDiscount(OutsideCase):
    def setUp(self):
        super().setUp()
        self.tax = self.env["account.tax"].create(
            {
                "name": "20 % within",
                "amount": 20,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        self.dish.taxes_id = self.tax
        self.discount = self.env["fynlo.discount"].create(
            {"name": "By bank", "company_id": self.company.id, "value_bp": 150, "scope": "order"}
        )
        self.location.fynlo_bank_discount_id = self.discount
        self.env.flush_all()

    def totals(self, order, *names):
        return [self.order(order)["totals"][name]["amount"] for name in names]

    def test_the_whole_bill_by_bank(self):
        order = self.place(10)
        taken = self.pay(order, 6000, tip=self.money(500), complete=True).json()
        self.assertEqual((taken["amount"], taken["state"]), (self.money(5910), "captured"))
        self.assertEqual(self.totals(order, "discount", "total", "tax", "tip", "due"), [90, 5910, 985, 500, 0])
        self.assertEqual(self.order(order)["state"], "completed")
        (leg,) = self.bank.legs.values()
        self.assertEqual(leg.amount, 6410)
        self.assertBooked(order, 6410)
        receipt = self.done("GET", f"/orders/{order['id']}/receipt")
        self.assertEqual([(one["name"], one["amount"]) for one in receipt["discounts"]], [("By bank", self.money(90))])

    def test_a_till_that_reckoned_with_it(self):
        order = self.place(10)
        self.assertEqual(self.pay(order, 5910).json()["amount"], self.money(5910))
        self.assertEqual(self.totals(order, "due"), [0])

    def test_part_of_a_bill_gets_none(self):
        order = self.place(10)
        self.assertEqual(self.pay(order, 5000).json()["amount"], self.money(5000))
        self.assertEqual(self.pay(order, 1000).json()["amount"], self.money(1000))
        self.assertEqual(self.totals(order, "discount", "total", "due"), [0, 6000, 0])

    def test_it_goes_with_a_payment_that_comes_to_nothing(self):
        order = self.place(10)
        self.bank.answers = ["action_required"]
        waiting = self.pay(order, 6000).json()
        self.assertEqual(self.totals(order, "total", "reserved"), [5910, 5910])
        self.done("POST", f"/payments/{waiting['id']}:cancel", key=False)
        self.assertEqual(self.totals(order, "discount", "total", "tax", "reserved", "due"), [0, 6000, 1000, 0, 6000])
        cash = {"id": uuid7(), "method": "cash", "amount": self.money(6000), "complete": True}
        self.done("POST", f"/orders/{order['id']}/payments", cash)
        self.assertEqual(self.totals(order, "total", "paid", "due"), [6000, 6000, 0])

    def test_declined(self):
        order = self.place(10)
        self.bank.answers = ["failed"]
        self.assertProblem(self.pay(order, 6000), "payment_declined", 402)
        self.assertEqual(self.totals(order, "discount", "total", "due"), [0, 6000, 6000])

    def test_late_money_brings_it_back(self):
        order = self.place(10)
        self.bank.answers = ["action_required"]
        waiting = self.pay(order, 6000).json()
        self.done("POST", f"/payments/{waiting['id']}:cancel", key=False)
        self.bank.becomes("captured")
        self.env["fynlo.payment.service"]._conclude(self.attempt(waiting).id, next(iter(self.bank.legs.values())))
        self.env.flush_all()
        self.assertEqual(self.attempt(waiting).state, "captured")
        self.assertEqual(self.totals(order, "discount", "total", "paid", "due"), [90, 5910, 5910, 0])

    def test_it_stands_once_and_not_beside_one_that_stands_alone(self):
        alone = self.env["fynlo.discount"].create(
            {"name": "Alone", "company_id": self.company.id, "value_bp": 1000, "scope": "order", "exclusive": True}
        )
        for given, total in ((alone, 5400), (self.discount, 5910)):
            with self.subTest(given.name):
                order = self.place(10)
                edit = {"op_id": uuid7(), "type": "apply_discount",
                        "discount": {"id": uuid7(), "discount_id": given.fynlo_uuid}}  # fmt: skip
                body = {"base_version": order["version"], "operations": [edit]}
                self.done("POST", f"/orders/{order['id']}/operations", body)
                self.assertEqual(self.pay(order, total).json()["amount"], self.money(total))

    def test_later_dishes_are_not_discounted(self):
        order = self.place(10)
        self.pay(order, 6000)
        line = {"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": "1"}
        edit = {"op_id": uuid7(), "type": "add_line", "line": line}
        body = {"base_version": self.order(order)["version"], "operations": [edit]}
        self.done("POST", f"/orders/{order['id']}/operations", body)
        self.assertEqual(self.totals(order, "discount", "due"), [90, 600])


@tagged("post_install", "-at_install")
class TestBankDiscountOnPhones(PayLinkCase):
    """A guest who pays the whole bill with a pay link gets it as a guest at the till does."""

    def setUp(self):
        super().setUp()
        self.location.fynlo_bank_discount_id = self._discount(
            self.company, "By bank", kind="percent", value_bp=150, scope="order"
        )
        self.env.flush_all()

    def test_paid_by_link(self):
        order = self.place(self.line(self.menu.pizza))
        link = self.make(order, 1000, complete=True)
        self.tap_bank(link)
        self.assertEqual(self.payment_at_bank()["amount_in_minor"], 985)
        self.decide()
        self.assertEqual(self.look(link), "paid")
        self.assertPaid(order, 985)
        self.assertEqual((self.read(link)["state"], self.order_now(order)["state"]), ("paid", "completed"))

    def test_a_guest_who_turns_back_can_try_again(self):
        """Bill and link are as they were, and the discount is not given twice."""
        order = self.place(self.line(self.menu.pizza))
        link = self.make(order, 1000)
        self.tap_bank(link)
        self.assertEqual(self.order_now(order)["totals"]["total"], self.gbp(985))
        self.decide("decline")
        self.assertEqual(self.look(link), "open")
        self.assertEqual(self.order_now(order)["totals"]["total"], self.gbp(1000))
        self.bank.payments.clear()
        self.tap_bank(link)
        self.decide()
        self.assertEqual(self.look(link), "paid")
        self.assertPaid(order, 985)
