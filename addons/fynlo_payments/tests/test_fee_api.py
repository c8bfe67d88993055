"""Fees and tips over HTTP: what tills are told, who may ask, and what is refused."""

from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.test_settings_api import SettingsCase
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers import fee_shapes as shapes
from .test_query_budgets import heard_requests

TENDERS = {"cash": "Cash", "stripe": "Card", "open_banking": "Pay by bank", "barter": "Barter"}


@tagged("post_install", "-at_install")
class TestFeeApi(SettingsCase):
    def setUp(self):
        super().setUp()
        self.company.write({"country_id": self.env.ref("base.uk").id, "state_id": False})
        self.company.currency_id = self.env.ref("base.GBP")
        self.token = self.sign_in("cashier")
        fees = self.env.registry["fynlo.fees"]
        for name, told in (("_tenders", lambda *_asked: dict(TENDERS)), ("_hindrances", lambda *_asked: {})):
            script = patch.object(fees, name, told)
            script.start()
            self.addCleanup(script.stop)
        self.currency = self.location.currency_id.name

    def money(self, minor):
        return {"amount": minor, "currency": self.currency}

    def ask(self, path, body, token=None):
        answer = self.api("POST", path, body, token=token or self.token, key=False)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def amounts(self, told, *names):
        return [told[name]["amount"] for name in names]

    def test_calculate(self):
        body = {"method": "stripe", "bill": self.money(4000), "tip": self.money(400)}
        told = self.ask("/payments/fees:calculate", body)
        shapes.FeeView.model_validate(told)
        names = ("charge", "surcharge", "provider_fee", "platform_fee", "cost", "net")
        self.assertEqual(self.amounts(told, *names), [4400, 0, 158, 40, 198, 4202])
        rule = self.env.ref("fynlo_payments.surcharge_gb")
        self.assertEqual(
            (told["surcharge_rule"]["allowed"], told["surcharge_rule"]["rule_id"]), (False, rule.fynlo_uuid)
        )

    def test_a_till_cannot_switch_a_surcharge_on(self):
        """Not even for a commercial card: the restaurant decides, and the law."""
        body = {"method": "stripe", "bill": self.money(10000), "funding": "commercial", "pass_fee": True}
        self.assertEqual(self.amounts(self.ask("/payments/fees:calculate", body), "surcharge"), [0])
        self.change("fees", {"pass_on": True})
        told = self.ask("/payments/fees:calculate", body)
        self.assertEqual(self.amounts(told, "surcharge", "provider_fee", "cost"), [330, 330, 100])
        declined = self.ask("/payments/fees:calculate", {**body, "pass_fee": False})
        self.assertEqual(self.amounts(declined, "surcharge"), [0])
        consumer = self.ask("/payments/fees:calculate", {**body, "funding": "credit"})
        self.assertEqual(self.amounts(consumer, "surcharge"), [0])

    def test_the_setting_where_the_law_forbids_it(self):
        self.company.country_id = self.env.ref("base.fr")
        answer = self.api("PATCH", "/settings/fees", {"pass_on": True}, token=self.owner)
        self.assertProblem(answer, "validation_failed", 422)
        self.assertFalse(self.section("fees")["pass_on"])

    def test_compare(self):
        told = self.ask("/payments/fees:compare", {"bill": self.money(1234)})
        shapes.ComparisonView.model_validate(told)
        ranks = [(one["method"], one["available"], one["saving"]["amount"]) for one in told["methods"]]
        self.assertEqual(
            ranks, [("cash", True, 78), ("open_banking", True, 64), ("stripe", True, 0), ("barter", False, 0)]
        )
        self.assertEqual(told["methods"][3]["reason"], "fee_unknown")
        tiny = self.ask("/payments/fees:compare", {"bill": self.money(29)})["methods"]
        self.assertEqual([one["reason"] for one in tiny if one["method"] == "stripe"], ["charge_out_of_range"])

    def test_no_fee_is_passed_on_where_the_pay_page_is_compared(self):
        self.change("fees", {"pass_on": True})
        body = {"bill": self.money(10000), "funding": "commercial"}

        def surcharge(**values):
            told = self.ask("/payments/fees:compare", {**body, **values})["methods"]
            return next(one["fee"]["surcharge"]["amount"] for one in told if one["method"] == "stripe")

        self.assertEqual((surcharge(), surcharge(channel="online")), (330, 0))

    def test_a_tender_that_often_fails_goes_behind(self):
        success = {"open_banking": 5000, "stripe": 9900}
        with patch.object(self.env.registry["fynlo.fees"], "_success", lambda _fees, _location: success):
            told = self.ask("/payments/fees:compare", {"bill": self.money(1234)})["methods"]
        self.assertEqual([one["method"] for one in told], ["cash", "stripe", "open_banking", "barter"])

    def test_the_banks_discount(self):
        discount = self.env["fynlo.discount"].create(
            {"name": "By bank", "company_id": self.company.id, "value_bp": 150, "scope": "order"}
        )
        self.change("fees", {"bank_discount_id": discount.fynlo_uuid})
        told = self.ask("/payments/fees:calculate", {"method": "open_banking", "bill": self.money(1999)})
        self.assertEqual((told["discount"]["amount"], told["discount_id"]), (30, discount.fynlo_uuid))
        card = self.ask("/payments/fees:calculate", {"method": "stripe", "bill": self.money(1999)})
        self.assertEqual((card["discount"]["amount"], card["discount_id"]), (0, None))
        answer = self.api("PATCH", "/settings/fees", {"bank_discount_id": uuid7()}, token=self.owner)
        self.assertProblem(answer, "validation_failed", 422)

    def test_methods(self):
        answer = self.api("GET", "/payments/methods", token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        told = shapes.MethodsView.model_validate(answer.json())
        texts = {one.method: one.fee_text for one in told.items}
        self.assertEqual(texts["stripe"], f"2.9 % + 0.30 {self.currency} + 1 %")
        self.assertEqual((texts["cash"], texts["open_banking"]), ("Free", "0.2 % + 1 %"))
        with heard_requests() as lines:
            self.api("GET", "/payments/methods", token=self.token)
        self.assertLessEqual(lines[-1]["queries"], 14)

    def test_tips(self):
        body = {"net": self.money(1234), "tax": self.money(247), "people": 3}
        self.change("tips", {"rates_bp": [500, 1000, 2000]})
        told = self.ask("/tips:calculate", body)
        shapes.TipsView.model_validate(told)
        self.assertEqual([one["tip"]["amount"] for one in told["suggestions"]], [74, 148, 296])
        self.assertEqual([each["amount"] for each in told["suggestions"][1]["each"]], [50, 49, 49])
        self.assertEqual((told["base"], told["preselected"]), ("gross", 1000))
        self.assertIsNone(self.ask("/tips:calculate", {**body, "service_charge": True})["preselected"])
        self.change("tips", {"base": "net"})
        self.assertEqual(
            [one["tip"]["amount"] for one in self.ask("/tips:calculate", body)["suggestions"]], [62, 123, 247]
        )
        self.change("tips", {"enabled": False})
        off = self.ask("/tips:calculate", body)
        self.assertEqual((off["enabled"], off["custom"], off["suggestions"]), (False, False, []))

    def test_bad_input(self):
        right = {"method": "stripe", "bill": self.money(1000)}
        for change, code in (
            ({"bill": self.money(-1)}, "validation_failed"),
            ({"bill": {"amount": 100, "currency": "XTS"}}, "validation_failed"),
            ({"tip": self.money(-1)}, "validation_failed"),
            ({"bill": {"amount": 1.5, "currency": self.currency}}, "validation_failed"),
            ({"method": "barter"}, "fee_unknown"),
            ({"method": "nothing"}, "payment_method_unavailable"),
            ({"bill": self.money(1)}, "charge_out_of_range"),
            ({"funding": "gold"}, "validation_failed"),
        ):
            with self.subTest(str(change)):
                answer = self.api("POST", "/payments/fees:calculate", {**right, **change}, token=self.token, key=False)
                self.assertProblem(answer, code, 422)

    def test_who_may(self):
        kitchen = self.sign_in("kitchen")
        bill = {"bill": self.money(100)}
        tips = {"net": self.money(1), "tax": self.money(0)}
        for path, body in (
            ("/payments/fees:calculate", {"method": "cash", **bill}),
            ("/payments/fees:compare", bill),
            ("/tips:calculate", tips),
        ):
            self.assertProblem(self.api("POST", path, body, key=False), "token_missing", 401)
            self.assertProblem(self.api("POST", path, body, token=kitchen, key=False), "permission_denied", 403)
        self.assertProblem(self.api("GET", "/payments/methods", token=kitchen), "permission_denied", 403)
        elsewhere = f"/payments/methods?location_id={self.other_location.fynlo_uuid}"
        self.assertProblem(self.api("GET", elsewhere, token=self.token), "not_found", 404)
        self.assertProblem(
            self.api("PATCH", "/settings/tips", {"custom": False}, token=self.token), "permission_denied", 403
        )
