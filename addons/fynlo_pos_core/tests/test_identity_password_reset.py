"""Forgotten passwords: the same answer for everybody, one token by mail, used once."""

import re
from datetime import timedelta

from odoo.tests import tagged

from ..models.identity import password_reset as password_reset_file
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .common import ApiCase

OLD, NEW = "the old password", "a brand new password"


@tagged("post_install", "-at_install")
class TestPasswordReset(ApiCase):
    def setUp(self):
        super().setUp()
        self.email = f"kim.{uuid7()[-8:]}@fynlo.example"
        self.person = self.employee("manager", email=self.email, password=OLD)
        self.resets = self.env["fynlo.password.reset"].sudo()

    def ask(self, email=None):
        return self.api("POST", "/auth/password/forgot", {"email": email or self.email}, key=False)

    def reset(self, token, password=NEW):
        return self.api("POST", "/auth/password/reset", {"token": token, "password": password}, key=False)

    def log_in(self, password):
        return self.api("POST", "/auth/login", {"email": self.email, "password": password}).status_code

    def mailed_token(self):
        """Do the background job and read the mail."""
        self.resets._send_asked()
        mail = self.env["mail.mail"].sudo().search([("email_to", "ilike", self.email)], limit=1, order="id desc")
        return re.search(r"[\w-]{43}", re.sub(r"<[^>]+>", " ", mail.body_html))[0]

    def test_known_and_unknown_get_the_same_answer(self):
        answers = {(one.status_code, one.text) for one in (self.ask(), self.ask("nobody@fynlo.example"))}
        self.assertEqual(answers, {(202, "{}")})
        self.resets._send_asked()
        states = self.resets.search([("login", "in", [self.email, "nobody@fynlo.example"])]).mapped("state")
        self.assertEqual(sorted(states), ["sent", "unknown"])
        mails = self.env["mail.mail"].sudo().search([("email_to", "ilike", "nobody@fynlo.example")])
        self.assertFalse(mails)

    def test_token_sets_the_password_once_and_ends_every_sign_in(self):
        answer = self.session("manager", employee=self.person)
        self.ask()
        token = self.mailed_token()
        self.assertEqual(self.log_in(OLD), 200, "asking changes nothing")
        response = self.reset(token)
        self.assertEqual((response.status_code, response.json()), (200, {}))
        self.assertEqual((self.log_in(OLD), self.log_in(NEW)), (401, 200))
        self.assertProblem(self.api("GET", "/auth/me", token=answer["access_token"]), "token_invalid", 401)
        self.assertProblem(self.reset(token, "yet another one"), "reset_token_invalid", 422)
        self.assertEqual(self.log_in(NEW), 200)
        actions = self.env["fynlo.audit.log"].search([("resource_id", "=", self.person.fynlo_uuid)]).mapped("action")
        self.assertIn("password.reset", actions)
        self.assertIn("password.reset_sent", actions)

    def test_token_ends_after_half_an_hour(self):
        self.ask()
        token = self.mailed_token()
        record = self.resets.search([("login", "=", self.email), ("state", "=", "sent")])
        self.assertLessEqual(record.expires_at - now(), password_reset_file.LIFETIME)
        record.expires_at = now() - timedelta(seconds=1)
        self.assertProblem(self.reset(token), "reset_token_invalid", 422)
        self.assertEqual(self.log_in(OLD), 200)

    def test_a_newer_token_replaces_the_older(self):
        self.ask()
        first = self.mailed_token()
        self.ask()
        second = self.mailed_token()
        self.assertNotEqual(first, second)
        self.assertProblem(self.reset(first), "reset_token_invalid", 422)
        self.assertEqual(self.reset(second).status_code, 200)

    def test_short_password_is_refused_and_the_token_stays(self):
        self.ask()
        token = self.mailed_token()
        self.assertProblem(self.reset(token, "short"), "validation_failed", 422)
        self.assertEqual(self.reset(token).status_code, 200)

    def test_unknown_token(self):
        self.assertProblem(self.reset("x" * 43), "reset_token_invalid", 422)

    def test_only_the_hash_is_stored(self):
        self.ask()
        token = self.mailed_token()
        self.env.cr.execute("SELECT string_agg(t::text, ' ') FROM fynlo_password_reset t")
        self.assertNotIn(token, self.env.cr.fetchone()[0])

    def test_asking_again_and_again_sends_few_mails(self):
        for _turn in range(6):
            self.assertEqual(self.ask().status_code, 202)
        asked = self.resets.search_count([("login", "=", self.email)])
        self.assertEqual(asked, password_reset_file.ASKED_PER_HOUR)
