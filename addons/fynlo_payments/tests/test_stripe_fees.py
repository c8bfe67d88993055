"""Card fees with Stripe itself on the line (simulated, in its own protocol): what is authorised, captured and given back."""

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from simulators.stripe import intents

from .stripe_shop import StripeCase


@tagged("post_install", "-at_install")
class TestStripeFees(StripeCase):
    def setUp(self):
        super().setUp()
        land = self.env.ref("base.us")
        texas = self.env["res.country.state"].search([("country_id", "=", land.id), ("code", "=", "TX")])
        self.company.write({"country_id": land.id, "state_id": texas.id})
        self.location.fynlo_pass_fees = True
        self.env.flush_all()

    def paid(self, card, minor=6000, **values):
        """A payment with what the till takes for a credit card; its charge at Stripe."""
        order = self.place(10)
        answer = self.pay(order, minor, method="stripe", funding="credit", details={"payment_method": card}, **values)
        self.assertEqual((answer.status_code, answer.json()["state"]), (201, "captured"), answer.text)
        self.assertBooked(order, answer.json()["tendered"]["amount"])
        (charge,) = self.charged()
        return answer.json(), charge

    def test_a_credit_card_is_charged_the_fee(self):
        payment, charge = self.paid("pm_card_visa")
        self.assertEqual((charge["amount"], charge["amount_captured"]), (6180, 6180))
        self.assertEqual((payment["surcharge"], payment["order"]["totals"]["due"]), (self.money(180), self.money(0)))
        self.assertEqual(charge["application_fee_amount"], 60)

    def test_a_debit_card_is_not(self):
        """It was authorised for more, and captured without."""
        payment, charge = self.paid("pm_card_visa_debit")
        self.assertEqual((charge["amount"], charge["amount_captured"]), (6180, 6000))
        self.assertEqual((payment["surcharge"], payment["amount"]), (self.money(0), self.money(6000)))
        self.assertEqual(self.attempt(payment).fee_rule_id, self.env.ref("fynlo_payments.surcharge_us_debit"))

    def test_where_payments_are_held_nobody_is_charged_more(self):
        self.location.fynlo_stripe_capture = "manual"
        self.env.flush_all()
        answer = self.pay(
            self.place(10), 6000, method="stripe", funding="credit", details={"payment_method": "pm_card_visa"}
        )
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "authorised"))
        self.assertEqual(answer.json()["surcharge"], self.money(0))

    def test_a_card_that_has_to_be_confirmed(self):
        """The bank asks the guest first; the fee is settled when the outcome is looked at."""
        answer = self.pay(
            self.place(10), 6000, method="stripe", funding="credit",
            details={"payment_method": "pm_card_threeDSecure2Required"},
        )  # fmt: skip
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "action_required"))
        (intent,) = self.books.kept["payment_intent"].values()
        with self.server.request():
            intents.authenticate(self.books, intent, True)
        self.done("POST", f"/payments/{answer.json()['id']}:refresh", key=False)
        (charge,) = self.charged()
        attempt = self.attempt(answer.json())
        self.assertEqual((attempt.state, attempt.surcharge, charge["amount_captured"]), ("captured", 180, 6180))

    def test_given_back_with_the_fee(self):
        payment, charge = self.paid("pm_card_visa", complete=True)
        body = {"id": uuid7(), "reason": "Cold", "amount": self.money(2000)}
        answer = self.done("POST", f"/orders/{payment['order_id']}/refunds", body)
        self.assertEqual(answer["refunds"][0]["amount"], self.money(2060))
        self.assertEqual(charge["amount_refunded"], 2060)
