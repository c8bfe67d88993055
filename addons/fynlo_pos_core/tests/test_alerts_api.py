"""The routes of alerts, and health details and metrics that show them."""

import re

from odoo.tests import tagged

from ..controllers.alerts import AlertPageView, AlertView
from ..controllers.system_views import DetailsView
from ..engine.health import Reading
from ..tools.clock import wire
from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestAlertsApi(ApiCase):
    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")
        self.rule = self.env["fynlo.alert.rule"].search([("code", "=", "printer")])
        self.system_rule = self.env["fynlo.alert.rule"].search([("code", "=", "disk")])

    def alert(self, rule=None, location=None, **values):
        key = uuid7()
        location = self.location if location is None else location
        reading = Reading(
            3,
            "No paper",
            kind="printer",
            key=key,
            name="Bar printer",
            company_id=values.pop("company_id", self.company.id),
            config_id=location.id,
        )
        watch = self.env["fynlo.alert.watch"]
        alert = watch._begin(rule or self.rule, "warn", reading)
        alert._see_bad("warn", reading, 1)
        self.assertEqual(alert.state, "open")
        alert.write(values)
        return alert

    def system_alert(self):
        return self.alert(self.system_rule, self.env["pos.config"], company_id=None)

    def listed(self, token, query=""):
        response = self.api("GET", f"/alerts{query}", token=token)
        self.assertEqual(response.status_code, 200, response.text)
        AlertPageView.model_validate(response.json())
        return [item["id"] for item in response.json()["items"]]

    def test_reading_one(self):
        alert = self.alert()
        path = f"/alerts/{alert.fynlo_uuid}"
        self.assertProblem(self.api("GET", path), "token_missing", 401)
        self.assertProblem(self.api("GET", path, token=self.sign_in("cashier")), "permission_denied", 403)
        elsewhere = self.sign_in("manager", self.other_location)
        self.assertProblem(self.api("GET", path, token=elsewhere), "not_found", 404)
        _company, location = self.make_company("Rival", chart=None)
        self.assertProblem(self.api("GET", path, token=self.sign_in("manager", location)), "not_found", 404)
        document = self.api("GET", path, token=self.manager).json()
        AlertView.model_validate(document)
        self.assertEqual((document["code"], document["text"]), ("printer", "A printer fails: Bar printer"))
        self.assertEqual((document["scope"], document["location_id"]), ("company", self.location.fynlo_uuid))
        self.assertEqual((document["value"], document["note"]), (3, "No paper"))
        self.assertIn("paper", document["hint"])

    def test_listing(self):
        open_, old = self.alert(), self.alert(state="cleared")
        taken = self.alert(state="acknowledged")
        company, location = self.make_company("Rival", chart=None)
        foreign = self.alert(location=location, company_id=company.id)
        self.assertEqual(self.listed(self.manager), [taken.fynlo_uuid, open_.fynlo_uuid])
        self.assertEqual(self.listed(self.manager, "?state=cleared"), [old.fynlo_uuid])
        self.assertEqual(self.listed(self.manager, "?state=open"), [open_.fynlo_uuid])
        self.assertEqual(self.listed(self.sign_in("manager", self.other_location)), [])
        self.assertEqual(self.listed(self.sign_in("owner", self.other_location)), [taken.fynlo_uuid, open_.fynlo_uuid])
        self.assertEqual(self.listed(self.sign_in("manager", location)), [foreign.fynlo_uuid])
        first = self.api("GET", "/alerts?limit=1", token=self.manager).json()
        self.assertEqual([item["id"] for item in first["items"]], [taken.fynlo_uuid])
        self.assertEqual(self.listed(self.manager, f"?limit=1&cursor={first['next_cursor']}"), [open_.fynlo_uuid])
        for query in ("?state=pending", "?limit=0", "?cursor=x", "?colour=red"):
            self.assertProblem(self.api("GET", f"/alerts{query}", token=self.manager), "validation_failed")

    def test_alerts_of_the_system_are_for_those_who_may_see_it(self):
        alert = self.system_alert()
        self.assertIn(alert.fynlo_uuid, self.listed(self.manager))
        supervisor = self.sign_in("supervisor")
        self.assertEqual(self.listed(supervisor), [])
        self.assertProblem(self.api("GET", f"/alerts/{alert.fynlo_uuid}", token=supervisor), "not_found", 404)
        row = self.env["fynlo.permission.map"].search(
            [("company_id", "=", self.company.id), ("code", "=", "system.read")]
        )
        row.sudo().write({"manager": False})
        self.assertEqual(self.listed(self.manager), [])
        taken = self.api("POST", f"/alerts/{alert.fynlo_uuid}:acknowledge", token=self.manager)
        self.assertProblem(taken, "not_found", 404)
        self.assertEqual(alert.state, "open")

    def test_acknowledging(self):
        alert = self.alert()
        path = f"/alerts/{alert.fynlo_uuid}:acknowledge"
        self.assertProblem(self.api("POST", path), "token_missing", 401)
        self.assertProblem(self.api("POST", path, token=self.sign_in("supervisor")), "permission_denied", 403)
        elsewhere = self.sign_in("manager", self.other_location)
        self.assertProblem(self.api("POST", path, token=elsewhere), "not_found", 404)
        self.assertEqual(alert.state, "open")
        key = uuid7()
        first = self.api("POST", path, token=self.manager, key=key)
        self.assertEqual(first.status_code, 200, first.text)
        AlertView.model_validate(first.json())
        self.assertEqual(
            (first.json()["state"], first.json()["acknowledged_by"]), ("acknowledged", self.employee("manager").name)
        )
        self.assertEqual(self.api("POST", path, token=self.manager, key=key).json(), first.json())
        self.assertEqual(self.api("POST", path, token=self.manager).json(), first.json())
        alert._clear()
        late = self.assertProblem(self.api("POST", path, token=self.manager), "illegal_transition", 409)
        self.assertEqual((late["current_state"], late["allowed"]), ("cleared", []))
        self.assertProblem(self.api("POST", path, {"x": 1}, token=self.manager), "validation_failed", 422)
        nothing = self.api("POST", f"/alerts/{uuid7()}:acknowledge", token=self.manager)
        self.assertProblem(nothing, "not_found", 404)


