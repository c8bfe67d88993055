"""Refunds by a scripted provider: what it was asked for, what it says, and the books that must agree with it."""

from odoo import Command
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from ..models.refund_call import look_refund
from ..providers.connection import RefundState
from .bank import OutsideCase, ScriptedConnection


class RefundingBank(ScriptedConnection):
    """``refunds`` holds what was really asked for, by key. ``says`` are taken one a call, else all succeed.

    One of ``says`` is a state's name, a :class:`RefundState`, or an exception: raised before the
    refund was kept, or after it when ``executed``.
    """

    def __init__(self):
        super().__init__()
        self.says, self.executed = [], False

    def refund(self, refund):
        self.calls.append("refund")
        say = self.says.pop(0) if self.says else "succeeded"
        if isinstance(say, Exception):
            if self.executed:
                self._hold(refund, "succeeded")
            raise say
        return self._hold(refund, say)

    def fetch_refund(self, refund):
        self.calls.append("fetch_refund")
        return self.refunds[refund.key]

    def find_refund_by_key(self, refund):
        self.calls.append("find_refund_by_key")
        return self.refunds.get(refund.key)

    def decides(self, state, **values):
        """What was asked for last becomes this at the provider."""
        key, known = list(self.refunds.items())[-1]
        self.refunds[key] = RefundState(state, known.reference, known.amount, **values)

    def given_back(self):
        """All that really went back, in minor units."""
        return sum(refund.amount for refund in self.refunds.values() if refund.state == "succeeded")

    def _hold(self, refund, say):
        if refund.key not in self.refunds:
            said = say if isinstance(say, RefundState) else RefundState(say)
            reference = said.reference or f"re_{refund.uuid[-12:]}"
            amount = refund.amount if said.amount is None else said.amount
            self.refunds[refund.key] = RefundState(said.state, reference, amount, said.failure_code)
        return self.refunds[refund.key]


class RefundCase(OutsideCase):
    """``self.bank`` gives refunds as it is told; ``self.sold(…)`` is an order that it took money for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        methods = cls.env["pos.payment.method"].create(
            [
                {"name": name, "fynlo_provider": kind, "journal_id": False, "company_id": cls.company.id}
                for name, kind in (("Gift card", "gift_card"), ("Credit", "store_credit"))
            ]
        )
        cls.location.payment_method_ids = [Command.link(method.id) for method in methods]

    def setUp(self):
        super().setUp()
        self.bank = RefundingBank()

    def sold(self, *minor, dishes=2, **values):
        """A completed order paid by bank, in so many payments."""
        order = self.place(dishes)
        minor = minor or [600 * dishes]
        for amount in minor[:-1]:
            self.pay(order, amount)
        return self.paid(order, minor[-1], complete=True, **values)

    def paid(self, order, amount, **values):
        answer = self.pay(order, amount, **values)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()["order"]

    def pay_cash(self, order, minor, **values):
        body = {"id": uuid7(), "method": "cash", "amount": self.money(minor), **values}
        return self.done("POST", f"/orders/{order['id']}/payments", body)

    def refund(self, order, *, status=201, token=None, key=None, **values):
        path, body = f"/orders/{order['id']}/refunds", {"id": uuid7(), "reason": "cold", **values}
        return self.done("POST", path, body, status=status, token=token, key=key or uuid7())

    def repeat(self, refund, *, status=201, token=None, **values):
        return self.done(
            "POST", f"/refunds/{refund['id']}:repeat", {"id": uuid7(), **values}, status=status, token=token
        )

    def roll_back(self, order, *, status=200, wish_id=None, **values):
        body = {"id": wish_id or uuid7(), "reason": "left", **values}
        return self.done("POST", f"/orders/{order['id']}:rollback-payments", body, status=status, token=self.cashier)

    def row_of(self, refund):
        self.env.invalidate_all()
        return self.env["fynlo.refund"].search([("fynlo_uuid", "=", refund["id"])])

    def readings(self, check):
        """What a health check finds at the location."""
        found = self.env["fynlo.health"]._health_checks()[check]()
        return [reading for reading in found if reading.config_id == self.location.id]

    def look_at(self, refund):
        """What the recovery job or a notification does with a refund."""
        look_refund(self.registry, self.row_of(refund).id)
        return self.done("GET", f"/refunds/{refund['id']}")

    def run_recovery(self):
        """The recovery job, with every waiting refund due."""
        self.env["fynlo.refund"].search([("state", "in", ("sent", "unknown"))]).write({"next_look_at": now()})
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["fynlo.refund"]._cron_recover()
        self.env.invalidate_all()

    def ledger(self, order, account):
        """What an account holds of an order."""
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        self.env.cr.execute(
            """SELECT coalesce(sum(entry.amount), 0) FROM fynlo_payment_entry entry
                 JOIN fynlo_payment payment ON payment.id = entry.payment_id
                 JOIN pos_order placed ON placed.id = payment.order_id
                WHERE placed.uuid = %s AND entry.account = %s""",
            (order["id"], account),
        )
        return self.env.cr.fetchone()[0]

    def booked(self, order, method):
        """What Odoo's payment rows of an order and its refunds come to for a tender, in minor units."""
        row = self.env["pos.order"].search([("uuid", "=", order["id"])])
        refunds = self.env["pos.order"].search([("fynlo_refunded_order_id", "=", row.id)])
        rows = (row | refunds).payment_ids.filtered(lambda paid: paid.payment_method_id.fynlo_provider == method)
        return round(sum(rows.mapped("amount")) * 10**self.location.currency_id.decimal_places)

    def assertAddsUp(self, order):
        """The ledger holds what payments and refunds say, and no payment gave back or owes more than it took."""
        differences = self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01")
        self.assertEqual([row for row in differences if row["order_uuid"] == order["id"]], [])
        payments = self.env["fynlo.payment"].search([("order_id.uuid", "=", order["id"])])
        for payment in payments:
            self.assertLessEqual(payment.refunded + payment.owed, payment._charged())
