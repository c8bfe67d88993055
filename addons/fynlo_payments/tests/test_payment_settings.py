"""The settings of payment methods: what a location takes, and how far its drawer may be off."""

from odoo.addons.fynlo_pos_core.tests.test_settings_api import SettingsCase
from odoo.tests import tagged

PATH = "/settings/payment_methods"


@tagged("post_install", "-at_install")
class TestPaymentSettings(SettingsCase):
    def test_what_the_location_takes(self):
        told = self.section("payment_methods")
        cash = self.location.payment_method_ids.filtered("is_cash_count")
        anywhere = {"channel": "any", "minimum": None, "maximum": None}
        self.assertEqual(told["methods"], [{"method": "cash", "name": cash.name, **anywhere}])
        self.assertEqual(told["available"], ["cash"])
        self.assertEqual(self.snapshot().json()["payment_methods"], told)
        cash.name = "Coins and notes"
        self.assertEqual(self.snapshot().json()["payment_methods"]["methods"][0]["name"], "Coins and notes")
        elsewhere = f"?location_id={self.other_location.fynlo_uuid}"
        self.assertNotEqual(self.section("payment_methods", self.owner, elsewhere)["methods"], told["methods"])

    def test_how_far_the_drawer_may_be_off(self):
        currency = self.location.currency_id.name
        limit = {"amount": 1234, "currency": currency}
        told = self.change("payment_methods", {"cash_difference_limit": limit}, token=self.manager)
        self.assertEqual(told["cash_difference_limit"], limit)
        self.assertEqual(self.location.fynlo_over_short_limit, 12.34)
        self.assertEqual(self.news()[0][0], f"l.{self.location.fynlo_uuid}.till")

    def test_how_long_pay_links_last(self):
        self.assertEqual(self.section("payment_methods")["pay_link_minutes"], 15)
        told = self.change("payment_methods", {"pay_link_minutes": 5}, token=self.manager)
        self.assertEqual((told["pay_link_minutes"], self.location.fynlo_pay_link_minutes), (5, 5))
        for minutes in (1, 121, 5.5, "5", None):
            with self.subTest(minutes):
                answer = self.api("PATCH", PATH, {"pay_link_minutes": minutes}, token=self.owner)
                self.assertProblem(answer, "validation_failed", 422)
        self.assertEqual(self.location.fynlo_pay_link_minutes, 5)

    def test_bad_input(self):
        currency = self.location.currency_id.name
        for limit, field in (
            ({"amount": 100, "currency": "XTS"}, "cash_difference_limit.currency"),
            ({"amount": -100, "currency": currency}, None),
            ({"amount": 1.5, "currency": currency}, "cash_difference_limit.amount"),
            (5, "cash_difference_limit"),
        ):
            with self.subTest(str(limit)):
                answer = self.api("PATCH", PATH, {"cash_difference_limit": limit}, token=self.owner)
                problem = self.assertProblem(answer, "validation_failed", 422)
                if field:
                    self.assertEqual([error["field"] for error in problem["errors"]], [field])
        self.assertEqual(self.location.fynlo_over_short_limit, 5)
        answer = self.api("PATCH", PATH, {"methods": []}, token=self.owner)
        self.assertProblem(answer, "validation_failed", 422)

    def test_who_may(self):
        body = {"cash_difference_limit": {"amount": 1, "currency": self.location.currency_id.name}}
        self.assertProblem(self.api("PATCH", PATH, body), "token_missing", 401)
        self.assertProblem(self.api("PATCH", PATH, body, token=self.sign_in("supervisor")), "permission_denied", 403)
        self.assertProblem(self.api("GET", PATH, token=self.sign_in("cashier")), "permission_denied", 403)
        elsewhere = f"{PATH}?location_id={self.other_location.fynlo_uuid}"
        self.assertProblem(self.api("PATCH", elsewhere, body, token=self.manager), "not_found", 404)
        self.assertEqual(self.location.fynlo_over_short_limit, 5)
