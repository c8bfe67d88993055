"""Employees and sign-ins over the API: quartets, and that nobody reaches above the own role."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestEmployees(ApiCase):
    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")
        self.server = self.employee("server", name="Sam Waiter")
        self.path = f"/employees/{self.server.fynlo_uuid}"

    def hire(self, token, role="server", **more):
        return self.api("POST", "/employees", {"name": "New Person", "role": role, **more}, token=token)

    def count(self):
        return self.env["hr.employee"].with_context(active_test=False).search_count([])

    def test_hire(self):
        email = f"new.{uuid7()[-8:]}@fynlo.example"
        key = uuid7()
        body = {"name": "Noa Ünal", "role": "cashier", "email": email, "location_ids": [self.location.fynlo_uuid]}
        response = self.api("POST", "/employees", body, token=self.manager, key=key)
        self.assertEqual(response.status_code, 201, response.text)
        answer = response.json()
        self.assertEqual((answer["name"], answer["role"], answer["email"]), ("Noa Ünal", "cashier", email))
        self.assertEqual((answer["has_pin"], answer["active"], answer["version"]), (False, True, 1))
        employee = self.env["hr.employee"].search([("fynlo_uuid", "=", answer["id"])])
        self.assertTrue(employee.user_id.share)
        self.assertEqual(employee.user_id.group_ids, self.env.ref("fynlo_pos_core.group_cashier"))
        asked = self.env["fynlo.password.reset"].sudo().search([("login", "=", email)])
        self.assertEqual(asked.state, "asked", "the invitation waits to be sent")
        before = self.count()
        again = self.api("POST", "/employees", body, token=self.manager, key=key)
        self.assertEqual((again.json(), self.count()), (answer, before))

    def test_hire_quartet(self):
        supervisor = self.sign_in("supervisor")
        before = self.count()
        self.assertProblem(self.hire(None), "token_missing", 401)
        self.assertProblem(self.hire(supervisor), "permission_denied", 403)
        self.assertProblem(self.hire(self.manager, "owner"), "permission_denied", 403)
        _company, foreign = self.make_company("Faraway", chart=None)
        response = self.hire(self.manager, location_ids=[foreign.fynlo_uuid])
        self.assertProblem(response, "validation_failed", 422)
        self.assertEqual(self.count(), before)
        self.assertEqual(self.hire(self.manager, "manager").status_code, 201)

    def test_hire_refuses_bad_input(self):
        before = self.count()
        taken = f"taken.{uuid7()[-8:]}@fynlo.example"
        self.employee("server", email=taken)
        for more, code in (
            ({"email": taken.upper()}, "email_taken"),
            ({"email": "nonsense"}, "validation_failed"),
            ({"role": "platform"}, "validation_failed"),
            ({"name": ""}, "validation_failed"),
            ({"pin": "1234"}, "validation_failed"),
            ({"company_id": uuid7()}, "validation_failed"),
        ):
            with self.subTest(str(more)):
                self.assertProblem(self.hire(self.manager, **more), code, 422)
        self.assertEqual(self.count(), before + 1)

    def test_list(self):
        archived = self.employee("server", name="Gone Person")
        archived.action_archive()
        items = self.api("GET", "/employees?search=waiter", token=self.sign_in("supervisor")).json()["items"]
        self.assertEqual([one["name"] for one in items], ["Sam Waiter"])
        gone = self.api("GET", "/employees?active=false&limit=500", token=self.manager).json()["items"]
        self.assertIn(archived.fynlo_uuid, [one["id"] for one in gone])
        servers = self.api("GET", "/employees?role=server&limit=500", token=self.manager).json()["items"]
        self.assertEqual({one["role"] for one in servers}, {"server"})
        _company, foreign = self.make_company("Faraway", chart=None)
        stranger = self.employee("server", foreign)
        page = self.api("GET", "/employees?limit=500", token=self.manager).json()["items"]
        self.assertNotIn(stranger.fynlo_uuid, [one["id"] for one in page])
        self.assertProblem(self.api("GET", "/employees"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/employees", token=self.sign_in("cashier")), "permission_denied", 403)

    def test_change_quartet(self):
        _company, foreign = self.make_company("Faraway", chart=None)
        stranger = self.employee("server", foreign, name="Stranger")
        owner = self.employee("owner", name="Olive Owner")
        for method, body in (("PATCH", {"name": "Changed"}), ("DELETE", None)):
            for token, employee, code, status in (
                (None, self.server, "token_missing", 401),
                (self.sign_in("supervisor"), self.server, "permission_denied", 403),
                (self.manager, stranger, "not_found", 404),
                (self.manager, owner, "permission_denied", 403),
            ):
                with self.subTest(f"{method} {code}"):
                    response = self.api(method, f"/employees/{employee.fynlo_uuid}", body, token=token)
                    self.assertProblem(response, code, status)
        for employee, name in ((self.server, "Sam Waiter"), (stranger, "Stranger"), (owner, "Olive Owner")):
            self.assertEqual((employee.name, employee.active), (name, True))

    def test_change(self):
        body = {"name": "Sam Cashier", "role": "cashier", "location_ids": [self.other_location.fynlo_uuid]}
        shown = self.api("GET", self.path, token=self.manager)
        response = self.api("PATCH", self.path, body, token=self.manager, headers={"If-Match": shown.headers["ETag"]})
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self.server.user_id.group_ids, self.env.ref("fynlo_pos_core.group_cashier"))
        self.assertEqual(self.server.fynlo_location_ids, self.other_location)
        stale = self.api("PATCH", self.path, body, token=self.manager, headers={"If-Match": shown.headers["ETag"]})
        self.assertProblem(stale, "version_conflict", 409)
        self.assertProblem(
            self.api("PATCH", self.path, {"role": "owner"}, token=self.manager), "permission_denied", 403
        )
        self.assertEqual(self.server.fynlo_role, "cashier")
        entry = self.env["fynlo.audit.log"].search([("action", "=", "employee.changed")], limit=1)
        self.assertIn('"role":"server"', entry.before)
        self.assertIn('"role":"cashier"', entry.after)

    def test_archive(self):
        answer = self.session("server", employee=self.server)
        response = self.api("DELETE", self.path, token=self.manager)
        self.assertEqual((response.status_code, response.json()["active"]), (200, False))
        self.assertProblem(self.api("GET", "/auth/me", token=answer["access_token"]), "token_invalid", 401)
        self.assertFalse(self.server.user_id.group_ids)
        back = self.api("PATCH", self.path, {"active": True}, token=self.manager)
        self.assertTrue(back.json()["active"])
        self.assertEqual(self.server.user_id.group_ids, self.env.ref("fynlo_pos_core.group_server"))
        own = f"/employees/{self.employee('manager').fynlo_uuid}"
        self.assertProblem(self.api("DELETE", own, token=self.manager), "validation_failed", 422)

    def test_pin(self):
        body = {"pin": "97531"}
        own = self.session("server", employee=self.server)["access_token"]
        self.assertEqual(self.api("POST", f"{self.path}/pin", body, token=own, key=False).status_code, 200)
        key = self.device()[1]
        signed = self.api("POST", "/auth/pin", {"employee_id": self.server.fynlo_uuid, **body}, device_key=key)
        self.assertEqual(signed.status_code, 200, signed.text)
        credential = self.env["fynlo.credential"].sudo().search([("employee_id", "=", self.server.id)])
        before = credential.pin_hash
        owner = self.employee("owner")
        for token, path, code, status in (
            (None, self.path, "token_missing", 401),
            (self.sign_in("cashier"), self.path, "permission_denied", 403),
            (self.manager, f"/employees/{owner.fynlo_uuid}", "permission_denied", 403),
            (self.manager, f"/employees/{uuid7()}", "not_found", 404),
        ):
            with self.subTest(code):
                self.assertProblem(self.api("POST", f"{path}/pin", {"pin": "1111"}, token=token), code, status)
        self.assertEqual(credential.pin_hash, before)
        self.assertFalse(owner.fynlo_has_pin)
        self.assertEqual(self.api("POST", f"{self.path}/pin", {"pin": "1111"}, token=self.manager).json(), {})
        self.assertNotEqual(credential.pin_hash, before)

    def test_permissions_of_an_employee(self):
        answer = self.api("GET", f"{self.path}/permissions", token=self.manager).json()
        self.assertEqual((answer["id"], answer["role"]), (self.server.fynlo_uuid, "server"))
        self.assertIn("order.create", answer["permissions"])
        self.assertNotIn("order.void", answer["permissions"])
        self.assertProblem(self.api("GET", f"{self.path}/permissions"), "token_missing", 401)
        cashier = self.api("GET", f"{self.path}/permissions", token=self.sign_in("cashier"))
        self.assertProblem(cashier, "permission_denied", 403)
        unknown = self.api("GET", f"/employees/{uuid7()}/permissions", token=self.manager)
        self.assertProblem(unknown, "not_found", 404)


@tagged("post_install", "-at_install")
class TestSessions(ApiCase):
    def test_list_and_end_the_own(self):
        first, second = self.session("server"), self.session("server")
        token = first["access_token"]
        listed = self.api("GET", "/auth/sessions?limit=500", token=token).json()["items"]
        self.assertEqual({one["id"] for one in listed}, {first["session_id"], second["session_id"]})
        self.assertEqual(self.api("DELETE", f"/auth/sessions/{second['session_id']}", token=token).json(), {})
        self.assertProblem(self.api("GET", "/auth/me", token=second["access_token"]), "token_invalid", 401)
        again = self.api("DELETE", f"/auth/sessions/{second['session_id']}", token=token)
        self.assertProblem(again, "not_found", 404)

    def test_quartet(self):
        _company, foreign = self.make_company("Faraway", chart=None)
        server, owner, stranger = self.session("server"), self.session("owner"), self.session("server", foreign)
        manager = self.sign_in("manager")
        for token, target, code, status in (
            (None, server, "token_missing", 401),
            (self.sign_in("cashier"), server, "not_found", 404),
            (manager, owner, "permission_denied", 403),
            (manager, stranger, "not_found", 404),
        ):
            with self.subTest(code):
                response = self.api("DELETE", f"/auth/sessions/{target['session_id']}", token=token)
                self.assertProblem(response, code, status)
        for one in (server, owner, stranger):
            self.assertEqual(self.api("GET", "/auth/me", token=one["access_token"]).status_code, 200)
        seen = self.api("GET", "/auth/sessions?limit=500", token=manager).json()["items"]
        self.assertIn(server["session_id"], [one["id"] for one in seen])
        self.assertNotIn(stranger["session_id"], [one["id"] for one in seen])
        self.assertEqual(self.api("DELETE", f"/auth/sessions/{server['session_id']}", token=manager).json(), {})
        self.assertProblem(self.api("GET", "/auth/me", token=server["access_token"]), "token_invalid", 401)
        self.assertProblem(self.api("GET", "/auth/sessions"), "token_missing", 401)


@tagged("post_install", "-at_install")
class TestRoles(ApiCase):
    """The role on the employee is the one place that decides."""

    def test_groups_follow_the_role(self):
        employee = self.employee("server", name="Climber")
        user = employee.user_id
        self.assertTrue(user.share)
        employee.fynlo_role = "manager"
        self.assertFalse(user.share)
        self.assertTrue(user.has_group("point_of_sale.group_pos_manager"))
        employee.fynlo_role = "kitchen"
        self.assertTrue(user.share)
        self.assertEqual(user.group_ids, self.env.ref("fynlo_pos_core.group_kitchen"))

    def test_groups_set_elsewhere_are_put_right(self):
        user = self.employee("server", name="Sneaky").user_id
        user.group_ids += self.env.ref("fynlo_pos_core.group_owner")
        self.assertFalse(user.has_group("fynlo_pos_core.group_owner"))
        self.assertTrue(user.has_group("fynlo_pos_core.group_server"))

    def test_role_on_an_existing_employee_makes_its_user(self):
        employee = self.env["hr.employee"].create({"name": "Plain"})
        self.assertFalse(employee.user_id)
        employee.fynlo_role = "cashier"
        self.assertTrue(employee.user_id.share)
        self.assertTrue(employee.user_id.has_group("fynlo_pos_core.group_cashier"))

    def test_till_roles_have_no_way_into_odoo(self):
        user = self.employee("supervisor").user_id
        self.assertFalse(user.has_group("base.group_user"))
        self.assertFalse(user.has_group("point_of_sale.group_pos_user"))
        for model in ("pos.order", "pos.session", "pos.payment", "pos.config", "fynlo.device"):
            with self.subTest(model):
                records = self.env[model].with_user(user)
                self.assertTrue(records.has_access("read"))
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation))
        for model in ("fynlo.credential", "fynlo.refresh.token", "fynlo.session", "fynlo.audit.log", "res.users"):
            with self.subTest(model):
                self.assertFalse(self.env[model].with_user(user).has_access("write"))

    def test_a_manager_cannot_climb_in_the_back_office(self):
        manager = self.employee("manager")
        owner = self.employee("owner")
        as_manager = self.env["hr.employee"].with_user(manager.user_id)
        for attempt in (
            lambda: as_manager.browse(manager.id).write({"fynlo_role": "owner"}),
            lambda: as_manager.browse(owner.id).write({"fynlo_role": "server"}),
            lambda: as_manager.browse(owner.id).action_archive(),
            lambda: as_manager.create({"name": "Puppet", "fynlo_role": "owner"}),
            lambda: (
                self.env["fynlo.pin.wizard"].with_user(manager.user_id).create({"employee_id": owner.id, "pin": "1234"})
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual((manager.fynlo_role, owner.fynlo_role, owner.active), ("manager", "owner", True))
        as_manager.browse(self.employee("server").id).fynlo_role = "supervisor"

    def test_back_office_sets_a_pin_that_is_stored_nowhere(self):
        manager, server = self.employee("manager"), self.employee("server", name="Pinned")
        wizard = (
            self.env["fynlo.pin.wizard"]
            .with_user(manager.user_id)
            .create({"employee_id": server.id, "pin": "86427531"})
        )
        self.env.flush_all()
        self.assertTrue(server.fynlo_has_pin)
        self.env.cr.execute("SELECT t::text FROM fynlo_pin_wizard t WHERE id = %s", (wizard.id,))
        self.assertNotIn("86427531", self.env.cr.fetchone()[0])

    def test_record_rules_by_location_and_company(self):
        _company, foreign = self.make_company("Faraway", chart=None)
        everywhere = self.location | self.other_location | foreign
        bound = self.employee("manager").user_id
        seen = self.env["pos.config"].with_user(bound).search([("id", "in", everywhere.ids)])
        self.assertEqual(seen, self.location)
        owner = self.employee("owner").user_id
        seen = self.env["pos.config"].with_user(owner).search([("id", "in", everywhere.ids)])
        self.assertEqual(seen, self.location | self.other_location)
        self.employee("manager").fynlo_location_ids = [(6, 0, [])]
        seen = self.env["pos.config"].with_user(bound).search([("id", "in", everywhere.ids)])
        self.assertEqual(seen, self.location | self.other_location, "a change is in force at once")
        device = self.env["fynlo.device"]._pair_new(foreign, "Foreign")[0]
        self.assertNotIn(device, self.env["fynlo.device"].with_user(owner).search([]))
