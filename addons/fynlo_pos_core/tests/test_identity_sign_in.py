"""Signing in by PIN and by password, over real HTTP."""

import base64
import time
from statistics import median
from unittest.mock import patch

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp
from odoo.tests import tagged

from ..models.identity import lockout as lockout_file
from ..tools import access_token
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .common import ApiCase

PASSWORD = "correct horse battery"


class SignInCase(ApiCase):
    def pin(self, employee, pin, key=None, **more):
        key = key or self.device()[1]
        return self.api("POST", "/auth/pin", {"employee_id": employee.fynlo_uuid, "pin": pin, **more}, device_key=key)

    def log_in(self, email, password=PASSWORD, **more):
        return self.api("POST", "/auth/login", {"email": email, "password": password, **more})

    def sessions_of(self, employee):
        return self.env["fynlo.session"].search_count([("employee_id", "=", employee.id)])

    def counter(self, kind, employee):
        return self.env["fynlo.lockout"].search([("kind", "=", kind), ("employee_id", "=", employee.id)])

    def events(self, event_type):
        return self.env["fynlo.outbox"].search([("type", "=", event_type), ("company_id", "=", self.company.id)])


@tagged("post_install", "-at_install")
class TestPinSignIn(SignInCase):
    def test_right_pin_opens_a_session(self):
        device, _key = self.device()
        employee = self.employee("cashier", pin="2580")
        response = self.pin(employee, "2580", app_version="1.1.0")
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(answer["employee"], {"id": employee.fynlo_uuid, "name": employee.name, "role": "cashier"})
        self.assertEqual(answer["location"]["id"], self.location.fynlo_uuid)
        self.assertEqual((answer["token_type"], answer["expires_in"]), ("Bearer", 900))
        self.assertIn("till_session.open", answer["permissions"])
        self.assertNotIn("employee.manage", answer["permissions"])
        claims = access_token.read(answer["access_token"], access_token.WEBSOCKET)
        self.assertEqual(claims["device"], device.fynlo_uuid)
        self.assertIn(f"l.{self.location.fynlo_uuid}.orders", claims["topics"])
        self.assertNotIn(f"c.{self.company.fynlo_uuid}.dashboard", claims["topics"])
        self.assertEqual(device.app_version, "1.1.0")
        me = self.api("GET", "/auth/me", token=answer["access_token"])
        self.assertEqual(me.status_code, 200, me.text)
        self.assertEqual(me.json()["employee"]["id"], employee.fynlo_uuid)
        self.assertEqual(me.json()["permissions"], answer["permissions"])

    def test_no_cookie_and_no_secret_in_the_answer(self):
        employee = self.employee("server", pin="25801379")
        response = self.pin(employee, "25801379")
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertNotIn("25801379", response.text)
        self.assertNotIn("argon2", response.text)

    def test_pin_is_stored_as_a_peppered_hash(self):
        employee = self.employee("server", pin="2580")
        stored = self.env["fynlo.credential"].sudo().search([("employee_id", "=", employee.id)]).pin_hash
        self.assertTrue(stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$"), stored)
        self.assertFalse(employee.pin)

    def test_wrong_pin_is_refused_and_counted(self):
        employee = self.employee("cashier", pin="2580")
        self.assertProblem(self.pin(employee, "2581"), "credentials_invalid", 401)
        self.assertEqual(self.sessions_of(employee), 0)
        self.assertEqual(self.counter("device_employee", employee).failures, 1)

    def test_refusals_tell_nothing_apart(self):
        """Wrong PIN, no PIN, no such person, another place and another company look the same."""
        elsewhere = self.employee("cashier", self.other_location, pin="2580")
        company, location = self.make_company("Faraway", chart=None)
        foreign = self.employee("cashier", location, pin="2580")
        cases = {
            "wrong": (self.employee("cashier", pin="1111").fynlo_uuid, "2580"),
            "no pin": (self.employee("cashier").fynlo_uuid, "2580"),
            "unknown": (uuid7(), "2580"),
            "other location": (elsewhere.fynlo_uuid, "2580"),
            "other company": (foreign.fynlo_uuid, "2580"),
        }
        details = set()
        for name, (uuid, pin) in cases.items():
            with self.subTest(name):
                body = {"employee_id": uuid, "pin": pin}
                response = self.api("POST", "/auth/pin", body, device_key=self.device()[1])
                details.add(self.assertProblem(response, "credentials_invalid", 401)["detail"])
        self.assertEqual(len(details), 1)
        self.assertEqual(self.sessions_of(elsewhere) + self.sessions_of(foreign), 0)
        self.assertEqual(company, foreign.company_id)

    def test_five_failures_lock_this_device_for_this_employee(self):
        employee = self.employee("cashier", pin="2580")
        for _turn in range(5):
            self.assertProblem(self.pin(employee, "0000"), "credentials_invalid")
        locked = self.pin(employee, "2580")
        self.assertProblem(locked, "sign_in_locked", 429)
        self.assertTrue(890 <= int(locked.headers["Retry-After"]) <= 900)
        self.assertEqual(self.sessions_of(employee), 0)
        other = self.env["fynlo.device"]._pair_new(self.location, "Second till")[1]
        self.assertEqual(self.pin(employee, "2580", other).status_code, 200, "another till still works")
        alert = self.events("alert.raised")[0]
        self.assertEqual(alert.topic, f"c.{self.company.fynlo_uuid}.dashboard")
        self.assertIn(employee.name, alert.payload)

    def test_a_lock_ends_by_itself_and_by_hand(self):
        employee = self.employee("cashier", pin="2580")
        for _turn in range(5):
            self.pin(employee, "0000")
        counter = self.counter("device_employee", employee)
        self.assertTrue(counter.is_locked)
        counter.action_unlock()
        self.assertEqual(self.pin(employee, "2580").status_code, 200)
        for _turn in range(5):
            self.pin(employee, "0000")
        counter.locked_until = now()
        self.assertEqual(self.pin(employee, "2580").status_code, 200)

    def test_success_forgets_the_failures_of_the_pair(self):
        employee = self.employee("cashier", pin="2580")
        for _turn in range(4):
            self.pin(employee, "0000")
        self.assertEqual(self.pin(employee, "2580").status_code, 200)
        self.assertEqual(self.counter("device_employee", employee).failures, 0)
        self.assertEqual(self.counter("employee", employee).failures, 4, "the ceiling over all devices stays")

    def test_brute_force_from_many_devices_meets_the_employees_ceiling(self):
        employee = self.employee("manager", pin="2580")
        tries = 0
        for number in range(4):
            key = self.env["fynlo.device"]._pair_new(self.location, f"Stolen {number}")[1]
            for _turn in range(4):
                tries += 1
                last = self.pin(employee, "0000", key)
        self.assertEqual(tries, 16)
        self.assertProblem(last, "sign_in_locked", 429)
        fresh = self.env["fynlo.device"]._pair_new(self.location, "Fresh")[1]
        self.assertProblem(self.pin(employee, "2580", fresh), "sign_in_locked", 429)

    def test_one_device_cannot_try_everybody(self):
        key = self.env["fynlo.device"]._pair_new(self.location, "Stolen")[1]
        codes = []
        for _turn in range(31):
            response = self.api("POST", "/auth/pin", {"employee_id": uuid7(), "pin": "0000"}, device_key=key)
            codes.append(response.json()["code"])
        self.assertEqual(codes, ["credentials_invalid"] * 30 + ["sign_in_locked"])

    def test_lockout_holds_while_redis_is_away(self):
        employee = self.employee("cashier", pin="2580")
        with patch("odoo.addons.fynlo_pos_core.tools.redis_client.attempt", lambda work, otherwise: otherwise):
            for _turn in range(5):
                self.assertProblem(self.pin(employee, "0000"), "credentials_invalid")
            self.assertProblem(self.pin(employee, "2580"), "sign_in_locked", 429)

    def test_needs_a_paired_device(self):
        employee = self.employee("cashier", pin="2580")
        body = {"employee_id": employee.fynlo_uuid, "pin": "2580"}
        self.assertProblem(self.api("POST", "/auth/pin", body), "token_missing", 401)
        self.assertProblem(self.pin(employee, "2580", "not-a-key"), "token_invalid", 401)
        device, key = self.env["fynlo.device"]._pair_new(self.location, "Lost")
        device._revoke()
        self.assertProblem(self.pin(employee, "2580", key), "device_revoked", 401)
        self.assertEqual(self.sessions_of(employee), 0)

    def test_malformed_pin_is_refused_before_it_is_counted(self):
        employee = self.employee("cashier", pin="2580")
        for pin in ("123", "123456789", "12a4", "١٢٣٤", ""):
            with self.subTest(pin):
                self.assertProblem(self.pin(employee, pin), "validation_failed", 422)
        self.assertFalse(self.counter("device_employee", employee))

    def test_archived_employee_is_refused(self):
        employee = self.employee("cashier", pin="2580")
        employee.action_archive()
        self.assertProblem(self.pin(employee, "2580"), "credentials_invalid", 401)


@tagged("post_install", "-at_install")
class TestPasswordSignIn(SignInCase):
    def setUp(self):
        super().setUp()
        self.email = f"sam.{uuid7()[-8:]}@fynlo.example"
        self.manager = self.employee("manager", email=self.email, password=PASSWORD)

    def test_right_password_opens_a_session(self):
        response = self.log_in(self.email.upper())
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(answer["employee"]["id"], self.manager.fynlo_uuid)
        self.assertEqual(answer["location"]["id"], self.location.fynlo_uuid)
        self.assertIsNone(access_token.read(answer["access_token"])["device"])
        self.assertNotIn("Set-Cookie", response.headers)

    def test_works_for_an_employee_of_another_company(self):
        _company, location = self.make_company("Faraway", chart=None)
        email = f"lee.{uuid7()[-8:]}@fynlo.example"
        self.employee("owner", location, email=email, password=PASSWORD)
        response = self.log_in(email)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["location"]["id"], location.fynlo_uuid)

    def test_location_can_be_chosen_among_the_own(self):
        self.manager.fynlo_location_ids = self.location | self.other_location
        answer = self.log_in(self.email, location_id=self.other_location.fynlo_uuid).json()
        self.assertEqual(answer["location"]["id"], self.other_location.fynlo_uuid)
        foreign = self.make_location("Not mine")
        self.assertProblem(self.log_in(self.email, location_id=foreign.fynlo_uuid), "not_found", 404)

    def test_on_a_paired_device_it_is_bound_to_it(self):
        device, key = self.device()
        answer = self.api("POST", "/auth/login", {"email": self.email, "password": PASSWORD}, device_key=key).json()
        self.assertEqual(access_token.read(answer["access_token"])["device"], device.fynlo_uuid)

    def test_wrong_password_and_unknown_address_look_the_same(self):
        wrong = self.assertProblem(self.log_in(self.email, "wrong"), "credentials_invalid", 401)
        unknown = self.assertProblem(self.log_in("nobody@fynlo.example", "wrong"), "credentials_invalid", 401)
        self.assertEqual(wrong["detail"], unknown["detail"])
        self.assertEqual(self.sessions_of(self.manager), 0)

    def test_user_without_employee_cannot_sign_in(self):
        self.env["res.users"].with_context(no_reset_password=True).create(
            {"name": "Office", "login": "office@fynlo.example", "password": PASSWORD}
        )
        self.assertProblem(self.log_in("office@fynlo.example"), "credentials_invalid", 401)

    def test_unknown_address_takes_as_long(self):
        """The same hash is computed either way: without it an unknown address would answer in a tenth of the time."""
        self.env["ir.config_parameter"].sudo().set_param("password.hashing.rounds", "600000")
        self.log_in("nobody@fynlo.example", "wrong")  # computes the reference hash once
        times = {"known": [], "unknown": []}
        for _turn in range(3):
            for kind, email in (("known", self.email), ("unknown", "nobody@fynlo.example")):
                start = time.process_time()
                self.log_in(email, "wrong")
                times[kind].append(time.process_time() - start)
        known, unknown = median(times["known"]), median(times["unknown"])
        self.assertGreater(unknown, known / 2, times)
        self.assertLess(unknown, known * 2, times)

    def test_five_failures_lock_the_address_known_or_not(self):
        for email in (self.email, "nobody@fynlo.example"):
            with self.subTest(email):
                for _turn in range(5):
                    self.assertProblem(self.log_in(email, "wrong"), "credentials_invalid")
                self.assertProblem(self.log_in(email), "sign_in_locked", 429)
        self.assertEqual(self.sessions_of(self.manager), 0)

    def test_totp_is_honoured(self):
        secret = base64.b32encode(b"0123456789abcdefghij").decode()
        user = self.manager.user_id
        user.sudo().totp_secret = secret
        self.env.flush_all()
        self.assertProblem(self.log_in(self.email, "wrong"), "credentials_invalid", 401)
        self.assertProblem(self.log_in(self.email), "totp_required", 401)
        counter = int(time.time() / TIMESTEP)
        right = hotp(base64.b32decode(secret), counter)
        wrong = f"{(right + 1) % 1_000_000:06d}"
        self.assertProblem(self.log_in(self.email, totp=wrong), "totp_invalid", 401)
        response = self.log_in(self.email, totp=f"{right:06d}")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertProblem(self.log_in(self.email, totp=f"{right:06d}"), "totp_invalid", 401)

    def test_failures_age(self):
        self.log_in(self.email, "wrong")
        counter = self.counter("login", self.manager)
        self.assertEqual(counter.failures, 1)
        minutes = lockout_file.RULES["login"].minutes
        counter.first_failure_at = now() - lockout_file.timedelta(minutes=minutes + 1)
        self.log_in(self.email, "wrong")
        self.assertEqual(counter.failures, 1)
