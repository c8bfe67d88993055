"""Every failure of the API is a problem document with the right status, code and headers."""

import logging
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.pool import PoolError

from ..rest import transaction
from .probe import NOWHERE, SECRET, ProbeCase

THING = {"name": "probe.thing", "lines": [{"quantity": "1.5", "price": {"amount": 1250, "currency": "GBP"}}]}
DISPATCHER = "odoo.addons.fynlo_pos_core.rest.dispatcher"


@tagged("post_install", "-at_install")
class TestFailures(ProbeCase):
    def test_unknown_paths(self):
        for path in (
            "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2", "/api/v2/orders", "/api/v1/nowhere", "/api/v1/nowhere/",
            "/api//v1/probe/old", "/api/v1/probe//old", "/api/v1/%ff", "/api/v1/%00", "/api/v1/probe/things/7",
            f"/api/v1/probe/things/{NOWHERE}",
        ):  # fmt: skip
            with self.subTest(path):
                self.assert_problem(self.call("GET", path), 404, "not_found")

    def test_unknown_path_of_a_write(self):
        self.assert_problem(self.call("POST", "/nowhere", {"a": 1}), 404, "not_found")

    def test_wrong_method(self):
        for method, path, allowed in (
            ("DELETE", "/probe/things", "GET, HEAD, POST"),
            ("PUT", f"/probe/things/{NOWHERE}", "GET, HEAD, PATCH"),
            ("GET", "/probe/open", "POST"),
            ("TRACE", "/probe/open/", "POST"),
            ("BREW", "/probe/old", "GET, HEAD"),
            ("OPTIONS", "/probe/old", "GET, HEAD"),
        ):
            with self.subTest(f"{method} {path}"):
                response = self.call(method, path)
                self.assert_problem(response, 405, "method_not_allowed")
                self.assertEqual(response.headers["Allow"], allowed)

    def test_head_of_a_write_route(self):
        response = self.call("HEAD", "/probe/open")
        self.assertEqual((response.status_code, response.headers["Allow"]), (405, "POST"))

    def test_bodies_that_cannot_be_read(self):
        deep = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        for name, body, status, code in (
            ("not JSON", b"{", 400, "malformed_json"),
            ("Python", b"{'name': 1}", 400, "malformed_json"),
            ("trailing text", b'{"name":"a"} x', 400, "malformed_json"),
            ("not UTF-8", b'{"name":"\xff\xfe"}', 400, "malformed_json"),
            ("lone surrogate", b'{"name":"\\ud800"}', 400, "malformed_json"),
            ("nesting bomb", deep, 400, "malformed_json"),
            ("NUL", b'{"name":"a\\u0000b"}', 422, "validation_failed"),
            ("a list", b"[]", 422, "validation_failed"),
            ("null", b"null", 422, "validation_failed"),
            ("nothing", None, 422, "validation_failed"),
        ):
            with self.subTest(name):
                self.assert_problem(self.call("POST", "/probe/things", body), status, code)
        self.assertFalse(self.topics("a"))

    def test_an_escaped_backslash_is_no_nul(self):
        response = self.call("POST", "/probe/open", b'{"name":"a\\\\u0000b"}')
        self.assertEqual((response.status_code, response.json()), (200, {"name": "a\\u0000b"}))

    def test_fields_that_are_wrong(self):
        price = {"amount": 1, "currency": "GBP"}
        for field, body in (
            ("name", {}),
            ("name", {"name": 7}),
            ("name", {"name": ""}),
            ("name", {"name": "a\u0007"}),
            ("colour", {"name": "a", "colour": "scarlet"}),
            ("lines", {"name": "a", "lines": {}}),
            ("lines[0].quantity", {"name": "a", "lines": [{"quantity": 1.5}]}),
            ("lines[1].quantity", {"name": "a", "lines": [{"quantity": "1"}, {"quantity": "1.2345"}]}),
            ("lines[0].price.amount", {"name": "a", "lines": [{"quantity": "1", "price": {**price, "amount": 1.5}}]}),
            ("lines[0].price.amount", {"name": "a", "lines": [{"quantity": "1", "price": {**price, "amount": "1"}}]}),
            ("lines[0].price.amount", {"name": "a", "lines": [{"quantity": "1", "price": {**price, "amount": True}}]}),
            ("lines[0].price.amount", {"name": "a", "lines": [{"quantity": "1", "price": {**price, "amount": 2**31}}]}),
        ):
            with self.subTest(body=body):
                code = "invalid_quantity" if field.endswith("quantity") else "validation_failed"
                problem = self.assert_problem(self.call("POST", "/probe/things", body), 422, code)
                self.assertEqual([error["field"] for error in problem["errors"]], [field])
                self.assertNotIn("scarlet", str(problem))

    def test_a_write_without_shape_takes_no_field(self):
        path = f"/probe/things/{NOWHERE}"
        self.assert_problem(self.call("PATCH", path, {"name": "x"}), 422, "validation_failed")
        self.assertEqual(self.call("PATCH", path, {}).status_code, 200)
        self.assertEqual(self.call("PATCH", path).status_code, 200)

    def test_query_fields_that_are_wrong(self):
        for field, query in (
            ("limit", "limit=0"),
            ("limit", "limit=501"),
            ("limit", "limit=many"),
            ("limit", "limit=1&limit=2"),
            ("colour", "colour=scarlet"),
            ("cursor", "cursor=tampered"),
            ("cursor", "cursor=WyJhIl0"),
            ("cursor", "cursor="),
            ("query", "word=%00"),
        ):
            with self.subTest(query):
                problem = self.assert_problem(self.call("GET", f"/probe/things?{query}"), 422, "validation_failed")
                self.assertEqual([error["field"] for error in problem["errors"]], [field])
        self.assert_problem(self.call("GET", "/probe/old?unknown=1"), 422, "validation_failed")

    def test_wrong_media_type(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
            with self.subTest(kind):
                response = self.call("POST", "/probe/things", b'{"name":"a"}', headers={"Content-Type": kind})
                self.assert_problem(response, 415, "unsupported_media_type")
        charset = {"Content-Type": "application/json; charset=utf-8"}
        self.assertEqual(self.call("POST", "/probe/open", b'{"name":"a"}', headers=charset).status_code, 200)

    def test_too_large(self):
        big = b'{"name":"' + b"a" * 2000 + b'"}'
        for name, body in (("declared", big), ("in chunks", iter([big[:900], big[900:1800], big[1800:]]))):
            with self.subTest(name):
                self.assert_problem(self.call("POST", "/probe/open", body), 413, "body_too_large")
        just = b'{"name":"a"}'.ljust(2000)
        self.assertEqual(self.call("POST", "/probe/open", just).status_code, 200)
        self.assertEqual(self.call("POST", "/probe/open", iter([just[:7], just[7:]])).status_code, 200)

    def test_sign_in_and_permission(self):
        response = self.call("POST", "/probe/things", THING, may=None)
        self.assert_problem(response, 401, "token_missing")
        self.assertEqual(response.headers["WWW-Authenticate"], 'Bearer realm="fynlo"')
        problem = self.assert_problem(self.call("POST", "/probe/things", THING, may=("x",)), 403, "permission_denied")
        self.assertEqual(problem["permission"], "probe.write")
        self.assertFalse(self.topics("probe.thing"))

    def test_an_unexpected_exception_tells_nothing(self):
        with self.assertLogs(DISPATCHER, logging.ERROR):
            response = self.call("POST", "/probe/fail/bug")
        self.assert_problem(response, 500, "internal_error")
        self.assertNotIn(SECRET, response.text)
        self.assertFalse(self.topics("probe.fail.bug"))

    def test_a_refusal_undoes_what_its_handler_wrote(self):
        self.assert_problem(self.call("POST", "/probe/fail/refused"), 409, "illegal_transition")
        self.assertFalse(self.topics("probe.fail.refused"))

    def test_the_database_goes_away(self):
        response = self.call("POST", "/probe/fail/lost-database")
        problem = self.assert_problem(response, 503, "unavailable")
        self.assertEqual((response.headers["Retry-After"], problem["retryable"]), ("2", True))
        self.assertNotIn(SECRET, response.text)

    def test_a_failure_before_any_route_is_known(self):
        for path, status, is_problem in (("/api/v1/probe/old", 503, True), ("/web/login", 500, False)):
            with self.subTest(path), self._no_free_connection(), mute_logger("odoo.http"):
                response = self.url_open(path)
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.headers["Content-Type"] == "application/problem+json", is_problem)
        self.assertEqual(self.call("GET", "/probe/old").status_code, 200)

    def test_a_conflict_that_lasts(self):
        def lose(*_args):
            raise transaction.SerializationFailure()

        with (
            patch.object(transaction, "MAX_TRIES", 2),
            patch("odoo.addons.fynlo_pos_core.rest.idempotency.record", lose),
        ):
            response = self.call("POST", "/probe/things", THING)
        self.assert_problem(response, 503, "unavailable")
        self.assertEqual(response.headers["Retry-After"], "1")
        self.assertFalse(self.topics("probe.thing"))

    @contextmanager
    def _no_free_connection(self):
        def refuse(*_args, **_kwargs):
            raise PoolError("The Connection Pool Is Full")

        with patch.object(type(self.env["ir.http"]), "_match", refuse):
            yield
