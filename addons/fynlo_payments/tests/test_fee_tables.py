"""Fee schedules and surcharge rules: which row decides where and when, and who may change one."""

from datetime import date

from odoo.addons.fynlo_pos_core.tests.common import use_test_settings
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from ..models.fee_quote import Wish


class FeeCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)
        cls.company = cls.env["res.company"].create({"name": "Fee House"})
        cls.location = (
            cls.env["pos.config"]
            .with_company(cls.company)
            .create({"name": "Fee Bar", "company_id": cls.company.id, "payment_method_ids": []})
        )
        cls.fees = cls.env["fynlo.fees"]

    def trade(self, country, state=None, currency=None):
        """Move the company; ``state`` is the code of one of the country's."""
        land = self.env.ref(f"base.{country}")
        states = self.env["res.country.state"].search([("country_id", "=", land.id), ("code", "=", state)])
        self.company.write({"country_id": land.id, "state_id": states.id if state else False})
        self.company.currency_id = self.env.ref(f"base.{currency}") if currency else self.company.currency_id

    def permission(self, method="stripe", funding="credit", day=date(2026, 11, 24)):
        rules = self.env["fynlo.surcharge.rule"]._of_country(self.company.country_id, day)
        return rules._permission(self.company.state_id, method, funding)


@tagged("post_install", "-at_install")
class TestSurchargeLaw(FeeCase):
    def test_consumers_in_europe_are_never_charged_more(self):
        for country in ("uk", "fr", "de", "ie"):
            self.trade(country)
            for funding in ("credit", "debit", "prepaid", "unknown"):
                for method in ("stripe", "open_banking", "apple_pay"):
                    with self.subTest(f"{country} {funding} {method}"):
                        permission = self.permission(method, funding)
                        self.assertFalse(permission.allowed)
                        self.assertTrue(permission.rule_uuid, "it is told which rule decided")
        self.trade("uk")
        commercial = self.permission(funding="commercial")
        self.assertTrue(commercial.allowed)
        self.assertEqual((commercial.limit.cap_bps, commercial.limit.platform_too), (None, False))

    def test_states_of_the_us(self):
        allowed = {"TX": 300, "CO": 200, "NY": 300, "NJ": 300, "NV": 300, "SD": 300}
        for state, cap in allowed.items():
            with self.subTest(state):
                self.trade("us", state)
                self.assertEqual(self.permission().limit.cap_bps, cap)
                self.assertFalse(self.permission().limit.platform_too, "Fynlo's fee is no cost of the card")
                for funding in ("debit", "prepaid", "unknown"):
                    self.assertFalse(self.permission(funding=funding).allowed)
        for state in ("CT", "ME", "MA", "CA", "PR", None):
            with self.subTest(str(state)):
                self.trade("us", state)
                self.assertFalse(self.permission().allowed)

    def test_a_rule_counts_from_its_day_on_and_none_means_no(self):
        self.trade("us", "TX")
        self.assertFalse(self.permission(day=date(2023, 4, 14)).allowed)
        self.assertTrue(self.permission(day=date(2023, 4, 15)).allowed)
        self.trade("jp")
        self.assertEqual((self.permission().allowed, self.permission().rule_id), (False, None))

    def test_the_setting_is_refused_where_the_law_forbids(self):
        self.trade("fr")
        with self.assertRaises(ValidationError):
            self.location.fynlo_pass_fees = True
        self.trade("us", "TX")
        self.location.fynlo_pass_fees = True

    def test_the_law_is_asked_again_with_every_charge(self):
        """A location that moved keeps its setting, but passes nothing on."""
        self.trade("us", "TX", "USD")
        self.location.fynlo_pass_fees = True
        wish = Wish(2000, funding="credit")
        priced = self.fees._quote(self.location, "stripe", wish)
        self.assertEqual((priced.quote.fee_line, priced.quote.charge), (60, 2060))
        declined = Wish(2000, funding="credit", pass_fee=False)
        self.assertEqual(self.fees._quote(self.location, "stripe", declined).quote.fee_line, 0)
        self.trade("fr")
        self.assertEqual(self.fees._quote(self.location, "stripe", wish).quote.fee_line, 0)
        self.trade("us", "TX")
        self.location.fynlo_pass_fees = False
        self.assertEqual(self.fees._quote(self.location, "stripe", wish).quote.fee_line, 0, "no till switches it on")


