"""Fees of payments that a provider takes: what was decided is kept, charged, booked, earned and given back."""

from odoo.tests import tagged

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
