"""Rules that hold for every route of the routing map, whoever wrote it."""

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import SQL

from ..rest.openapi import CONVERTER
from ..rest.route import ANYONE, PAIRED, SIGNED_IN, STAND_INS, Route, api_route
from .common import ApiCase
from .probe import NOWHERE, declare_probe

VALUES = {"uuid": NOWHERE, "int": "1"}
#: Writes that keep no answer, those of signing in aside.
LOOSE = {
    "POST /api/v1/apple-pay/merchant-sessions",
    "POST /api/v1/apple-pay/payment-requests",
    "POST /api/v1/apple-pay/tokens:process",
    "POST /api/v1/approvals/<uuid:approval_id>:approve",
    "POST /api/v1/approvals/<uuid:approval_id>:reject",
    "POST /api/v1/devices/pair",
    "POST /api/v1/devices/pairing-codes",
    "POST /api/v1/employees/<string:employee_id>/pin",
    "POST /api/v1/gift-cards:balance",
    "POST /api/v1/open-banking/payments",
    "POST /api/v1/open-banking/payments/<uuid:link_id>:cancel",
    "POST /api/v1/open-banking/payments/<uuid:link_id>:fallback",
    "POST /api/v1/open-banking/payments/<uuid:link_id>:refresh",
    "POST /api/v1/open-banking/webhook/<string:provider>",
    "POST /api/v1/orders:calculate",
    "POST /api/v1/payments/<uuid:payment_id>:cancel",
    "POST /api/v1/payments/<uuid:payment_id>:capture",
    "POST /api/v1/payments/<uuid:payment_id>:refresh",
    "POST /api/v1/payments/fees:calculate",
    "POST /api/v1/payments/fees:compare",
    "POST /api/v1/payments:cancel-by-key",
    "POST /api/v1/stripe/connection-tokens",
    "POST /api/v1/stripe/payment-intents/<uuid:payment_id>:cancel",
    "POST /api/v1/stripe/payment-intents/<uuid:payment_id>:capture",
    "POST /api/v1/stripe/payment-intents/<uuid:payment_id>:confirm",
    "POST /api/v1/stripe/webhook",
    "POST /api/v1/tips:calculate",
}
PROMISE = {"method": "GET", "summary": "-", "tag": "-"}


def concrete(route):
    """The route's path with identifiers of nothing."""
    return CONVERTER.sub(lambda found: VALUES.get(found["kind"], "nothing"), route.path)


@tagged("post_install", "-at_install")
class TestDeclaration(BaseCase):
    def test_a_route_without_permission_cannot_be_declared(self):
        for permission in (None, "", "everything", "*", "*nobody", "Order.Create"):
            with self.subTest(permission), self.assertRaises(TypeError):
                api_route("/x", permission=permission, **PROMISE)
        with self.assertRaises(TypeError):
            api_route("/x", **PROMISE)

    def test_a_route_has_a_method_of_its_own(self):
        for method in ("HEAD", "OPTIONS", "get", ""):
            with self.subTest(method), self.assertRaises(TypeError):
                api_route("/x", permission=ANYONE, **{**PROMISE, "method": method})

    def test_which_routes_keep_their_answers(self):
        for method, permission, more, kept in (
            ("POST", "order.create", {}, True),
            ("DELETE", SIGNED_IN, {}, True),
            ("POST", "order.create", {"idempotent": False}, False),
            ("POST", ANYONE, {}, False),
            ("GET", "order.create", {}, False),
        ):
            with self.subTest(f"{method} {permission} {more}"):
                self.assertEqual(Route("/x", method, permission, "-", "-", **more).remembered, kept)


@tagged("post_install", "-at_install")
class TestPermissionCodes(TransactionCase):
    def test_every_code_that_a_route_asks_for_is_defined(self):
        self.assertEqual(self.env["ir.http"]._fynlo_unknown_permissions(), [])

    def test_a_code_that_is_not_defined_is_told_at_start(self):
        controller = declare_probe()
        self.addCleanup(controller.children_classes["fynlo_pos_core"].remove, controller)
        with self.assertLogs("odoo.addons.fynlo_pos_core.models.system.ir_http") as caught:
            self.env["ir.http"]._register_hook()
        self.assertEqual(
            [line.split("permission ")[1].split(",")[0] for line in caught.output], ["probe.read", "probe.write"]
        )


@tagged("post_install", "-at_install")
class TestEveryRoute(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.routes = cls.env["ir.http"]._fynlo_routes()

    def state(self):
        """The number of rows of each of our tables and of orders, and a sum that any update changes."""
        self.env.cr.flush()
        tables = [model._table for name, model in self.env.items() if name.startswith("fynlo.") and model._auto]
        return {
            table: self.env.execute_query(
                SQL("SELECT count(*), sum(xmin::text::bigint) FROM %s", SQL.identifier(table))
            )
            for table in (*tables, "pos_order", "pos_session", "pos_payment", "res_users", "hr_employee")
        }

    def assert_all_refused(self, routes, code, **sent):
        self.assertTrue(routes)
        before = self.state()
        for route in routes:
            with self.subTest(route.name):
                self.assertProblem(self.api(route.method, concrete(route), **sent), code)
        self.assertEqual(self.state(), before, "a refused request wrote")

    def closed(self):
        return [route for route in self.routes if route.permission != ANYONE]

    def test_no_token(self):
        self.assert_all_refused(self.closed(), "token_missing")

    def test_a_token_that_is_none(self):
        self.assert_all_refused(self.closed(), "token_invalid", token="eyJhbGciOiJub25lIn0.e30.")

    def test_a_role_without_the_permission(self):
        rows = self.env["fynlo.permission.map"].search([("company_id", "=", self.company.id)])
        rows.sudo().write({"manager": False})
        token = self.sign_in("manager")
        asking = [route for route in self.routes if route.permission not in STAND_INS]
        self.assert_all_refused(asking, "permission_denied", token=token)

    def test_a_device_alone(self):
        device_key = self.device()[1]
        closed = [route for route in self.closed() if route.permission != PAIRED]
        self.assert_all_refused(closed, "token_missing", device_key=device_key)

    def test_every_write_demands_a_key(self):
        token = self.sign_in("owner")
        kept = [route for route in self.routes if route.remembered]
        self.assert_all_refused(kept, "idempotency_key_missing", token=token, key=False)

    def test_which_writes_need_no_key(self):
        """Signing in and pairing hand out secrets, a PIN is one; pricing and a look at a card write nothing;
        providers know no keys, and each of their notifications has an id of its own."""
        loose = {route.name for route in self.routes if route.writes and not route.remembered and route.tag != "auth"}
        self.assertEqual(loose, LOOSE)