@tagged("post_install", "-at_install")
class TestFeeSchedules(FeeCase):
    def add(self, **values):
        return self.env["fynlo.fee.schedule"].create({"method": "stripe", "valid_from": "2021-01-01", **values})

    def deciding(self, day=date(2026, 11, 24), channel="in_person", card="credit"):
        schedules = self.env["fynlo.fee.schedule"]._in_force(self.location, ["stripe"], day)
        return schedules._deciding("stripe", channel, card)

    def test_defaults(self):
        self.trade("uk", currency="GBP")
        bank = self.fees._quote(self.location, "open_banking", Wish(1234)).quote
        card = self.fees._quote(self.location, "stripe", Wish(1234)).quote
        cash = self.fees._quote(self.location, "cash", Wish(1234)).quote
        self.assertEqual(
            [(one.provider_fee, one.platform_fee) for one in (bank, card, cash)], [(2, 12), (66, 12), (0, 0)]
        )

    def test_the_most_exact_decides(self):
        self.trade("uk", currency="GBP")
        default = self.deciding()
        self.assertEqual((default.provider_ppm, default.fixed), (29000, 30))
        pound = self.env.ref("base.GBP").id
        debit = self.add(currency_id=pound, card_type="debit", provider_ppm=14000, fixed=20)
        self.assertEqual((self.deciding(), self.deciding(card="debit")), (default, debit))
        own = self.add(company_id=self.company.id, provider_ppm=15000)
        later = self.add(company_id=self.company.id, provider_ppm=16000, valid_from="2026-11-25")
        self.assertEqual(self.deciding(card="debit"), own)
        self.assertEqual(self.deciding(day=date(2026, 11, 25)), later)
        own.active = False
        self.assertEqual(self.deciding(), default)
        other = self.env["res.company"].create({"name": "Somebody else"})
        self.add(company_id=other.id, provider_ppm=1)
        self.assertEqual(self.deciding(), default, "another company's contract is not ours")

    def test_unknown_and_out_of_range(self):
        self.trade("jp", currency="JPY")
        with self.assertRaises(UserError) as refused:
            self.fees._quote(self.location, "stripe", Wish(1000))
        self.assertEqual(refused.exception.code, "fee_unknown")
        self.trade("uk", currency="GBP")
        for bill, fits in ((29, False), (30, True), (99_999_999, True), (100_000_000, False)):
            priced = self.fees._quotes(self.location, ["stripe"], Wish(bill))["stripe"]
            self.assertEqual(priced.out_of_range, not fits, bill)

    def test_broken_rows_are_refused(self):
        pound = self.env.ref("base.GBP").id
        for values in (
            {"provider_ppm": -1},
            {"provider_ppm": 500_001},
            {"fixed": 30},
            {"fixed": -1, "currency_id": pound},
            {"least": 5, "most": 4, "currency_id": pound},
            {"method": "Stripe!"},
        ):
            refused = self.assertRaises(IntegrityError)
            with self.subTest(str(values)), mute_logger("odoo.sql_db"), refused, self.cr.savepoint():
                self.add(**values)
        self.add(company_id=self.company.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.add(company_id=self.company.id)

    def test_who_may_and_what_the_audit_log_tells(self):
        users = {
            role: self.env["res.users"].create(
                {
                    "name": role,
                    "login": f"fees-{role}",
                    "group_ids": [(4, self.env.ref(f"fynlo_pos_core.group_{role}").id)],
                    "company_ids": [(4, self.company.id)],
                    "company_id": self.company.id,
                }
            )
            for role in ("cashier", "manager", "owner")
        }
        schedule = self.add(company_id=self.company.id)
        rule = self.env.ref("fynlo_payments.surcharge_gb")
        for record in (schedule, rule):
            record.with_user(users["manager"]).read(["valid_from"])
            with self.assertRaises(AccessError):
                record.with_user(users["cashier"]).read(["valid_from"])
            with self.assertRaises(AccessError):
                record.with_user(users["owner"]).write({"active": False})
            with self.assertRaises(UserError):
                record.unlink()
        other = self.env["res.company"].create({"name": "Somebody else"})
        theirs = self.add(company_id=other.id)
        with self.assertRaises(AccessError):
            theirs.with_user(users["owner"]).read(["provider_ppm"])
        schedule.provider_percent = 1.75
        self.assertEqual(schedule.provider_ppm, 17_500)
        self.cr.precommit.run()
        entry = self.env["fynlo.audit.log"].search([("action", "=", "fee_schedule.changed")], limit=1)
        self.assertEqual(entry.resource_id, schedule.fynlo_uuid)
        self.assertIn("17500", entry.after)
        self.assertNotIn("17500", entry.before)

    def test_more_tenders_need_no_more_queries(self):
        self.trade("uk", currency="GBP")
        one, five = ["cash"], ["cash", "stripe", "open_banking", "apple_pay", "gift_card"]
        self.fees._quotes(self.location, five, Wish(1000))
        self.assertEqual(self.queries(five), self.queries(one))

    def queries(self, methods):
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.fees._quotes(self.location, methods, Wish(1000))
        return self.cr.sql_log_count - before