@tagged("post_install", "-at_install")
class TestHealthDetails(ApiCase):
    def checks(self, token):
        response = self.api("GET", "/health/details", token=token)
        self.assertEqual(response.status_code, 200, response.text)
        DetailsView.model_validate(response.json())
        return response.json()["status"], {check["code"]: check for check in response.json()["health"]}

    def test_every_check_is_told_with_what_to_do(self):
        token = self.sign_in("supervisor")
        _status, checks = self.checks(token)
        self.assertEqual(sorted(checks), sorted(self.env["fynlo.health"]._health_checks()))
        relay = checks["relay"]
        self.assertEqual((relay["unit"], relay["threshold"]), ("s", {"warn": 15, "fail": 60, "falling": False}))
        for check in checks.values():
            self.assertEqual(bool(check["hint"]), check["status"] != "ok", check)

    def test_the_worst_check_is_the_status(self):
        token = self.sign_in("manager")
        rules = self.env["fynlo.alert.rule"].search([])
        rules.write({"warn": 1e12, "fail": 1e12})
        rules.filtered("falling").write({"warn": -1, "fail": -1})
        self.assertEqual(self.checks(token)[0], "ok")
        disk = rules.filtered(lambda rule: rule.code == "disk")
        disk.write({"warn": 0})
        status, checks = self.checks(token)
        self.assertEqual((status, checks["disk"]["status"]), ("warn", "warn"))
        disk.write({"fail": 0})
        self.assertEqual(self.checks(token)[0], "fail")

    def test_another_companys_things_are_not_told(self):
        _company, location = self.make_company("Rival")
        session = self.env["pos.session"].create({"config_id": location.id, "user_id": self.env.uid})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pos_session SET start_at = now() - interval '99 hours' WHERE id = %s", (session.id,)
        )
        theirs = self.checks(self.sign_in("manager", location))[1]["till_session_open"]
        self.assertEqual((theirs["status"], int(theirs["value"])), ("fail", 99))
        self.assertIn(location.name, theirs["note"])
        mine = self.checks(self.sign_in("manager"))[1]["till_session_open"]
        self.assertNotIn(location.name, mine["note"])
        self.assertNotEqual(mine["value"], theirs["value"])

    def test_since_when(self):
        self.env["fynlo.alert.watch"]._evaluate()
        disk = self.env["fynlo.alert.rule"].search([("code", "=", "disk")])
        told = self.checks(self.sign_in("manager"))[1]["disk"]
        self.assertEqual(told["since"], wire(disk.since))


@tagged("post_install", "-at_install")
class TestHealthMetrics(ApiCase):
    def samples(self):
        response = self.api("GET", "/metrics")
        self.assertEqual(response.status_code, 200, response.text)
        text = response.text
        return dict(re.findall(r"^(fynlo_\S+) (\S+)$", text, re.M))

    def test_what_the_last_look_found(self):
        rules = self.env["fynlo.alert.rule"].search([])
        rules.write({"evaluated_at": False})
        samples = self.samples()
        self.assertEqual(samples["fynlo_alerts_last_evaluated_timestamp_seconds"], "0")
        self.assertNotIn('fynlo_health_status{check="disk"}', samples)
        self.env["fynlo.alert.watch"]._evaluate()
        rules.filtered(lambda rule: rule.code == "disk").write({"status": "fail", "value": 96.5})
        rules.filtered(lambda rule: rule.code == "relay").write({"status": "unknown"})
        samples = self.samples()
        self.assertEqual(samples['fynlo_health_status{check="disk"}'], "2")
        self.assertEqual(samples['fynlo_health_value{check="disk"}'], "96.5")
        self.assertEqual(samples['fynlo_health_status{check="relay"}'], "-1")
        self.assertRegex(samples["fynlo_alerts_last_evaluated_timestamp_seconds"], r"^\d{10}(\.\d+)?$")
        self.assertEqual(len([name for name in samples if name.startswith("fynlo_health_status")]), len(rules))

    def test_open_alerts(self):
        def count():
            return int(self.samples()['fynlo_alert_open{rule="printer"}'])

        before = count()
        rule = self.env["fynlo.alert.rule"].search([("code", "=", "printer")])
        alert = self.env["fynlo.alert.watch"]._begin(rule, "warn", Reading(1, kind="printer", key=uuid7()))
        self.assertEqual(count(), before)
        alert._see_bad("warn", Reading(1), 1)
        self.assertEqual(count(), before + 1)
        alert._acknowledge("Mona")
        self.assertEqual(count(), before + 1)
        alert._clear()
        self.assertEqual(count(), before)
