"""Alerts: raised when it holds, cleared when it is over, one a thing, told to those concerned, seen by nobody else."""

import json
from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from ..engine.health import CannotTell, Reading
from ..models.health.alert_states import ALERT_STATES
from ..rest import Problem
from ..rest.call import Call
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .shop import Shop
from .test_health import HealthCase


class WatchCase(HealthCase):
    """One check, ``disk``, which finds what the test says."""

    def setUp(self):
        super().setUp()
        self.found = []
        checks = self.with_checks(disk=self.find)
        checks.start()
        self.addCleanup(checks.stop)
        self.disk = self.rule("disk")
        self.disk.write({"warn": 80, "fail": 95, "hold": 2, "calm": 2, "enabled": True})

    def find(self):
        if isinstance(self.found, CannotTell):
            raise self.found
        return self.found

    def see(self, *values, **more):
        """One look a value; ``None`` finds nothing at all."""
        for value in values:
            self.found = [] if value is None else [Reading(value, **more)]
            self.env["fynlo.alert.watch"]._evaluate()
        self.env.cr.flush()

    def alerts(self, *states):
        domain = [("rule_id", "=", self.disk.id), ("state", "in", states or tuple(ALERT_STATES))]
        return self.env["fynlo.alert"].search(domain)

    def told(self, company, event_type=None):
        """What was announced on the company's dashboard."""
        self.env.cr.flush()
        self.env.cr.execute(
            "SELECT type, payload FROM fynlo_outbox WHERE topic = %s AND type LIKE 'alert.%%' ORDER BY id",
            (f"c.{company.fynlo_uuid}.dashboard",),
        )
        rows = [(kind, json.loads(payload)) for kind, payload in self.env.cr.fetchall()]
        return [payload for kind, payload in rows if kind == event_type] if event_type else [kind for kind, _ in rows]


