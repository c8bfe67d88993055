"""A provider that tests script: it keeps legs by their key, as real ones do, and answers what it is told to."""

from dataclasses import replace
from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from ..models.payment_recovery import recover
from ..providers.connection import Health, ProviderState, RefundState


class ScriptedConnection:
    """Fulfils ``Connection``. ``legs`` holds what was really asked for, by key; ``calls`` the names of all calls.

    ``answers`` are taken one a call: a state's name, a :class:`ProviderState`, or an exception to raise.
    ``executed`` tells whether a call that raises had done its work before.
    """

    account, livemode = None, False

    def __init__(self):
        self.legs, self.calls, self.answers, self.executed = {}, [], [], True
        self.refunds = {}
        self.funding = "credit"

    def create(self, leg):  # pylint: disable=method-required-super
        self.calls.append("create")
        self.details = leg.details
        answer = self.answers.pop(0) if self.answers else "captured"
        if isinstance(answer, Exception):
            if self.executed:
                self._keep(leg, "captured")
            raise answer
        return self._keep(leg, answer)

    def fetch(self, leg):
        self.calls.append("fetch")
        return self._told(leg.key)

    def find_by_key(self, leg):
        self.calls.append("find_by_key")
        return self._told(leg.key) if leg.key in self.legs else None

    def capture(self, leg, amount):
        self.calls.append(f"capture {amount}")
        self.legs[leg.key] = replace(self.legs[leg.key], state="captured", amount_captured=amount)
        return self._told(leg.key)

    def cancel(self, leg):
        self.calls.append("cancel")
        known = self.legs[leg.key]
        if known.state not in {"captured", "failed"}:
            self.legs[leg.key] = replace(known, state="cancelled")
        return self._told(leg.key)

    def refund(self, refund):
        self.calls.append(f"refund {refund.amount}")
        return self.refunds.setdefault(
            refund.key, RefundState("succeeded", f"re_{refund.uuid[-12:]}", amount=refund.amount)
        )

    def fetch_refund(self, refund):
        return self.refunds[refund.key]

    def find_refund_by_key(self, refund):
        return self.refunds.get(refund.key)

    def read_notification(self, method, path, headers, body, now):
        return []

    def health(self):
        return Health(True)

    def becomes(self, state, **values):
        """Let the only leg move on at the provider."""
        ((key, known),) = self.legs.items()
        captured = known.amount if state == "captured" else 0
        self.legs[key] = replace(known, **{"state": state, "amount_captured": captured, "action": None, **values})

    def _keep(self, leg, answer):
        if leg.key not in self.legs:
            said = answer if isinstance(answer, ProviderState) else ProviderState(answer)
            captured = leg.amount if said.state == "captured" else 0
            self.legs[leg.key] = replace(
                said,
                reference=said.reference or f"pi_{leg.uuid[-12:]}",
                amount=leg.amount if said.amount is None else said.amount,
                amount_captured=said.amount_captured or captured,
                currency=said.currency or leg.currency,
                card={"brand": "visa", "last4": "4242", "funding": self.funding},
            )
        return self._told(leg.key)

    def _told(self, key):
        if self.answers and isinstance(self.answers[0], Exception):
            raise self.answers.pop(0)
        return self.legs[key]


def answer_for_banks(case, connection):
    """For the length of a test ``connection()`` is what every location's bank payments are made with."""
    provider = type(case.env["fynlo.provider.open_banking"])
    case.enterContext(patch.object(provider, "_connection", lambda _provider, _location: connection()))


class OutsideCase(ApiCase):
    """A location that takes cash, gift cards, a card machine and bank payments by a scripted provider, ``self.bank``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        journals = cls.env["account.journal"]
        drawer = journals.create({"name": "Drawer", "type": "cash", "code": uuid7()[-5:]})
        bank = journals.create({"name": "Bank", "type": "bank", "code": uuid7()[-5:]})
        tip = cls.env["product.product"].create({"name": "Tip", "type": "service", "taxes_id": False})
        methods = cls.env["pos.payment.method"].create(
            [
                {"name": "Cash", "journal_id": drawer.id},
                {"name": "By bank", "journal_id": bank.id, "fynlo_provider": "open_banking"},
                {"name": "Card machine", "journal_id": bank.id, "fynlo_provider": "manual"},
                {"name": "Gift card", "fynlo_provider": "gift_card"},
            ]
        )
        cls.location.write(
            {"payment_method_ids": [Command.set(methods.ids)], "iface_tipproduct": True, "tip_product_id": tip.id}
        )
        cls.dish = cls.env["product.product"].create(
            {"name": "Soup", "list_price": 6.0, "available_in_pos": True, "type": "consu", "taxes_id": False}
        )

    def setUp(self):
        super().setUp()
        self.bank = ScriptedConnection()
        answer_for_banks(self, lambda: self.bank)
        self.manager, self.cashier = self.sign_in("manager"), self.sign_in("cashier")
        self.done("POST", "/till-sessions", {"id": uuid7(), "float": self.money(0)})

    def currency(self):
        return self.location.currency_id.name

    def money(self, minor):
        return {"amount": minor, "currency": self.currency()}

    def done(self, method, path, body=None, *, status=None, token=None, **kwargs):
        response = self.api(method, path, body, token=token or self.manager, **kwargs)
        self.assertIn(response.status_code, [status] if status else [200, 201, 202], response.text)
        return response.json()

    def place(self, dishes=2):
        body = {"id": uuid7(), "lines": [{"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": str(dishes)}]}
        return self.done("POST", "/orders", body, status=201, token=self.cashier)

    def wish(self, minor, **values):
        return {"id": uuid7(), "method": "open_banking", "amount": self.money(minor), **values}

    def pay(self, order, minor, *, key=None, body=None, **values):
        """The response to a payment by bank."""
        body = body or self.wish(minor, **values)
        return self.api("POST", f"/orders/{order['id']}/payments", body, token=self.cashier, key=key or uuid7())

    def order(self, order):
        return self.done("GET", f"/orders/{order['id']}")

    def attempt(self, payment):
        self.env.invalidate_all()
        return self.env["fynlo.payment"].search([("fynlo_uuid", "=", payment["id"])])

    def look(self, payment):
        """What the recovery job does with the payment when its turn comes."""
        recover(self.registry, self.attempt(payment).id)
        return self.attempt(payment)

    def assertBooked(self, order, minor):
        """The order, Odoo's rows, the ledger and the provider agree on what was paid."""
        placed = self.order(order)
        self.assertEqual(placed["totals"]["paid"], self.money(minor))
        self.assertEqual(placed["totals"]["reserved"], self.money(0))
        row = self.env["pos.order"].search([("uuid", "=", order["id"])])
        digits = self.location.currency_id.decimal_places
        self.assertEqual(round(sum(row.payment_ids.mapped("amount")) * 10**digits), minor)
        differences = self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01")
        mine = [row for row in differences if row["order_uuid"] == order["id"]]
        self.assertEqual(mine, [])
