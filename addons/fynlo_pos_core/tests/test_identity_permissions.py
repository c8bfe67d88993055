"""The permission map, its cache, and the one query that identifies a request."""

import json

import jwt
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.identity import roles
from ..rest import SIGNED_IN
from ..rest.route import Route
from .common import ApiCase

ROUTE = Route("/x", "GET", SIGNED_IN, "Any", "test")


@tagged("post_install", "-at_install")
class TestPermissions(ApiCase):
    def row(self, code, company=None):
        return self.env["fynlo.permission.map"].search(
            [("code", "=", code), ("company_id", "=", (company or self.company).id)]
        )

    def notices(self, company=None):
        """What gateways are told since the last call."""
        self.env.cr.flush()
        uuid = (company or self.company).fynlo_uuid
        domain = [("type", "=", "permissions.changed"), ("resource_id", "=", uuid)]
        events = self.env["fynlo.outbox"].search(domain, order="id")
        self.assertEqual(set(events.mapped("topic")), {f"c.{uuid}.sync"} if events else set())
        told = [json.loads(event.payload) for event in events]
        self.env.cr.execute("DELETE FROM fynlo_outbox WHERE id = ANY(%s)", (events.ids,))
        events.invalidate_recordset()
        return told

    def test_a_new_company_gets_the_whole_map(self):
        company = self.env["res.company"].create({"name": "Map Ltd"})
        rows = self.env["fynlo.permission.map"].search([("company_id", "=", company.id)])
        self.assertEqual(rows.permission_id, self.env["fynlo.permission"].search([]))
        self.assertTrue(all(rows.mapped("owner")))
        void = self.row("order.void", company)
        self.assertEqual([void[role] for role in roles.ROLES], [False, False, True, True, True, True])

    def test_a_new_permission_reaches_every_company(self):
        permission = self.env["fynlo.permission"].create(
            {"code": "test.try", "name": "Try", "lowest_role": "supervisor"}
        )
        rows = self.env["fynlo.permission.map"].search([("permission_id", "=", permission.id)])
        self.assertEqual(rows.company_id, self.env["res.company"].search([]))

    def test_a_change_is_in_force_with_the_next_request(self):
        token = self.sign_in("supervisor")
        self.assertEqual(self.api("GET", "/employees", token=token).status_code, 200)
        self.row("employee.read").supervisor = False
        self.assertProblem(self.api("GET", "/employees", token=token), "permission_denied", 403)
        self.row("employee.read").supervisor = True
        self.assertEqual(self.api("GET", "/employees", token=token).status_code, 200)

    def test_a_change_in_one_company_leaves_the_others(self):
        _company, foreign = self.make_company("Faraway", chart=None)
        token = self.sign_in("supervisor", foreign)
        self.row("employee.read").supervisor = False
        self.assertEqual(self.api("GET", "/employees", token=token).status_code, 200)

    def test_what_moves_the_version(self):
        employee = self.employee("server", name="Watched")
        self.notices()
        changes = {
            "map": lambda: self.row("order.void").write({"server": True}),
            "role": lambda: employee.write({"fynlo_role": "cashier"}),
            "locations": lambda: employee.write({"fynlo_location_ids": [(6, 0, self.other_location.ids)]}),
            "archive": employee.action_archive,
        }
        for name, change in changes.items():
            with self.subTest(name):
                before = self.company.fynlo_perm_version
                change()
                self.assertGreater(self.company.fynlo_perm_version, before)
                (notice,) = self.notices()
                self.assertEqual(notice["perm_version"], self.company.fynlo_perm_version)
                self.assertEqual(set(notice["employees"]), set() if name == "map" else {employee.fynlo_uuid})

    def test_one_notice_tells_of_a_whole_staff(self):
        staff = self.env["hr.employee"].sudo()
        for number in range(12):
            staff |= self.employee("server", name=f"Server {number}")
        _company, foreign = self.make_company("Faraway", chart=None)
        self.notices(), self.notices(foreign.company_id)
        staff[:8].write({"fynlo_role": "cashier"})
        for one in staff[8:]:
            one.fynlo_role = "kitchen"
        staff[11].fynlo_role = False
        self.row("payment.read").server = False
        (notice,) = self.notices()
        expected = {one.fynlo_uuid: "cashier" for one in staff[:8]} | {one.fynlo_uuid: "kitchen" for one in staff[8:11]}
        self.assertEqual(notice["employees"], expected | {staff[11].fynlo_uuid: None})
        self.assertEqual(list(notice["topics"]), list(roles.ROLES))
        self.assertNotIn("l.{location}.payments", notice["topics"]["server"])
        self.assertIn("l.{location}.payments", notice["topics"]["cashier"])
        self.assertEqual(self.notices(foreign.company_id), [])

    def test_a_change_that_is_undone_is_not_told(self):
        employee = self.employee("server", name="Watched")
        self.notices()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            employee.fynlo_role = "owner"
            raise ZeroDivisionError
        self.assertEqual(self.notices(), [])

    def test_a_token_carries_what_the_notice_says(self):
        token = self.sign_in("server")
        self.notices()
        self.row("kitchen.read").server = False
        (notice,) = self.notices()
        old, new = self.claims(token), self.claims(self.sign_in("server"))
        self.assertLess(old["perm_version"], notice["perm_version"])
        self.assertEqual(new["perm_version"], notice["perm_version"])
        self.assertEqual(set(old["topics"]) - set(new["topics"]), {f"l.{new['location']}.kitchen"})
        expanded = {template.format(employee=new["sub"], **new) for template in notice["topics"]["server"]}
        self.assertEqual(set(new["topics"]), expanded)

    def claims(self, token):
        return jwt.decode(token, options={"verify_signature": False})

    def test_one_query_identifies_a_request(self):
        headers = {"Authorization": f"Bearer {self.sign_in('cashier')}"}
        access = self.env["fynlo.access"]
        warm = access._identify(ROUTE, headers)
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            identity = access._identify(ROUTE, headers)
        self.assertEqual(identity, warm)
        self.assertEqual(identity.device_id, self.device()[0].id)
        self.assertEqual(identity.device_prefix, self.device()[0].number_prefix)
        self.assertTrue(identity.may("till_session.open"))

    def test_owner_keeps_everything(self):
        with self.assertRaises(ValidationError):
            self.row("order.void").owner = False

    def test_back_office_rights(self):
        row = self.row("order.void")
        row.with_user(self.employee("owner").user_id).write({"server": True})
        self.assertTrue(row.server)
        with self.assertRaises(AccessError):
            row.with_user(self.employee("owner").user_id).write({"company_id": 1})
        with self.assertRaises(AccessError):
            row.with_user(self.employee("manager").user_id).write({"kitchen": True})
        with self.assertRaises(AccessError):
            row.with_user(self.employee("server").user_id).read(["code"])

    def test_api_quartet(self):
        path, body = "/permissions/order.void", {"server": True}
        manager = self.sign_in("manager")
        self.assertProblem(self.api("PATCH", path, body), "token_missing", 401)
        self.assertProblem(self.api("PATCH", path, body, token=manager), "permission_denied", 403)
        owner = self.sign_in("owner")
        self.assertProblem(self.api("PATCH", "/permissions/no.such", body, token=owner), "not_found", 404)
        self.assertProblem(self.api("PATCH", path, {"owner": False}, token=owner), "validation_failed", 422)
        self.assertProblem(self.api("PATCH", path, {}, token=owner), "validation_failed", 422)
        self.assertFalse(self.row("order.void").server)
        _company, foreign = self.make_company("Faraway", chart=None)
        response = self.api("PATCH", path, body, token=owner)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertTrue(response.json()["roles"]["server"])
        self.assertTrue(self.row("order.void").server)
        self.assertFalse(self.row("order.void", foreign.company_id).server)
        listed = self.api("GET", "/permissions", token=manager).json()["items"]
        self.assertIn(response.json(), listed)
        self.assertProblem(self.api("GET", "/permissions"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/permissions", token=self.sign_in("cashier")), "permission_denied", 403)
        entry = self.env["fynlo.audit.log"].search([("action", "=", "permission.changed")], limit=1)
        self.assertEqual(
            (entry.resource_id, entry.before, entry.after), ("order.void", '{"server":false}', '{"server":true}')
        )

    def test_nobody_changes_what_is_above(self):
        self.row("permission.manage").manager = True
        token = self.sign_in("manager")
        self.assertEqual(self.api("PATCH", "/permissions/order.void", {"server": True}, token=token).status_code, 200)
