"""What managers see of approvals, refunds and everything given away, and who sees nothing of it."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_refunds import Refunding

MODELS = ("fynlo.approval", "fynlo.refund", "fynlo.giveaway")
SETTINGS = ("fynlo.approval.policy", "fynlo.reason")


@tagged("post_install", "-at_install")
class TestRefundLists(Refunding):
    def setUp(self):
        super().setUp()
        order = self.sell()
        self.refund(order, amount=self.gbp(250))
        self.env["fynlo.approval"].create(
            {
                "company_id": self.company.id,
                "config_id": self.location.id,
                "action": "refund.create",
                "resource_id": order["id"],
                "currency_id": self.company.currency_id.id,
                "amount": 1,
                "reason": "cold",
                "requested_by": self.cashier.id,
            }
        )
        self.env.flush_all()

    def seen_by(self, employee, model):
        user = employee.user_id
        records = self.env[model].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        return records.search([("company_id", "=", self.company.id)])

    def test_managers_see_their_company(self):
        for model in (*MODELS, *SETTINGS):
            with self.subTest(model):
                self.assertTrue(self.seen_by(self.manager, model))
                self.seen_by(self.manager, model).read()

    def test_a_manager_of_another_location_sees_none_of_it(self):
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.manager.fynlo_location_ids = elsewhere
        self.env.flush_all()
        for model in MODELS:
            with self.subTest(model):
                self.assertFalse(self.seen_by(self.manager, model))

    def test_another_company_sees_none_of_it(self):
        stranger = self.env["res.company"].create({"name": "Stranger"})
        hired = self.env["hr.employee"]._fynlo_hire({"name": "Sid", "company_id": stranger.id, "role": "owner"})
        self.env.flush_all()
        for model in (*MODELS, *SETTINGS):
            with self.subTest(model):
                self.assertFalse(self.seen_by(hired, model))

    def test_tills_have_no_back_office(self):
        for model in (*MODELS, *SETTINGS):
            with self.subTest(model), self.assertRaises(AccessError):
                self.seen_by(self.cashier, model)

    def test_money_rows_are_written_by_the_service_alone(self):
        for model in MODELS:
            with self.subTest(model), self.assertRaises(AccessError):
                self.seen_by(self.manager, model).write({"reason": "other"})

    def test_the_views_open(self):
        for model in (*MODELS, *SETTINGS):
            with self.subTest(model):
                actions = self.env["ir.actions.act_window"].search([("res_model", "=", model)])
                kinds = [(False, kind) for kind in actions.view_mode.split(",")] + [(False, "search")]
                views = self.env[model].with_user(self.manager.user_id).get_views(kinds)
                self.assertEqual(len(views["views"]), len(kinds))

    def test_the_timeline_tells_of_refunds(self):
        order = self.env["fynlo.refund"].search([("config_id", "=", self.location.id)]).order_id
        self.assertIn("refund.created", str(order.fynlo_timeline))
