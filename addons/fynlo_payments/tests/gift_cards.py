"""A shop that sells and takes gift cards, for tests."""

from odoo import Command
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from ..controllers.gift_cards import CreditShape, GiftCardShape
from .test_refunds import Refunding

CODE = "TEST-7K2M-Q9TX"


class GiftCards(Refunding):
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
        cls.card_product = cls.product(
            "Gift card 25", 25.0, cls.env["account.tax"], type="service", fynlo_gift_card=True
        )
        cls.guest = cls.env["res.partner"].create({"name": "Greta", "company_id": cls.company.id})
        cls.env.flush_all()
        cls.env.cr.flush()
        cls.service = cls.env["fynlo.stored.value.service"]

    def issue(self, *, code=CODE, employee=None, **values):
        wish = parse(GiftCardShape, to_json({"id": uuid7(), "code": code, **values}))
        return self.service._issue(self.identity(employee or self.cashier), wish)

    def give(self, minor, *, code=CODE, **values):
        """A card that a manager gave away."""
        return self.issue(code=code, employee=self.manager, amount=self.gbp(minor), reason="Sorry", **values)

    def sold_card(self, quantity="1"):
        """A completed order of gift cards."""
        order = self.place(self.line(self.card_product, quantity))
        return self.pay(order, order["totals"]["due"]["amount"], complete=True)["order"]

    def credit(self, minor):
        wish = parse(CreditShape, to_json({"amount": self.gbp(minor), "reason": "Sorry"}))
        return self.service._grant_credit(self.identity(self.manager), self.guest.fynlo_uuid, wish)

    def spend(self, order, minor, *, code=CODE, **values):
        return self.pay(order, minor, method="gift_card", details={"code": code}, **values)

    def balance(self, code=CODE):
        return self.service._look_up(self.identity(), code)["balance"]["amount"]

    def assertRefused(self, expected, call, *args, **kwargs):
        """The problem with which the call is refused; what it did is undone."""
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, expected)
        return caught.exception

    def add_up(self):
        """Have the database check every balance against its ledger, as it does at commit."""
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
