"""What every answer carries: ids, tags, caching, compression, limits, cross-origin headers."""

import gzip
import json
import logging
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import tagged

from ..rest.paging import decode, encode
from ..rest.problem import Problem
from ..tools.settings import RateLimit, settings
from .probe import NOWHERE, ProbeCase

THING = "/probe/things/0192f0a1-0000-7000-8000-000000000001"
LOG = "odoo.addons.fynlo_pos_core.rest.request_log"


@tagged("post_install", "-at_install")
class TestAnswers(ProbeCase):
    def with_settings(self, **changes):
        changed = replace(settings(), **changes)
        for place in ("rate_limit", "cors"):
            self.startPatcher(patch(f"odoo.addons.fynlo_pos_core.rest.{place}.settings", lambda: changed))

    def test_both_slash_forms(self):
        plain, slash = self.call("GET", THING), self.call("GET", THING + "/")
        self.assertEqual((plain.status_code, plain.content), (200, slash.content))

    def test_head_is_get_without_the_body(self):
        read, head = self.call("GET", THING), self.call("HEAD", THING)
        self.assertEqual((head.status_code, head.content), (200, b""))
        for name in ("Content-Type", "Content-Length", "ETag"):
            self.assertEqual(head.headers[name], read.headers[name])

    def test_no_answer_sets_a_cookie(self):
        for response in (self.call("GET", THING), self.call("POST", "/probe/things", {"name": "probe.cookie"})):
            self.assertNotIn("Set-Cookie", response.headers)
            self.assertEqual(int(response.headers["Content-Length"]), len(response.content))

    def test_request_id(self):
        for given, kept in (
            ("till-4_20261122:0001.a", True), ("short", False), ("a" * 129, False), ("has space in it", False),
            ("caf\u00e9-caf\u00e9-caf\u00e9".encode("latin-1"), False),
        ):  # fmt: skip
            with self.subTest(given):
                answered = self.call("GET", THING, headers={"X-Request-ID": given}).headers["X-Request-ID"]
                self.assertEqual(answered == given, kept)
        first, second = (self.call("GET", THING).headers["X-Request-ID"] for _turn in range(2))
        self.assertNotEqual(first, second)

    def test_etag_of_a_version(self):
        response = self.call("GET", THING)
        self.assertEqual((response.headers["ETag"], response.headers["Cache-Control"]), ('"v3"', "private, no-cache"))
        for header, status in (('"v3"', 304), ('W/"v3"', 304), ('"v2", "v3"', 304), ("*", 304), ('"v2"', 200)):
            with self.subTest(header):
                again = self.call("GET", THING, headers={"If-None-Match": header})
                self.assertEqual((again.status_code, bool(again.content)), (status, status == 200))
                self.assertEqual(again.headers["ETag"], '"v3"')

    def test_etag_of_bytes(self):
        etag = self.call("GET", "/probe/things").headers["ETag"]
        same = {"If-None-Match": etag}
        self.assertEqual(self.call("GET", "/probe/things", headers=same).status_code, 304)
        self.assertEqual(self.call("GET", "/probe/things?limit=2", headers=same).status_code, 200)

    def test_if_match(self):
        for header, status in (
            ('"v3"', 200), ('W/"v3"', 200), ("3", 200), ('"3"', 200), ("*", 200), (None, 200),
            ('"v2"', 409), ("4", 409), ("three", 422), ("", 422), ('"v3", "v4"', 422), ("\u00b3".encode("latin-1"), 422),
        ):  # fmt: skip
            with self.subTest(header):
                response = self.call("PATCH", THING, headers={"If-Match": header})
                self.assertEqual(response.status_code, status)
        problem = self.assert_problem(self.call("PATCH", THING, headers={"If-Match": "1"}), 409, "version_conflict")
        self.assertEqual((problem["current"]["version"], problem["conflicting_fields"]), (3, []))

    def test_a_write_shows_the_new_tag(self):
        response = self.call("PATCH", THING)
        self.assertEqual((response.headers["ETag"], response.headers["Cache-Control"]), ('"v4"', "no-store"))

    def test_pages(self):
        seen, path = [], "/probe/things?limit=10"
        for _turn in range(5):
            answer = self.call("GET", path).json()
            seen += [item["id"] for item in answer["items"]]
            if not answer["next_cursor"]:
                break
            path = f"/probe/things?limit=10&cursor={answer['next_cursor']}"
        self.assertEqual(seen, list(range(1, 26)))

    def test_cursors(self):
        self.assertEqual(decode(encode("2026-11-22", 7), str, int), ["2026-11-22", 7])
        for text in ("", "!", "bm90IGpzb24", encode(7), encode("a", "b"), encode(True, 1), encode({}), "\u00e9"):
            with self.subTest(text), self.assertRaises(Problem) as caught:
                decode(text, str, int)
            self.assertEqual(caught.exception.code, "validation_failed")

    def test_compression(self):
        for accepted, packed in (
            ("gzip", True),
            ("br, gzip;q=0.5", True),
            ("*", True),
            ("gzip;q=0", False),
            ("", False),
        ):
            with self.subTest(accepted):
                response = self.call("GET", "/probe/old", headers={"Accept-Encoding": accepted})
                self.assertEqual(response.headers.get("Content-Encoding"), "gzip" if packed else None)
                self.assertEqual(len(response.json()["text"]), 5000)
                self.assertIn("Accept-Encoding", response.headers["Vary"])
                self.assertEqual(int(response.headers["Content-Length"]) < 1000, packed)
        self.assertGreater(len(gzip.compress(b"x")), 0)
        self.assertNotIn("Content-Encoding", self.call("GET", THING, headers={"Accept-Encoding": "gzip"}).headers)

    def test_the_end_of_a_route_is_announced(self):
        headers = self.call("GET", "/probe/old").headers
        self.assertEqual(headers["Deprecation"], "@1767225600")
        self.assertEqual(headers["Sunset"], "Fri, 01 Jan 2027 00:00:00 GMT")
        self.assertNotIn("Deprecation", self.call("GET", THING).headers)

    def test_cross_origin_is_off(self):
        response = self.call("GET", THING, headers={"Origin": "https://till.example"})
        self.assertFalse([name for name in response.headers if name.startswith("Access-Control")])
        self.assert_problem(self.call("OPTIONS", THING), 405, "method_not_allowed")

    def test_cross_origin_of_a_listed_origin(self):
        self.with_settings(cors_origins=frozenset({"https://till.example"}))
        listed, other = {"Origin": "https://till.example"}, {"Origin": "https://evil.example"}
        preflight = self.call("OPTIONS", THING, may=None, headers=listed)
        self.assertEqual((preflight.status_code, preflight.json()), (200, {}))
        self.assertEqual(preflight.headers["Access-Control-Allow-Methods"], "GET, HEAD, PATCH")
        self.assertIn("Idempotency-Key", preflight.headers["Access-Control-Allow-Headers"])
        for response in (self.call("GET", THING, headers=listed), self.call("GET", "/nowhere", headers=listed)):
            self.assertEqual(response.headers["Access-Control-Allow-Origin"], "https://till.example")
            self.assertIn("Origin", response.headers["Vary"])
        self.assertNotIn("Access-Control-Allow-Origin", self.call("GET", THING, headers=other).headers)
        self.assert_problem(self.call("OPTIONS", THING, headers=other), 405, "method_not_allowed")
        self.assert_problem(self.call("OPTIONS", "/nowhere", headers=listed), 404, "not_found")

    def test_rate_limit(self):
        limits = {**settings().rate_limits, "default": RateLimit(0.1, 3), "auth": RateLimit(0.1, 1)}
        self.with_settings(rate_limits=limits, stream_prefix=f"test:{self.id()}:{self.env.cr.now().timestamp()}:")
        left = [self.call("GET", THING).headers["RateLimit-Remaining"] for _turn in range(3)]
        self.assertEqual(left, ["2", "1", "0"])
        refused = self.call("GET", THING)
        self.assert_problem(refused, 429, "rate_limited")
        self.assertLessEqual(int(refused.headers["Retry-After"]), 10)
        self.assertEqual((refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]), ("3", "0"))
        self.assertEqual(self.call("POST", "/probe/open", {"name": "a"}).status_code, 200)
        self.assert_problem(self.call("POST", "/probe/open", {"name": "a"}), 429, "rate_limited")

    def test_one_log_line_without_secrets(self):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        with self.assertLogs(LOG, logging.INFO) as caught:
            self.call("GET", "/probe/things?word=wordsecret&limit=2", headers={"traceparent": trace})
            self.call("POST", "/probe/things", {"name": "namesecret"}, key="keysecret")
            self.call("GET", f"/probe/things/{NOWHERE}", headers={"traceparent": "00-forged\nline"[:9]})
            self.call("POST", "/probe/things", b'{"bodysecret"')
            self.call("GET", "/pathsecret")
        lines = [json.loads(record.getMessage()) for record in caught.records]
        self.assertEqual([line["status"] for line in lines], [200, 201, 404, 400, 404])
        self.assertEqual([line.get("code") for line in lines], [None, None, "not_found", "malformed_json", "not_found"])
        self.assertEqual(lines[0]["traceparent"], trace)
        self.assertNotIn("traceparent", lines[2])
        self.assertEqual((lines[0]["method"], lines[0]["route"]), ("GET", "/api/v1/probe/things"))
        self.assertNotIn("secret", str(lines))
        self.assertNotIn("probe.write", str(lines), "the token")

    def test_access_lines_hold_no_query(self):
        with self.assertLogs("werkzeug", logging.INFO) as caught:
            self.call("GET", "/probe/things?word=wordsecret")
        self.assertIn("/api/v1/probe/things", caught.output[0])
        self.assertNotIn("wordsecret", str(caught.output))
