"""Payments with a tender outside this server, for tests of what becomes of the money; nobody is really asked."""

from ..providers.connection import ProviderState
from .bank import answer_for_banks
from .trading_day import TradingDay


class OutsideMoney(TradingDay):
    """The location's card method books bank payments; its provider says what a test wants it to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.location.payment_method_ids.filtered(lambda method: not method.is_cash_count)
        cls.bank.fynlo_provider = "open_banking"

    def setUp(self):
        super().setUp()
        answer_for_banks(self, lambda: None)

    def send(self, order, minor, **values):
        """A payment that is on its way; its record."""
        sent = self.pay(order, minor, method="open_banking", **values)
        return self.env["fynlo.payment"].search([("fynlo_uuid", "=", sent["id"])])

    def conclude(self, payment, state="captured", **values):
        """Let the provider say what became of it; the payment's document with the order's beside it."""
        charged = payment._charged()
        captured = charged if state == "captured" else 0
        said = {"amount": charged, "amount_captured": captured, "currency": "GBP", **values}
        said = ProviderState(state, f"bank-{payment.id}", **said)
        concluded = self.env["fynlo.payment.service"]._conclude(payment.id, said)
        self.env.cr.flush()
        return concluded

    def pay_by_bank(self, order, minor, **values):
        return self.conclude(self.send(order, minor, **values))
