"""The routes of approvals over HTTP: who may call them, and what the wire looks like."""

from odoo.tests import tagged

from ..controllers.approvals import ApprovalPageView, ApprovalView, ReasonsView
from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestApprovalsApi(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        cls.till = cls.env["pos.session"].create({"config_id": cls.location.id, "user_id": cls.env.uid})

    def setUp(self):
        super().setUp()
        self.server = self.sign_in("server")
        self.manager = self.sign_in("manager")

    def body(self, **values):
        amount = {"amount": 0, "currency": self.location.currency_id.name}
        till = self.till.fynlo_uuid
        return {
            "id": uuid7(),
            "action": "drawer.open",
            "resource_id": till,
            "amount": amount,
            "reason": "change",
            **values,
        }

    def ask(self):
        response = self.api("POST", "/approvals", self.body(), token=self.server)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def assertQuartet(self, method, path, body=None, *, status=200, right=None, unseen=True):
        """Without a token, in the wrong role, at another location, and as the right person."""
        self.assertProblem(self.api(method, path, body), "token_missing", 401)
        self.assertProblem(self.api(method, path, body, token=self.sign_in("kitchen")), "permission_denied", 403)
        stranger = self.api(method, path, body, token=self.sign_in("manager", self.other_location))
        if unseen:
            self.assertProblem(stranger, "not_found", 404)
        response = self.api(method, path, body, token=right or self.manager)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def test_ask(self):
        elsewhere = self.api("POST", "/approvals", self.body(), token=self.sign_in("server", self.other_location))
        self.assertProblem(elsewhere, "unknown_item", 422)
        asked = self.assertQuartet("POST", "/approvals", self.body(), status=201, right=self.server, unseen=False)
        ApprovalView.model_validate(asked)
        self.assertEqual((asked["state"], asked["action"]), ("pending", "drawer.open"))

    def test_read_and_list(self):
        asked = self.ask()
        self.assertEqual(self.assertQuartet("GET", f"/approvals/{asked['id']}"), asked)
        page = self.assertQuartet("GET", "/approvals?state=pending", unseen=False)
        ApprovalPageView.model_validate(page)
        self.assertEqual([item["id"] for item in page["items"]], [asked["id"]])
        stranger = self.api("GET", "/approvals", token=self.sign_in("manager", self.other_location))
        self.assertEqual(stranger.json()["items"], [])

    def test_approve_and_reject(self):
        asked = self.ask()
        mate = self.session_of_another_server()
        refused = self.api("POST", f"/approvals/{asked['id']}:approve", {}, token=mate)
        self.assertProblem(refused, "permission_denied", 403)
        decided = self.assertQuartet("POST", f"/approvals/{asked['id']}:approve", {})
        self.assertEqual((decided["state"], decided["how"]), ("approved", "signed_in"))
        again = self.api("POST", f"/approvals/{asked['id']}:approve", {}, token=self.manager)
        self.assertEqual(again.json(), decided)
        late = self.api("POST", f"/approvals/{asked['id']}:reject", {}, token=self.manager)
        self.assertEqual(self.assertProblem(late, "illegal_transition", 409)["allowed"], ["expired", "used"])
        rejected = self.assertQuartet("POST", f"/approvals/{self.ask()['id']}:reject", {"note": "no"})
        self.assertEqual((rejected["state"], rejected["note"]), ("rejected", "no"))

    def session_of_another_server(self):
        return self.session("server", employee=self.employee("server", pin="1111"))["access_token"]

    def test_by_pin(self):
        boss = self.employee("manager", pin="8642")
        asked = self.ask()
        path = f"/approvals/{asked['id']}:approve"
        wrong = self.api("POST", path, {"employee_id": boss.fynlo_uuid, "pin": "1357"}, token=self.server)
        self.assertProblem(wrong, "credentials_invalid", 401)
        counted = self.env["fynlo.lockout"].search([("employee_id", "=", boss.id), ("kind", "=", "device_employee")])
        self.assertEqual(counted.failures, 1)
        right = self.api("POST", path, {"employee_id": boss.fynlo_uuid, "pin": "8642"}, token=self.server)
        self.assertEqual(right.json()["how"], "pin", right.text)
        kept = self.env["fynlo.idempotency"].sudo().search_count([("route", "like", ":approve")])
        self.assertEqual(kept, 0)

    def test_garbage(self):
        for body in (
            {},
            self.body(action="order.eat"),
            self.body(amount=5),
            self.body(reason=""),
            self.body(resource_id="7"),
            self.body(extra=1),
        ):
            with self.subTest(body):
                self.assertProblem(self.api("POST", "/approvals", body, token=self.server), "validation_failed", 422)
        path = f"/approvals/{self.ask()['id']}:approve"
        for body in ({"pin": "2468"}, {"employee_id": uuid7()}, {"employee_id": uuid7(), "pin": "12"}):
            with self.subTest(body):
                self.assertProblem(self.api("POST", path, body, token=self.server), "validation_failed", 422)

    def test_reasons(self):
        listed = self.assertQuartet("GET", "/reasons?kind=refund", unseen=False)
        ReasonsView.model_validate(listed)
        self.assertEqual({reason["kind"] for reason in listed["items"]}, {"refund"})
        self.assertProblem(self.api("GET", "/reasons?kind=x", token=self.server), "validation_failed", 422)
