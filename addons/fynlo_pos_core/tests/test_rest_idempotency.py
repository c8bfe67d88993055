"""A write with a key happens once: its answer is kept in the transaction of its effect."""

import json
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.system.idempotency_record import KEEP_DAYS
from ..rest import idempotency
from ..rest.problem import Problem
from ..tools.clock import now
from .probe import ProbeCase

THING = {"name": "probe.once"}


@tagged("post_install", "-at_install")
class TestIdempotency(ProbeCase):
    def records(self, key):
        return self.env["fynlo.idempotency"].search([("key", "=", key)])

    def test_the_key_is_needed(self):
        for header in ("", "a" * 201, "has space", "caf\u00e9".encode("latin-1")):
            with self.subTest(header):
                response = self.call("POST", "/probe/things", THING, headers={"Idempotency-Key": header})
                self.assert_problem(response, 400, "idempotency_key_missing")
        self.assertFalse(self.topics("probe.once"))

    def test_the_older_name_of_the_header(self):
        older = {"Idempotency-Key": None, "X-Idempotency-Key": str(uuid4())}
        first, second = (self.call("POST", "/probe/things", THING, headers=older) for _turn in range(2))
        self.assertEqual((first.status_code, first.content), (201, second.content))

    def test_a_repetition_gets_the_same_answer(self):
        key = str(uuid4())
        first, second = (self.call("POST", "/probe/things", THING, key=key) for _turn in range(2))
        self.assertEqual((first.status_code, second.status_code), (201, 201))
        self.assertEqual(first.content, second.content)
        self.assertEqual(first.headers["ETag"], second.headers["ETag"])
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")
        self.assertEqual(self.topics("probe.once"), 1)

    def test_a_key_belongs_to_one_request(self):
        key = str(uuid4())
        self.call("POST", "/probe/things", THING, key=key)
        for path, body in (("/probe/things", {"name": "probe.other"}), ("/probe/fail/refused", None)):
            with self.subTest(path):
                self.assert_problem(self.call("POST", path, body, key=key), 422, "idempotency_key_reused")
        self.assertFalse(self.topics("probe.other"))

    def test_a_key_belongs_to_its_sender(self):
        key = str(uuid4())
        self.call("POST", "/probe/things", THING, key=key)
        self.env["fynlo.idempotency"].search([("key", "=", key)]).write({"scope": "another till"})
        response = self.call("POST", "/probe/things", {"name": "probe.mine"}, key=key)
        self.assertEqual((response.status_code, self.topics("probe.mine")), (201, 1))

    def test_the_permission_counts_also_for_a_repetition(self):
        key = str(uuid4())
        self.call("POST", "/probe/things", THING, key=key)
        self.assert_problem(self.call("POST", "/probe/things", THING, key=key, may=("x",)), 403, "permission_denied")

    def test_a_failure_leaves_no_record(self):
        for how, status in (("refused", 409), ("bug", 500)):
            key = str(uuid4())
            with self.subTest(how), mute_logger("odoo.addons.fynlo_pos_core.rest.dispatcher"):
                self.assertEqual(self.call("POST", f"/probe/fail/{how}", key=key).status_code, status)
                self.assertFalse(self.records(key))
                self.assert_problem(self.call("GET", f"/operations/{key}"), 404, "not_found")

    def test_in_flight(self):
        key = str(uuid4())

        def taken(cr, *args):
            return cr.execute("SELECT FALSE, NULL, NULL, NULL") or claim_of(cr.fetchone())

        def claim_of(row):
            if not row[0]:
                raise Problem("operation_in_progress", "-", headers={"Retry-After": "1"})

        with patch.object(idempotency, "claim", taken):
            response = self.call("POST", "/probe/things", THING, key=key)
        problem = self.assert_problem(response, 409, "operation_in_progress")
        self.assertEqual((response.headers["Retry-After"], problem["retryable"]), ("1", True))

    def test_a_twin_that_wins_the_race_is_found_on_the_second_pass(self):
        """The look finds nothing, the handler works, then the record's unique index refuses."""
        key = str(uuid4())
        first = self.call("POST", "/probe/things", THING, key=key)
        real, blind = idempotency.claim, [True]

        def claim(*args):
            return None if blind and blind.pop() else real(*args)

        with patch.object(idempotency, "claim", claim), mute_logger("odoo.sql_db"):
            second = self.call("POST", "/probe/things", {**THING}, key=key)
        self.assertEqual((second.status_code, second.content), (201, first.content))
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")
        self.assertEqual(self.topics("probe.once"), 1)

    def test_the_outcome_of_a_write(self):
        key = str(uuid4())
        made = self.call("POST", "/probe/things", THING, key=key)
        operation = self.call("GET", f"/operations/{key}").json()
        thing = made.json()
        self.assertEqual(
            operation,
            {
                "key": key,
                "state": "done",
                "status": 201,
                "body": thing,
                "resource": {"type": "thing", "id": thing["id"]},
            },
        )
        self.assert_problem(self.call("GET", f"/operations/{uuid4()}"), 404, "not_found")
        self.assert_problem(self.call("GET", f"/operations/{key}", may=None), 401, "token_missing")

    def test_open_routes_need_no_key(self):
        response = self.call("POST", "/probe/open", THING, may=None, headers={"Idempotency-Key": None})
        self.assertEqual(response.status_code, 200)


@tagged("post_install", "-at_install")
class TestIdempotencyRecord(TransactionCase):
    def keep(self, key, days):
        return self.env["fynlo.idempotency"].create(
            {
                "scope": "till",
                "key": key,
                "route": "POST /x",
                "body_hash": "h",
                "status": 200,
                "body": json.dumps({}),
                "created_at": now() - timedelta(days=days),
            }
        )

    def test_old_records_are_forgotten(self):
        old, recent = self.keep("old", KEEP_DAYS + 1), self.keep("recent", KEEP_DAYS - 1)
        deleted, more = self.env["fynlo.idempotency"]._gc_old_records()
        self.assertGreaterEqual(deleted, 1)
        self.assertFalse(more)
        self.assertEqual((old | recent).exists(), recent)

    def test_work_in_progress_is_seen_from_another_connection(self):
        key = str(uuid4())
        with self.registry.cursor() as other:
            self.assertIsNone(idempotency.outcome(self.env.cr, "till", key))
            idempotency.claim(other, "till", key, "hash")
            found = idempotency.outcome(self.env.cr, "till", key)
        self.assertEqual((found["state"], found["status"], found["body"]), ("in_progress", None, None))
