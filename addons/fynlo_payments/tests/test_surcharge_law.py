"""Wherever a restaurant is and whatever card is shown: a guest is charged a fee only where a rule of the law says so."""

import random
from unittest.mock import patch

from odoo.tests import tagged

from ..models import fee_quote
from .outside_money import OutsideMoney

PLACES = [("uk", None), ("fr", None), ("de", None), ("us", "TX"), ("us", "CO"), ("us", "NY"), ("us", "CT"), ("us", "MA"),
          ("us", "CA"), ("us", None), ("pr", None), ("jp", None), ("ca", None)]  # fmt: skip
CARDS = ["credit", "debit", "prepaid", "commercial", "unknown"]


@tagged("post_install", "-at_install")
class TestSurchargeLawOfPayments(OutsideMoney):
    def setUp(self):
        super().setUp()
        cards = patch.object(fee_quote, "CARD_TENDERS", frozenset({"open_banking"}))
        cards.start()
        self.addCleanup(cards.stop)
        self.env["fynlo.fee.schedule"].create(
            {"method": "open_banking", "company_id": self.company.id, "currency_id": self.location.currency_id.id,
             "provider_ppm": 29_000, "fixed": 30, "platform_ppm": 10_000}
        )  # fmt: skip

    def trade(self, country, state):
        """Move the company; the setting stays on, as it was lawful when it was made."""
        land = self.env.ref(f"base.{country}")
        states = self.env["res.country.state"].search([("country_id", "=", land.id), ("code", "=", state)])
        self.company.write({"country_id": land.id, "state_id": states.id if state else False})

    def charged(self, told, shown, **values):
        """A payment of a pizza with a card that the till took for ``told`` and the provider for ``shown``."""
        order = self.place(self.line(self.menu.pizza))
        payment = self.send(order, 1000, complete=True, funding=told, **values)
        if payment.manual_capture:
            self.conclude(payment, "authorised", card={"brand": "visa", "last4": "4242", "funding": shown})
            whole = payment._charged()
            self.conclude(payment, amount=whole, amount_captured=payment.capture_amount)
        else:
            self.conclude(payment, card={"brand": "visa", "last4": "4242", "funding": shown})
        self.assertEqual(payment.state, "captured")
        return payment

    def test_only_where_a_rule_says_so(self):
        self.trade("us", "TX")
        self.location.fynlo_pass_fees = True
        chance, seen = random.Random(4), set()
        for place in PLACES * 3:
            told, shown, wished = chance.choice(CARDS), chance.choice(CARDS), chance.random() < 0.9
            if chance.random() < 0.5:
                shown = told
            with self.subTest(place=place, told=told, shown=shown, wished=wished):
                self.trade(*place)
                payment = self.charged(told, shown, pass_fee=wished, tip=self.gbp(chance.choice([0, 100])))
                self.check(payment, shown, wished)
                seen.add(bool(payment.surcharge))
        self.assertEqual(seen, {True, False}, "the places hold both")

    def check(self, payment, shown, wished):
        rule, bill = payment.fee_rule_id, payment.amount + payment.tip
        receipt = self.env["fynlo.receipt"]._document(self.identity(), payment.order_id.uuid)
        self.assertEqual(receipt["totals"]["surcharge"]["amount"], payment.surcharge)
        page = self.env["fynlo.receipt"]._html(receipt, self.location.id)
        self.assertEqual("Card fee" in page, bool(payment.surcharge))
        if not payment.surcharge:
            return
        self.assertTrue(wished and rule.allowed)
        self.assertIn(rule.funding, (shown, "any"))
        self.assertEqual(rule.country_id, self.company.country_id)
        self.assertLessEqual(payment.surcharge, payment.fee - payment.application_fee, "never above the cost")
        if rule.capped:
            self.assertLessEqual(payment.surcharge, bill * rule.cap_bps // 10_000)

    def test_switched_off(self):
        self.trade("us", "TX")
        self.assertEqual(self.charged("credit", "credit").surcharge, 0)

    def test_a_credit_card_in_texas(self):
        """That the fee line can be there at all: 3 % of the bill with its tip."""
        self.trade("us", "TX")
        self.location.fynlo_pass_fees = True
        self.assertEqual(self.charged("credit", "credit", tip=self.gbp(100)).surcharge, 33)
        self.assertEqual(self.charged("credit", "debit").surcharge, 0)
        self.assertEqual(self.charged("debit", "credit").surcharge, 0, "the till did not ask for it")
