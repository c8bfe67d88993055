"""Fees of payments that a provider takes: what was decided is kept, charged, booked, earned and given back."""

from unittest.mock import patch

from odoo import Command
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..models import fee_quote
from ..providers.connection import ProviderUnavailable, RefundState
from .bank import OutsideCase


class FeeCase(OutsideCase):
    """A location in Texas whose scripted provider costs what a card does: 2.9 % and 30 minor units, and 1 % for us."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schedule = cls.env["fynlo.fee.schedule"].create(
            {
                "method": "open_banking",
                "company_id": cls.company.id,
                "currency_id": cls.location.currency_id.id,
                "provider_ppm": 29_000,
                "fixed": 30,
                "platform_ppm": 10_000,
            }
        )

    def setUp(self):
        super().setUp()
        self.trade("us", "TX")
        self.location.fynlo_pass_fees = True
        cards = patch.object(fee_quote, "CARD_TENDERS", frozenset({"open_banking"}))
        cards.start()
        self.addCleanup(cards.stop)

    def trade(self, country, state=None):
        """Move the company, with the currency that the fees of the tests are in."""
        land = self.env.ref(f"base.{country}")
        states = self.env["res.country.state"].search([("country_id", "=", land.id), ("code", "=", state)])
        self.company.write({"country_id": land.id, "state_id": states.id if state else False})
        self.env.flush_all()

    def taken(self, order, minor, **values):
        """The payment, captured."""
        response = self.pay(order, minor, **values)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def kept(self, payment):
        """(fee, Fynlo's part, surcharge) of a payment, and the rule that decided."""
        attempt = self.attempt(payment)
        return (attempt.fee, attempt.application_fee, attempt.surcharge), attempt.fee_rule_id

    def earned(self, payment):
        rows = self.env["fynlo.fee.revenue"].search([("payment_id.fynlo_uuid", "=", payment["id"])], order="id")
        return [(row.kind, row.fee) for row in rows]


@tagged("post_install", "-at_install")
class TestChargedFees(FeeCase):
    def test_a_consumer_in_the_uk_is_never_charged_more(self):
        """Whatever the setting, the till and the card say; the fees are the restaurant's and are kept."""
        self.trade("uk")
        rule = self.env.ref("fynlo_payments.surcharge_gb")
        for funding in ("credit", "debit", "prepaid", "unknown"):
            with self.subTest(funding):
                order = self.place(10)
                payment = self.taken(order, 6000, funding=funding, pass_fee=True, tip=self.money(500))
                kept, by = self.kept(payment)
                self.assertEqual((kept, by), ((279, 60, 0), rule))
                (leg,) = [leg for leg in self.bank.legs.values() if leg.reference == payment["provider"]["reference"]]
                self.assertEqual(leg.amount, 6500)
                self.assertEqual(payment["order"]["totals"]["surcharge"], self.money(0))
                self.assertBooked(order, 6500)

    def charged(self, minor=6000, *, told="credit", **values):
        """A payment that the provider authorises before it is captured."""
        self.bank.answers = ["authorised"]
        return self.taken(self.place(10), minor, funding=told, **values)

    def test_a_credit_card_where_it_is_allowed(self):
        """Up to the cap of 3 %, and only what the provider costs."""
        payment = self.charged()
        kept, rule = self.kept(payment)
        self.assertEqual((kept, rule), ((269, 60, 180), self.env.ref("fynlo_payments.surcharge_us_credit")))
        self.assertEqual(self.bank.calls, ["create", "capture 6180"])
        self.assertEqual((payment["surcharge"], payment["tendered"]), (self.money(180), self.money(6180)))
        totals = payment["order"]["totals"]
        self.assertEqual(
            [totals[name]["amount"] for name in ("total", "surcharge", "paid", "due")], [6000, 180, 6180, 0]
        )
        self.assertBooked({"id": payment["order_id"]}, 6180)
        self.assertEqual(self.earned(payment), [("accrued", 60)])

    def test_the_provider_knows_the_card_better(self):
        """A debit card is charged nothing, whatever the till took it for."""
        self.bank.funding = "debit"
        payment = self.charged(tip=self.money(1000))
        kept, rule = self.kept(payment)
        self.assertEqual((kept, rule), ((293, 60, 0), self.env.ref("fynlo_payments.surcharge_us_debit")))
        self.assertEqual(self.bank.calls, ["create", "capture 7000"])
        self.assertEqual(payment["order"]["totals"]["surcharge"], self.money(0))
        receipt = self.done("GET", f"/orders/{payment['order_id']}/receipt")
        self.assertEqual(
            (receipt["totals"]["surcharge"], receipt["totals"]["to_pay"]), (self.money(0), self.money(7000))
        )
        self.assertBooked({"id": payment["order_id"]}, 7000)

    def test_a_card_that_nobody_knows(self):
        order = self.place(10)
        payment = self.taken(order, 6000)
        self.assertEqual(self.kept(payment)[0], (264, 60, 0))
        self.assertEqual(self.bank.calls, ["create"])

    def test_the_guest_refuses(self):
        payment = self.taken(self.place(10), 6000, funding="credit", pass_fee=False)
        self.assertEqual(self.kept(payment)[0], (264, 60, 0))

    def test_states_differ(self):
        for state, surcharge in (("CO", 120), ("CT", 0), ("MA", 0), ("NY", 180)):
            with self.subTest(state):
                self.trade("us", state)
                self.bank.answers = ["authorised"] if surcharge else []
                payment = self.taken(self.place(10), 6000, funding="credit")
                self.assertEqual(self.kept(payment)[0][2], surcharge)

    def test_a_capture_that_does_not_come_through(self):
        """The card is authorised and the surcharge decided; the recovery job captures just that."""
        with patch.object(type(self.bank), "capture", side_effect=ProviderUnavailable("provider_unavailable")):
            self.bank.answers = ["authorised"]
            response = self.pay(self.place(10), 6000, funding="credit")
        self.assertEqual((response.status_code, response.json()["state"]), (202, "authorised"))
        attempt = self.look(response.json())
        self.assertEqual((attempt.state, attempt.surcharge), ("captured", 180))
        self.assertBooked({"id": response.json()["order_id"]}, 6180)

    def test_captured_later_carries_no_surcharge(self):
        """It may be captured in part, and Fynlo's share is of what was."""
        self.bank.answers = ["authorised"]
        response = self.pay(self.place(10), 6000, funding="credit", details={"manual_capture": True})
        self.assertEqual((response.status_code, self.attempt(response.json()).surcharge), (202, 0))
        seen = []
        capture = type(self.bank).capture

        def captured(bank, leg, amount):
            seen.append(leg.application_fee)
            return capture(bank, leg, amount)

        with patch.object(type(self.bank), "capture", captured):
            self.done("POST", f"/payments/{response.json()['id']}:capture", {"amount": self.money(2000)}, key=False)
        self.assertEqual((self.kept(response.json())[0], seen), ((108, 20, 0), [20]))
        self.assertEqual(self.earned(response.json()), [("accrued", 20)])

    def test_a_fee_product_that_is_taxed_on_top(self):
        """Nobody is charged more than the law was asked about; the payment goes on without."""
        tax = self.env["account.tax"].create(
            {"name": "On top", "amount": 8, "type_tax_use": "sale", "company_id": self.company.id}
        )
        product = self.env["product.product"].create({"name": "Fee", "type": "service", "taxes_id": False})
        self.location.fynlo_surcharge_product_id = product
        product.taxes_id = [Command.set(tax.ids)]
        tax.price_include_override = "tax_excluded"
        self.assertEqual(self.kept(self.taken(self.place(10), 6000, funding="credit"))[0][2], 0)

    def test_too_small_for_the_tender(self):
        self.schedule.least = 50
        response = self.pay(self.place(1), 49)
        self.assertProblem(response, "charge_out_of_range", 422)
        self.assertEqual(self.bank.calls, [])

    def test_no_fee_without_money(self):
        self.bank.answers = ["failed"]
        body = self.wish(6000, id=uuid7(), funding="credit")
        self.assertEqual(self.pay(self.place(10), 6000, body=body).status_code, 402)
        self.assertEqual(self.earned(body), [])

    def refunded(self, payment, **values):
        """The only refund of the payment's order that was asked for."""
        body = {"id": uuid7(), "reason": "Cold", **values}
        answer = self.done("POST", f"/orders/{payment['order_id']}/refunds", body, status=201)
        return answer["refunds"][0]

    def test_refunds_by_the_provider(self):
        """The guest's fee goes back in proportion, and Fynlo's with it; a refund that fails takes neither."""
        payment = self.charged(complete=True)
        third = self.refunded(payment, amount=self.money(2000))
        self.assertEqual((third["amount"], third["surcharge"]), (self.money(2060), self.money(60)))
        self.assertEqual(self.bank.calls[-1], "refund 2060")
        self.assertEqual(self.earned(payment), [("accrued", 60), ("returned", -20)])
        refund = self.env["fynlo.refund"].search([("fynlo_uuid", "=", third["id"])])
        self.env["fynlo.refund.service"]._conclude_refund(refund.id, RefundState("failed", amount=2060))
        self.env.flush_all()
        self.assertEqual(self.earned(payment)[2:], [("restored", 20)])
        again = self.done("POST", f"/refunds/{third['id']}:repeat", {"id": uuid7()}, status=201)["refunds"][0]
        self.assertEqual((again["amount"], again["surcharge"]), (self.money(2060), self.money(60)))
        rest = self.refunded(payment)
        self.assertEqual((rest["amount"], rest["surcharge"]), (self.money(4120), self.money(120)))
        self.assertEqual(sum(fee for _kind, fee in self.earned(payment)), 0)
        self.assertEqual(self.order({"id": payment["order_id"]})["payment"], "refunded")
        self.assertEqual(self.env["fynlo.ledger.check"]._differences(self.company.id, "1970-01-01"), [])

    def test_a_payment_of_an_open_order_taken_back(self):
        payment = self.charged()
        body = {"id": uuid7(), "reason": "In cash"}
        self.done("POST", f"/orders/{payment['order_id']}:rollback-payments", body)
        totals = self.order({"id": payment["order_id"]})["totals"]
        told = [totals[name]["amount"] for name in ("total", "surcharge", "paid", "due")]
        self.assertEqual((told, self.bank.calls[-1]), ([6000, 0, 0, 6000], "refund 6180"))
        self.assertEqual(self.earned(payment), [("accrued", 60), ("returned", -60)])