@tagged("post_install", "-at_install")
class TestRaising(WatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": f"Bistro {uuid7()}"})

    def see_own(self, *values, **more):
        self.see(*values, company_id=self.company.id, **more)

    def test_what_holds_is_raised_once_and_cleared_once(self):
        self.see_own(85)
        self.assertEqual((self.alerts().state, self.told(self.company)), ("pending", []))
        self.see_own(86, 87, 88)
        alert = self.alerts()
        self.assertEqual((alert.state, alert.level, alert.value, alert.bad_looks), ("open", "warn", 88, 4))
        self.assertEqual(self.told(self.company), ["alert.raised"])
        self.see_own(20)
        self.assertEqual(alert.state, "open")
        self.see_own(20)
        self.assertEqual((alert.state, bool(alert.cleared_at)), ("cleared", True))
        self.assertEqual(self.told(self.company), ["alert.raised", "alert.cleared"])
        self.see_own(20, 20)
        self.assertEqual(self.told(self.company), ["alert.raised", "alert.cleared"])

    def test_what_flaps_is_not_raised(self):
        self.see_own(85, 20, 85, 20, 85, 20)
        self.assertEqual((self.alerts(), self.told(self.company)), (self.env["fynlo.alert"], []))

    def test_what_was_raised_does_not_flap(self):
        self.see_own(85, 85, 20, 85, 20, 85, 20, 85)
        self.assertEqual((self.alerts().state, self.told(self.company)), ("open", ["alert.raised"]))

    def test_an_alert_after_one_that_was_cleared_is_a_new_one(self):
        self.see_own(85, 85, 20, 20, 85, 85)
        self.assertEqual(sorted(self.alerts().mapped("state")), ["cleared", "open"])
        self.assertEqual(self.told(self.company), ["alert.raised", "alert.cleared", "alert.raised"])

    def test_it_is_told_again_when_it_gets_worse_and_then_stays_as_bad_as_it_was(self):
        self.see_own(85, 85)
        alert = self.alerts()
        alert._acknowledge("Mona")
        self.assertEqual((alert.state, alert.acknowledged_by), ("acknowledged", "Mona"))
        self.see_own(96)
        self.assertEqual((alert.state, alert.level, alert.acknowledged_by), ("open", "fail", False))
        self.see_own(85, 96, 85, 96)
        self.assertEqual((alert.state, alert.level), ("open", "fail"))
        self.assertEqual([one["level"] for one in self.told(self.company, "alert.raised")], ["warn", "fail"])

    def test_things_have_their_own_alerts(self):
        self.found = [
            Reading(85, kind="printer", key="a", name="Bar", company_id=self.company.id),
            Reading(97, kind="printer", key="b", name="Grill", company_id=self.company.id),
        ]
        self.env["fynlo.alert.watch"]._evaluate()
        self.env["fynlo.alert.watch"]._evaluate()
        self.assertEqual(
            {one.subject: one.level for one in self.alerts("open")}, {"printer:a": "warn", "printer:b": "fail"}
        )
        self.assertEqual((self.disk.status, self.disk.value, self.disk.note), ("fail", 97, "Grill"))
        self.see_own(85, 85, kind="printer", key="a", name="Bar")  # the grill's printer was thrown away
        self.assertEqual(
            {one.subject: one.state for one in self.alerts()}, {"printer:a": "open", "printer:b": "cleared"}
        )

    def test_a_thing_never_has_two_alerts(self):
        self.see_own(85, 85)
        alert = self.alerts()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            alert.copy({"state": "open"})
        alert.copy({"state": "cleared"})
        self.assertEqual(len(self.alerts("open")), 1)

    def test_who_cannot_see_changes_nothing(self):
        self.see_own(85, 85)
        self.found = CannotTell("It is dark.")
        for _turn in range(4):
            self.env["fynlo.alert.watch"]._evaluate()
        self.assertEqual((self.alerts().state, self.alerts().good_looks), ("open", 0))
        self.assertEqual((self.disk.status, self.disk.note), ("unknown", "It is dark."))

    def test_a_rule_that_is_switched_off_clears(self):
        self.see_own(85, 85)
        self.disk.enabled = False
        self.see_own(99, 99)
        self.assertEqual((self.alerts().state, self.disk.status), ("cleared", "fail"))
        self.assertEqual(self.told(self.company), ["alert.raised", "alert.cleared"])

    def test_thresholds_are_the_rules(self):
        self.disk.write({"warn": 10, "fail": 20})
        self.see_own(15, 15)
        self.assertEqual(self.alerts().level, "warn")
        with self.assertRaises(ValidationError):
            self.disk.write({"warn": 30})
        with self.assertRaises(ValidationError):
            self.rule("gateway").write({"fail": 5})

    def test_since_tells_when_the_status_changed(self):
        self.see_own(20)
        self.disk.since = earlier = now() - timedelta(hours=1)
        self.see_own(21)
        self.assertEqual(self.disk.since, earlier)
        self.see_own(85)
        self.assertGreater(self.disk.since, earlier)

    def test_the_companies_concerned_are_told(self):
        other = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        for company in (self.company, other):
            self.env["pos.config"].with_company(company).create(
                {"name": "Till", "company_id": company.id, "payment_method_ids": []}
            )
        self.see_own(85, 85, kind="printer", key="k", name="Bar", note="No paper")
        (document,) = self.told(self.company, "alert.raised")
        self.assertEqual(
            (document["text"], document["note"]), ("Disk of Odoo's files is nearly full: Bar (85 %)", "No paper")
        )
        self.assertEqual((document["code"], document["scope"], document["state"]), ("disk", "company", "open"))
        self.assertEqual(document["subject"], {"kind": "printer", "id": "k", "name": "Bar"})
        self.assertEqual(self.told(other), [])
        self.see(85, 85)
        self.assertEqual(self.told(other, "alert.raised"), [None])
        self.assertEqual(self.told(self.company, "alert.raised"), [document, None])

    def test_acknowledging(self):
        self.see_own(85, 85)
        alert = self.alerts()
        alert._acknowledge("Mona")
        alert._acknowledge("Otto")
        self.assertEqual((alert.state, alert.acknowledged_by), ("acknowledged", "Mona"))
        self.see_own(20, 20)
        self.assertEqual(alert.state, "cleared")
        with self.assertRaises(Problem) as caught:
            alert._acknowledge("Otto")
        self.assertEqual(caught.exception.code, "illegal_transition")

    def test_history_is_kept_for_a_year(self):
        self.see_own(85, 85, 20, 20)
        alert = self.alerts()
        self.env["fynlo.alert"]._gc_old()
        self.assertTrue(alert.exists())
        alert.cleared_at = now() - timedelta(days=366)
        self.env.flush_all()
        self.env["fynlo.alert"]._gc_old()
        self.env.invalidate_all()
        self.assertFalse(alert.exists())


@tagged("post_install", "-at_install")
class TestWatch(Shop, HealthCase):
    """The real checks and the real job."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def evaluate(self):
        self.env.flush_all()
        self.env["fynlo.alert.watch"]._evaluate()

    def test_an_old_till_session_from_its_alert_to_its_end(self):
        till = self.open_till()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pos_session SET start_at = %s WHERE fynlo_uuid = %s", (now() - timedelta(hours=19), till["id"])
        )
        self.evaluate()
        alert = self.env["fynlo.alert"].search([("subject", "=", f"till_session:{till['id']}")])
        self.assertEqual((alert.state, alert.level, alert.company_id), ("open", "warn", self.company))
        self.assertEqual(alert.config_id, self.location)
        self.assertEqual(alert._text(), f"A till session is open for long: {self.location.name} (19 h)")
        self.close_till(till["id"], 10000, Call(route=None, request_id="test-request"))
        self.evaluate()
        self.assertEqual(alert.state, "cleared")

    def test_every_rule_is_looked_at(self):
        before = now()
        self.evaluate()
        rules = self.env["fynlo.alert.rule"].search([])
        self.assertGreater(len(rules), 20)
        for rule in rules:
            self.assertGreaterEqual(rule.evaluated_at, before.replace(microsecond=0), rule.code)

    def test_a_rule_whose_check_is_gone(self):
        gone = self.env["fynlo.alert.rule"].create(
            {"code": "gone", "name": "Gone", "hint": "-", "warn": 1, "fail": 2, "status": "ok"}
        )
        self.evaluate()
        self.assertEqual((gone.status, bool(gone.note)), ("unknown", True))

    def test_the_job_is_the_one_that_runs(self):
        job = self.env.ref("fynlo_pos_core.cron_alerts")
        self.assertEqual((job.interval_number, job.interval_type, job.active), (1, "minutes", True))
        self.env["fynlo.alert.rule"].search([]).evaluated_at = False
        self.env.flush_all()
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(self.rule("disk").evaluated_at)


@tagged("post_install", "-at_install")
class TestBackOfficeAlerts(Shop, WatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.other = cls.env["res.company"].create({"name": f"Other {uuid7()}"})

    def setUp(self):
        super().setUp()
        self.disk.hold = 1
        self.own = self.raised(company_id=self.company.id, kind="printer", key="own", config_id=self.location.id)
        self.foreign = self.raised(company_id=self.other.id, kind="printer", key="foreign")
        self.system = self.raised()
        self.three = self.own | self.foreign | self.system

    def raised(self, **more):
        before = self.alerts()
        self.found = [*self.found, Reading(85, **more)]
        self.env["fynlo.alert.watch"]._evaluate()
        return self.alerts("open") - before

    def seen(self, user):
        return self.env["fynlo.alert"].with_user(user).search([("id", "in", self.three.ids)])

    def permit(self, **roles):
        rows = self.env["fynlo.permission.map"].search(
            [("company_id", "=", self.company.id), ("code", "=", "system.read")]
        )
        rows.sudo().write(roles)

    def test_a_manager_sees_the_own_company_and_the_system_if_permitted(self):
        self.assertEqual(self.seen(self.manager.user_id), self.system | self.own)
        self.permit(manager=False)
        self.assertEqual(self.seen(self.manager.user_id), self.own)
        with self.assertRaises(AccessError):
            self.system.with_user(self.manager.user_id).read(["note"])
        with self.assertRaises(AccessError):
            self.foreign.with_user(self.manager.user_id).read(["note"])

    def test_a_manager_of_another_location_does_not_see_this_ones(self):
        elsewhere = self.env["pos.config"].create(
            {"name": "Elsewhere", "company_id": self.company.id, "payment_method_ids": []}
        )
        self.manager.fynlo_location_ids = elsewhere
        self.env.flush_all()
        self.assertEqual(self.seen(self.manager.user_id), self.system)

    def test_what_is_pending_is_nobodys_business_yet(self):
        self.disk.hold = 5
        self.found = [*self.found, Reading(85, company_id=self.company.id, kind="printer", key="new")]
        self.env["fynlo.alert.watch"]._evaluate()
        pending = self.alerts("pending")
        self.assertEqual(len(pending), 1)
        self.assertFalse(pending.with_user(self.manager.user_id).search([("id", "=", pending.id)]))

    def test_taking_care_takes_it_off_the_flag(self):
        user = self.manager.user_id
        flag = self.env["fynlo.attention"].with_user(user).with_context(allowed_company_ids=self.company.ids)

        def waiting():
            things = [one for one in flag.what_waits() if one["action"] == "fynlo_pos_core.action_alerts"]
            return things[0]["count"] if things else 0

        self.assertEqual(waiting(), 2)
        self.own.with_user(user).action_acknowledge()
        self.assertEqual((self.own.state, self.own.acknowledged_by), ("acknowledged", user.name))
        self.assertEqual(waiting(), 1)
        with self.assertRaises(AccessError):
            self.foreign.with_user(user).action_acknowledge()
        self.assertEqual(self.foreign.state, "open")

    def test_nobody_writes_alerts_and_only_the_platform_the_rules(self):
        user = self.manager.user_id
        for record, values in ((self.own, {"state": "cleared"}), (self.disk, {"warn": 1})):
            with self.assertRaises(AccessError):
                record.with_user(user).write(values)
        with self.assertRaises(AccessError):
            self.disk.with_user(user).read(["value"])
        platform = self.env.ref("base.user_admin")
        self.disk.with_user(platform).write({"warn": 70})
        self.assertEqual(self.disk.warn, 70)
        self.disk.with_user(platform).action_look()
        with self.assertRaises(AccessError):
            self.disk.with_user(user).action_look()
