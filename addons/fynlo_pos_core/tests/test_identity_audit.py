"""The audit log cannot be changed, and shows it when it was."""

import psycopg2
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestAuditLog(ApiCase):
    def setUp(self):
        super().setUp()
        self.log = self.env["fynlo.audit.log"]
        for number in range(3):
            self.log._record(
                "test.done", company_id=self.company.id, resource=("thing", str(number)), after={"n": number}
            )
        self.env.cr.flush()

    def entries(self):
        return self.log.search([("company_id", "=", self.company.id)], order="seq")

    def verdict(self):
        return self.log._verify(self.company)[0]

    def tamper(self, statement):
        """Change the table the way only the database's owner could."""
        self.env.cr.execute("ALTER TABLE fynlo_audit_log DISABLE TRIGGER USER")
        self.env.cr.execute(statement, {"company": self.company.id, "last": len(self.entries())})
        self.env.cr.execute("ALTER TABLE fynlo_audit_log ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def test_numbers_have_no_gap_and_hashes_chain(self):
        entries = self.entries()
        self.assertEqual(entries.mapped("seq"), list(range(1, len(entries) + 1)))
        self.assertEqual(entries[1:].mapped("prev_hash"), entries[:-1].mapped("hash"))
        self.assertEqual(
            self.verdict(), {"company": self.company.name, "entries": len(entries), "ok": True, "broken_at": None}
        )

    def test_each_company_has_its_own_chain(self):
        other = self.env["res.company"].create({"name": "Chain Ltd"})
        self.log._record("test.done", company_id=other.id)
        self.log._record("test.done", company_id=self.company.id)
        self.log._record("test.done", company_id=other.id)
        verdict = self.log._verify(other)[0]
        self.assertEqual((verdict["entries"], verdict["ok"]), (2, True))
        self.assertTrue(self.verdict()["ok"])

    def test_nothing_is_kept_of_what_was_undone(self):
        before = len(self.entries())
        try:
            with self.env.cr.savepoint():
                self.log._record("test.undone", company_id=self.company.id)
                raise ValueError
        except ValueError:
            self.env.cr.flush()
        self.assertEqual(len(self.entries()), before)
        self.assertTrue(self.verdict()["ok"])

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_changes(self):
        for statement in (
            "UPDATE fynlo_audit_log SET actor = 'somebody else'",
            "DELETE FROM fynlo_audit_log",
            "DELETE FROM fynlo_audit_log WHERE FALSE",
            "TRUNCATE fynlo_audit_log",
        ):
            refused = self.assertRaisesRegex(psycopg2.Error, "insert-only")
            with self.subTest(statement), refused, self.env.cr.savepoint():
                self.env.cr.execute(statement)
        self.assertTrue(self.verdict()["ok"])

    def test_the_orm_refuses_changes(self):
        for attempt in (
            lambda: self.entries()[0].write({"actor": "x"}),
            lambda: self.entries()[0].unlink(),
            lambda: self.log.sudo().create({"action": "forged", "company_id": self.company.id}),
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_tampering_is_found(self):
        count = len(self.entries())
        cases = {
            "changed": ("UPDATE fynlo_audit_log SET actor = 'x' WHERE company_id = %(company)s AND seq = 2", 2),
            "changed moment": (
                "UPDATE fynlo_audit_log SET at = at + interval '1 us' WHERE company_id = %(company)s AND seq = 3",
                3,
            ),
            "removed": ("DELETE FROM fynlo_audit_log WHERE company_id = %(company)s AND seq = 2", 2),
            "cut off": ("DELETE FROM fynlo_audit_log WHERE company_id = %(company)s AND seq = %(last)s", count),
        }
        for name, (statement, place) in cases.items():
            with self.subTest(name):
                savepoint = self.env.cr.savepoint()
                self.tamper(statement)
                verdict = self.verdict()
                self.assertEqual((verdict["ok"], verdict["broken_at"]), (False, place))
                savepoint.close(rollback=True)
        self.assertTrue(self.verdict()["ok"])

    def test_button_tells_the_result(self):
        manager = self.employee("manager").user_id
        result = self.log.with_user(manager).action_verify()
        self.assertEqual(result["params"]["type"], "success")
        self.tamper("UPDATE fynlo_audit_log SET reason = 'x' WHERE company_id = %(company)s AND seq = 1")
        self.assertEqual(self.log.with_user(manager).action_verify()["params"]["type"], "danger")

    def test_reading_it(self):
        _company, foreign = self.make_company("Faraway", chart=None)
        self.log._record("test.foreign", company_id=foreign.company_id.id)
        self.assertProblem(self.api("GET", "/audit-log"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/audit-log", token=self.sign_in("supervisor")), "permission_denied", 403)
        token = self.sign_in("manager")
        page = self.api("GET", "/audit-log?action=test.done&limit=2", token=token).json()
        self.assertEqual([one["resource"]["id"] for one in page["items"]], ["2", "1"])
        rest = self.api("GET", f"/audit-log?action=test.done&limit=2&cursor={page['next_cursor']}", token=token).json()
        self.assertEqual([one["after"] for one in rest["items"]], [{"n": 0}])
        self.assertEqual(self.api("GET", "/audit-log?action=test.foreign", token=token).json()["items"], [])

    def test_a_request_is_named(self):
        token = self.sign_in("manager")
        device = self.env["fynlo.device"]._pair_new(self.location, "Named")[0]
        request_id = "test-request-0001"
        self.api("DELETE", f"/devices/{device.fynlo_uuid}", token=token, headers={"X-Request-ID": request_id})
        entry = self.log.search([("action", "=", "device.revoked")], limit=1)
        manager = self.employee("manager")
        self.assertEqual((entry.actor, entry.actor_id), (manager.name, manager.fynlo_uuid))
        self.assertEqual((entry.device_id, entry.request_id), (self.device()[0].fynlo_uuid, request_id))
        self.assertEqual(entry.address, "127.0.0.1")
