"""What settings do: cleaning jobs, alert mails and caches work by them; sections are found in the registry."""

from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import LockNotAvailable

from ..models.settings.settings_section import PREFIX
from ..tools import prepared_bytes, process_cache
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestSettings(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.other = cls.env["res.company"].create({"name": f"Other {uuid7()}"})

    def test_every_section_is_whole(self):
        """Each setting names a field that is there, and each section has its own name and its own shape."""
        sections = self.env["fynlo.settings"]._sections()
        self.assertLessEqual({"business", "hours", "receipt", "retention", "ui"}, sections.keys())
        document = {"id", "section", "location_id", "version"}
        for name, section in sections.items():
            with self.subTest(name):
                self.assertEqual(section._name, PREFIX + name)
                told = self.env["fynlo.settings"]._document(section, self.location)
                self.assertEqual(set(told), document | section._settings.keys() | section._constants().keys())

    def kept(self, company, days):
        return self.env["fynlo.idempotency"].create(
            {
                "company_id": company.id,
                "scope": "till",
                "key": uuid7(),
                "route": "POST /x",
                "body_hash": "x",
                "status": 200,
                "created_at": now() - timedelta(days=days),
            }
        )

    def test_each_company_keeps_answers_as_long_as_it_wants(self):
        self.company.fynlo_keep_request_days, self.other.fynlo_keep_request_days = 30, 400
        mine, theirs = self.kept(self.company, 31), self.kept(self.other, 399)
        fresh, old = self.kept(self.company, 29), self.kept(self.other, 401)
        nobodys, nobodys_old = (self.kept(self.env["res.company"], days) for days in (89, 91))
        self.env["fynlo.idempotency"]._gc_old_records()
        everything = mine | theirs | fresh | old | nobodys | nobodys_old
        self.assertEqual(everything.exists(), theirs | fresh | nobodys)

    def test_each_company_keeps_sign_ins_as_long_as_it_wants(self):
        self.company.fynlo_keep_sign_in_days = 40
        sessions = self.env["fynlo.session"]
        for days in (39, 41):
            answer = sessions._open(self.waiter, self.location, device=self.device)
            session = sessions.search([("fynlo_uuid", "=", answer["session_id"])])
            session.expires_at = now() - timedelta(days=days)
        mine = sessions.search([("company_id", "=", self.company.id)])
        sessions._gc_old_sessions()
        self.assertEqual(len(mine.exists()), len(mine) - 1)

    def test_alerts_go_to_whom_the_company_named(self):
        mails = self.env["mail.mail"].search([])
        self.env["fynlo.lockout"]._alert(self.company, "sign_in_locked", "Nobody hears this.", {})
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        self.company.fynlo_alert_emails = "mona@fynlo.example, olga@fynlo.example"
        self.env["fynlo.lockout"]._alert(self.company, "sign_in_locked", "Too many <b>tries</b>.", {})
        mail = self.env["mail.mail"].search([]) - mails
        self.assertEqual(mail.email_to, "mona@fynlo.example, olga@fynlo.example")
        self.assertIn("Too many", mail.subject)
        self.assertIn("&lt;b&gt;tries", mail.body_html)
        self.env["fynlo.lockout"]._alert(self.other, "sign_in_locked", "Elsewhere.", {})
        self.assertEqual(self.env["mail.mail"].search([]) - mails, mail)

    def test_the_back_office_takes_no_nonsense(self):
        wrong = [
            (self.company, {"fynlo_alert_emails": "me"}),
            (self.company, {"fynlo_alert_emails": ",".join(f"a{n}@b.example" for n in range(11))}),
            (self.company, {"fynlo_keep_request_days": 29}),
            (self.company, {"fynlo_keep_sign_in_days": 0}),
            (self.company, {"fynlo_cache_hours": 169}),
            (self.location, {"fynlo_tile_columns": 1}),
            (self.location, {"fynlo_lock_after_s": -1}),
            (self.location, {"fynlo_poll_s": 1}),
            (self.location, {"fynlo_reconnect_max_s": 301}),
        ]
        for record, values in wrong:
            with self.subTest(**values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                record.write(values)

    def test_a_company_that_shares_nothing_leaves_nothing_in_redis(self):
        self.env.cr.flush()
        for shared, wanted in ((True, 5 * 3600), (False, 0)):
            self.company.write({"fynlo_cache_shared": shared, "fynlo_cache_hours": 5})
            self.env.cr.flush()
            version, place = uuid7(), (self.location.id, self.location.fynlo_uuid)
            menu = self.env["fynlo.menu"]._prepared(*place, version)
            told = self.env["fynlo.settings"]._snapshot(*place, version)
            self.assertEqual((menu.shared_s, told.shared_s), (wanted, wanted))
            self.assertLessEqual(prepared_bytes._life_s(menu), wanted)

    def test_a_warm_snapshot_takes_no_query_and_a_cold_one_few(self):
        self.env.cr.flush()
        place, service, version = (self.location.id, self.location.fynlo_uuid), self.env["fynlo.settings"], uuid7()
        self.company.fynlo_cache_shared = False
        self.env.cr.flush()
        service._snapshot(*place, uuid7())
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            first = service._snapshot(*place, version)
        with self.assertQueryCount(0):
            self.assertIs(service._snapshot(*place, version), first)
        process_cache.forget()
        self.assertIsNot(service._snapshot(*place, version), first)

    def test_a_company_without_a_location_has_settings_too(self):
        self.env.cr.flush()
        before = self.other.fynlo_settings_version
        self.other.vat, self.other.fynlo_cache_hours = "GB77", 7
        self.env.cr.flush()
        self.other.invalidate_recordset()
        self.assertGreater(self.other.fynlo_settings_version, before)
        log = self.env["fynlo.audit.log"].search([("company_id", "=", self.other.id)])
        self.assertEqual(log.mapped("action"), ["settings.changed"] * 2)

    def test_one_change_of_a_section_at_a_time(self):
        """On two connections of the database; neither commits."""
        company, section = self.env.ref("base.main_company"), f"test-{uuid7()}"
        with db_connect(self.env.cr.dbname).cursor() as first, db_connect(self.env.cr.dbname).cursor() as second:
            for cursor in (first, second):
                cursor.execute("SET LOCAL lock_timeout = '200ms'")

            def hold(cursor, name):
                versions = self.env["fynlo.settings.version"].with_env(self.env(cr=cursor))
                versions._count(company.id, None, name, 0)

            hold(first, section)
            hold(second, f"{section}-other")
            with self.assertRaises(LockNotAvailable), mute_logger("odoo.sql_db"):
                hold(second, section)
            second.rollback()
            first.rollback()
            hold(second, section)
            second.rollback()

    def test_versions_are_nobodys_to_write(self):
        with self.assertRaises(AccessError):
            self.env["fynlo.settings.version"].with_user(self.manager.user_id).search([])
