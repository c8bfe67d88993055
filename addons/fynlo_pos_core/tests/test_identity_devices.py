"""Pairing codes and devices: every route with no token, wrong role, elsewhere, and right."""

import base64
import json
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.identity import pairing_code as pairing_code_file
from ..tools.clock import now
from ..tools.identifiers import uuid7
from ..tools.settings import RateLimit, settings
from .common import ApiCase


class DeviceCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")

    def count(self, model="fynlo.device"):
        return self.env[model].search_count([])

    def make_code(self, token, location=None, **headers):
        body = {"location_id": (location or self.location).fynlo_uuid, "name": "Bar"}
        return self.api("POST", "/devices/pairing-codes", body, token=token, **headers)

    def pair(self, code, **more):
        body = {"code": code, "name": "iPad", "platform": "iPadOS 19.1", "app_version": "1.0.0", **more}
        return self.api("POST", "/devices/pair", body)


@tagged("post_install", "-at_install")
class TestPairing(DeviceCase):
    def test_code_pairs_once(self):
        code = self.make_code(self.manager).json()["code"]
        self.assertRegex(code, r"^[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}$")
        cashier = self.employee("cashier")
        elsewhere = self.employee("cashier", self.other_location)
        response = self.pair(code)
        self.assertEqual(response.status_code, 201, response.text)
        answer = response.json()
        self.assertEqual(answer["device"]["location"]["id"], self.location.fynlo_uuid)
        self.assertRegex(answer["device"]["number_prefix"], r"^T\d+$")
        names = {one["id"] for one in answer["employees"]}
        self.assertIn(cashier.fynlo_uuid, names)
        self.assertNotIn(elsewhere.fynlo_uuid, names)
        self.assertProblem(self.pair(code), "pairing_code_invalid", 401)
        listed = self.api("GET", "/devices/me/employees", device_key=answer["device_key"])
        self.assertEqual(listed.json()["items"], answer["employees"])

    def test_people_type_codes_as_they_like(self):
        code = self.make_code(self.manager).json()["code"]
        self.assertEqual(self.pair(f" {code.lower().replace('-', ' ')}").status_code, 201)

    def test_numbers_follow_each_other(self):
        first = self.env["fynlo.device"]._pair_new(self.location, "A")[0]
        second = self.env["fynlo.device"]._pair_new(self.location, "B")[0]
        self.assertEqual(int(second.number_prefix[1:]), int(first.number_prefix[1:]) + 1)

    def test_code_ends_after_ten_minutes(self):
        code = self.make_code(self.manager).json()["code"]
        record = self.env["fynlo.pairing.code"].search([], limit=1)
        self.assertEqual(record.expires_at - record.created_at, pairing_code_file.LIFETIME)
        record.expires_at = now() - timedelta(seconds=1)
        devices = self.count()
        self.assertProblem(self.pair(code), "pairing_code_invalid", 401)
        self.assertEqual(self.count(), devices)

    def test_neither_code_nor_key_is_stored(self):
        code = self.make_code(self.manager).json()["code"]
        key = self.pair(code).json()["device_key"]
        self.env.cr.execute(
            """SELECT (SELECT string_agg(t::text, ' ') FROM fynlo_pairing_code t)
                   || (SELECT string_agg(t::text, ' ') FROM fynlo_device t)
                   || (SELECT COALESCE(string_agg(t::text, ' '), '') FROM fynlo_idempotency t)"""
        )
        stored = self.env.cr.fetchone()[0]
        for secret in (code, code.replace("-", ""), key):
            self.assertNotIn(secret, stored)

    def test_guesses_are_limited(self):
        with patch.dict(settings().rate_limits, auth=RateLimit(per_s=0.01, burst=5)):
            answers = [self.pair("AAAA-AAAA").json()["code"] for _turn in range(7)]
        self.assertEqual(answers, ["pairing_code_invalid"] * 5 + ["rate_limited"] * 2)

    def test_code_quartet(self):
        codes = self.count("fynlo.pairing.code")
        self.assertProblem(self.make_code(None), "token_missing", 401)
        self.assertProblem(self.make_code(self.sign_in("supervisor")), "permission_denied", 403)
        self.assertProblem(self.make_code(self.manager, self.other_location), "not_found", 404)
        _company, foreign = self.make_company("Faraway", chart=None)
        owner = self.sign_in("owner")
        self.assertProblem(self.make_code(owner, foreign), "not_found", 404)
        self.assertEqual(self.count("fynlo.pairing.code"), codes)
        self.assertEqual(self.make_code(owner, self.other_location).status_code, 201)
        self.assertEqual(self.count("fynlo.pairing.code"), codes + 1)

    def test_employee_list_needs_the_device(self):
        self.assertProblem(self.api("GET", "/devices/me/employees"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/devices/me/employees", device_key="x"), "token_invalid", 401)
        self.assertEqual(self.api("GET", "/devices/me/employees", token=self.sign_in("kitchen")).status_code, 200)
        loose = self.env["fynlo.session"]._open(self.employee("server"), self.location)["access_token"]
        self.assertProblem(self.api("GET", "/devices/me/employees", token=loose), "permission_denied", 403)

    def test_back_office_shows_code_and_picture(self):
        user = self.employee("manager").user_id
        wizard = self.env["fynlo.pairing.wizard"].with_user(user).create({"config_id": self.location.id, "name": "Bar"})
        wizard.action_make()
        self.assertIn(b"<svg", base64.b64decode(wizard.qr))
        self.assertEqual(self.pair(wizard.code).status_code, 201)
        server = self.employee("server").user_id
        with self.assertRaises(AccessError):
            self.env["fynlo.pairing.wizard"].with_user(server).create({"config_id": self.location.id, "name": "Bar"})


@tagged("post_install", "-at_install")
class TestDevices(DeviceCase):
    def setUp(self):
        super().setUp()
        self.till, self.key = self.env["fynlo.device"]._pair_new(self.location, "Bar", "iPadOS", "1.0")
        self.path = f"/devices/{self.till.fynlo_uuid}"

    def test_list(self):
        other = self.env["fynlo.device"]._pair_new(self.other_location, "Elsewhere")[0]
        page = self.api("GET", "/devices?limit=1", token=self.manager).json()
        self.assertEqual(len(page["items"]), 1)
        seen = [page["items"][0]["id"]]
        while page["next_cursor"]:
            page = self.api("GET", f"/devices?limit=1&cursor={page['next_cursor']}", token=self.manager).json()
            seen += [one["id"] for one in page["items"]]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertIn(self.till.fynlo_uuid, seen)
        self.assertNotIn(other.fynlo_uuid, seen)
        owned = self.api("GET", "/devices?limit=500", token=self.sign_in("owner")).json()["items"]
        self.assertIn(other.fynlo_uuid, [one["id"] for one in owned])
        filtered = self.api("GET", "/devices?state=revoked", token=self.manager).json()["items"]
        self.assertNotIn(self.till.fynlo_uuid, [one["id"] for one in filtered])
        self.assertProblem(self.api("GET", "/devices?cursor=abc", token=self.manager), "validation_failed", 422)

    def test_shape(self):
        answer = self.api("GET", self.path, token=self.manager)
        self.assertEqual(answer.headers["ETag"], '"v1"')
        self.assertEqual(answer.json()["location"], {"id": self.location.fynlo_uuid, "name": self.location.name})
        self.assertEqual(answer.json()["state"], "paired")
        self.assertNotIn("key_hash", answer.json())

    def test_quartet(self):
        """No token, wrong role, other location, other company: refused, and nothing is changed."""
        _company, foreign_location = self.make_company("Faraway", chart=None)
        elsewhere = self.env["fynlo.device"]._pair_new(self.other_location, "Elsewhere")[0]
        foreign = self.env["fynlo.device"]._pair_new(foreign_location, "Foreign")[0]
        supervisor = self.sign_in("supervisor")
        calls = (("GET", None), ("PATCH", {"name": "Stolen"}), ("DELETE", None))
        for method, body in calls:
            for token, device, code, status in (
                (None, self.till, "token_missing", 401),
                (supervisor, self.till, "permission_denied", 403),
                (self.manager, elsewhere, "not_found", 404),
                (self.manager, foreign, "not_found", 404),
            ):
                with self.subTest(f"{method} {code} {device.name}"):
                    response = self.api(method, f"/devices/{device.fynlo_uuid}", body, token=token)
                    self.assertProblem(response, code, status)
        for device, name in ((self.till, "Bar"), (elsewhere, "Elsewhere"), (foreign, "Foreign")):
            self.assertEqual((device.name, device.state, device.version), (name, "paired", 1))
        self.assertProblem(self.api("GET", "/devices"), "token_missing", 401)
        self.assertProblem(self.api("GET", "/devices", token=supervisor), "permission_denied", 403)

    def test_rename_and_move(self):
        response = self.api("PATCH", self.path, {"name": "Terrace"}, token=self.manager, headers={"If-Match": '"v1"'})
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual((response.json()["name"], response.json()["version"]), ("Terrace", 2))
        body = {"location_id": self.other_location.fynlo_uuid}
        self.assertProblem(self.api("PATCH", self.path, body, token=self.manager), "not_found", 404)
        moved = self.api("PATCH", self.path, body, token=self.sign_in("owner"))
        self.assertEqual(moved.json()["location"]["id"], self.other_location.fynlo_uuid)
        self.assertProblem(self.api("PATCH", self.path, {}, token=self.sign_in("owner")), "validation_failed", 422)

    def test_stale_version(self):
        self.till.name = "Renamed"
        response = self.api("PATCH", self.path, {"name": "Mine"}, token=self.manager, headers={"If-Match": '"v1"'})
        problem = self.assertProblem(response, "version_conflict", 409)
        self.assertEqual(problem["current"]["name"], "Renamed")
        self.assertEqual(self.till.name, "Renamed")

    def test_revoke(self):
        key = uuid7()
        response = self.api("DELETE", self.path, token=self.manager, key=key)
        self.assertEqual((response.status_code, response.json()["state"]), (200, "revoked"))
        again = self.api("DELETE", self.path, token=self.manager, key=key)
        self.assertEqual((again.json(), again.headers["Idempotent-Replayed"]), (response.json(), "true"))
        self.assertProblem(self.api("GET", "/devices/me/employees", device_key=self.key), "device_revoked", 401)
        events = self.env["fynlo.outbox"].search([("topic", "=", f"d.{self.till.fynlo_uuid}")])
        self.assertEqual(events.mapped("type"), ["device.revoked"])
        self.assertEqual(json.loads(events.payload)["id"], self.till.fynlo_uuid)
        entry = self.env["fynlo.audit.log"].search([("action", "=", "device.revoked")], limit=1)
        self.assertEqual((entry.resource_id, entry.actor), (self.till.fynlo_uuid, self.employee("manager").name))

    def test_back_office_changes_only_name_and_place(self):
        till = self.till.with_user(self.employee("manager").user_id)
        till.name = "Office name"
        self.assertEqual(till.version, 2)
        for vals in ({"state": "revoked"}, {"number_prefix": "T99"}, {"next_number": 1}, {"fynlo_uuid": uuid7()}):
            with self.subTest(str(vals)), self.assertRaises(AccessError):
                till.write(vals)
        till.action_revoke()
        self.assertEqual(self.till.state, "revoked")
        with self.assertRaises(AccessError):
            self.till.with_user(self.employee("server").user_id).action_revoke()
        with self.assertRaises(AccessError):
            till.key_hash  # noqa: B018  reading is the test
