"""The monthly statement: what a company owes Fynlo, and who may see it."""

import csv
import random

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .bank import OutsideCase
from .outside_money import OutsideMoney


@tagged("post_install", "-at_install")
class TestRevenue(OutsideMoney):
    """Whatever happens to payments, the ledger of revenue says what was earned and not given back."""

    def rows(self):
        return self.env["fynlo.fee.revenue"].search([("company_id", "=", self.company.id)])

    def back(self, payment, amount, *, fails=False):
        """A refund of the payment, as the ledger hears of it; its share of the fee goes back with it."""
        refund = self.env["fynlo.refund"].create(
            {
                "fynlo_uuid": uuid7(), "order_id": payment.order_id.id, "payment_id": payment.id, "kind": "refund",
                "company_id": self.company.id, "config_id": self.location.id, "session_id": self.session().id,
                "currency_id": payment.currency_id.id, "state": "succeeded", "amount": amount, "reason": "Cold",
            }
        )  # fmt: skip
        entries = self.env["fynlo.payment.entry"]
        entries._enter_refund(refund)
        if fails:
            entries._enter_failed_refund(refund)
        self.env.cr.flush()

    def test_any_sequence_of_payments_and_refunds(self):
        self.leaves_ledger_broken = True
        chance = random.Random(27)
        for _payment in range(12):
            pizzas = chance.randint(1, 30)
            payment = self.send(self.place(self.line(self.menu.pizza, quantity=str(pizzas))), pizzas * 1000)
            if chance.random() < 0.2:
                self.conclude(payment, "failed")
                continue
            self.conclude(payment)
            left = payment.amount
            while left and chance.random() < 0.8:
                part = left if chance.random() < 0.4 else chance.randint(1, left)
                fails = chance.random() < 0.25
                self.back(payment, part, fails=fails)
                left -= 0 if fails else part
                rows = self.rows().filtered(lambda row, payment=payment: row.payment_id == payment)
                net = sum(rows.mapped("fee"))
                gone = payment.amount - left
                self.assertEqual(net, payment.application_fee - (2 * gone * payment.application_fee + payment.amount)
                                 // (2 * payment.amount))  # fmt: skip
                self.assertGreaterEqual(net, 0)
            if not left:
                self.assertEqual(net, 0)
        statement = self.env["fynlo.fee.statement"].search([("company_id", "=", self.company.id)])
        self.assertEqual(sum(statement.mapped("net")), sum(self.rows().mapped("fee")))
        self.assertEqual(statement.net, statement.earned + statement.returned)


@tagged("post_install", "-at_install")
class TestStatement(OutsideCase):
    def statement(self, query="", **kwargs):
        return self.api("GET", f"/payments/fees:statement{query}", token=self.sign_in("owner"), **kwargs)

    def test_the_month_that_runs(self):
        self.pay(self.place(10), 6000)
        self.pay(self.place(5), 3000)
        cash = {"id": uuid7(), "method": "cash", "amount": self.money(1200)}
        self.done("POST", f"/orders/{self.place()['id']}/payments", cash)
        (row,) = self.statement().json()["items"]
        told = {name: row[name]["amount"] for name in ("charged", "earned", "returned", "net")}
        self.assertEqual((row["method"], row["payments"]), ("open_banking", 2))
        self.assertEqual(told, {"charged": 9000, "earned": 90, "returned": 0, "net": 90})

    def test_as_a_file(self):
        self.company.name = 'Chez "Nous", Ltd'
        self.pay(self.place(10), 6000)
        response = self.statement("?format=csv")
        self.assertEqual(response.headers["Content-Type"], "text/csv; charset=utf-8")
        (row,) = csv.DictReader(response.text.splitlines())
        self.assertEqual((row["company"], row["charged"], row["net"]), ('Chez "Nous", Ltd', "60.00", "0.60"))

    def test_another_month_and_bad_input(self):
        self.pay(self.place(10), 6000)
        self.assertEqual(self.statement("?month=2020-01").json(), {"month": "2020-01", "items": []})
        for query in ("?month=2026-13", "?month=now", "?month=2026-11-01", "?format=pdf"):
            with self.subTest(query):
                self.assertEqual(self.statement(query).status_code, 422)

    def test_who_may(self):
        self.pay(self.place(10), 6000)
        path = "/payments/fees:statement"
        self.assertProblem(self.api("GET", path), "token_missing", 401)
        self.assertProblem(self.api("GET", path, token=self.cashier), "permission_denied", 403)
        statements, mine = self.env["fynlo.fee.statement"], [("company_id", "=", self.company.id)]
        other = self.env["res.company"].create({"name": "Next door"})
        hired = {}
        for company, role in ((self.company, "owner"), (other, "owner"), (self.company, "manager")):
            values = {"name": f"{role} of {company.name}", "company_id": company.id, "role": role, "pin": "2468"}
            hired[company, role] = self.env["hr.employee"]._fynlo_hire(values).user_id
        self.assertEqual(len(statements.with_user(hired[self.company, "owner"]).search(mine)), 1)
        by_month = statements.with_user(hired[self.company, "owner"])._read_group(
            mine, ["month:month", "company_id"], ["payments:sum", "net_shown:sum"]
        )
        self.assertEqual([row[1:] for row in by_month], [(self.company, 1, 0.6)], "as the list groups them")
        self.assertFalse(statements.with_user(hired[other, "owner"]).search(mine))
        with self.assertRaises(AccessError):
            statements.with_user(hired[self.company, "manager"]).search(mine)
