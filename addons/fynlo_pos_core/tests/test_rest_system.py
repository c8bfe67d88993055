"""Health, version and metrics."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from ..rest import metrics
from ..tools import redis_client
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestSystem(ApiCase):
    def test_health(self):
        self.assertEqual(self.api("GET", "/health/live").json(), {"status": "ok"})
        ready = self.api("GET", "/health/ready").json()
        self.assertEqual((ready["status"], ready["checks"]["database"]), ("ok", "ok"))
        self.assertEqual(self.api("GET", "/version").json()["name"], "Fynlo POS")

    def test_health_without_redis(self):
        with patch.object(redis_client, "attempt", lambda _work, otherwise: otherwise):
            response = self.api("GET", "/health/ready")
        self.assertEqual((response.status_code, response.json()["checks"]), (200, {"database": "ok", "redis": "away"}))

    def test_details_tell_of_the_backlog(self):
        token = self.sign_in("manager")
        before = self.api("GET", "/health/details", token=token).json()["outbox"]["unsent"]
        self.env["fynlo.outbox"]._emit(self.company.id, "l.x.orders", "order.updated", "x", {})
        after = self.api("GET", "/health/details", token=token).json()["outbox"]
        self.assertEqual(after["unsent"], before + 1)
        self.assertProblem(self.api("GET", "/health/details", token=self.sign_in("kitchen")), "permission_denied", 403)

    def test_metrics(self):
        self.api("GET", "/version")
        self.api("GET", "/nowhere/at/all")
        response = self.api("GET", "/metrics")
        self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertRegex(
            response.text, r'fynlo_requests_total\{method="GET",route="/api/v1/version",status="200"\} \d+'
        )
        self.assertIn('route="/api/<path:rest>",status="404"', response.text)
        self.assertIn('fynlo_request_seconds_bucket{method="GET",route="/api/v1/version",le="+Inf"}', response.text)
        self.assertRegex(response.text, r"\nfynlo_outbox_unsent \d+\n")
        self.assertEqual(sorted(re.findall(r"# TYPE (\S+)", response.text)), sorted(metrics.HELP))

    def test_metrics_are_not_for_the_outside(self):
        for header in ("X-Forwarded-For", "Forwarded"):
            response = self.api("GET", "/metrics", headers={header: "127.0.0.1"})
            self.assertProblem(response, "not_found", 404)

    def test_a_histogram_adds_up(self):
        self.api("GET", "/version")
        buckets = {}
        for line in metrics.render({}).splitlines():
            if line.startswith('fynlo_request_seconds_bucket{method="GET",route="/api/v1/version"'):
                bound, count = line.partition('le="')[2].split('"} ')
                buckets[float(bound)] = int(count)
        self.assertEqual(list(buckets), sorted(buckets))
        self.assertEqual(list(buckets.values()), sorted(buckets.values()))

    def test_counts_wait_for_redis(self):
        metrics.flush()
        with patch.object(redis_client, "attempt", lambda _work, otherwise: otherwise):
            self.api("GET", "/version")
            self.assertIn("fynlo_redis_up 0", metrics.render({}))
            self.assertIn('route="/api/v1/version",status="200"} 1\n', metrics.render({}))
        metrics.flush()
        self.assertFalse(metrics._counts if redis_client.attempt(lambda client: client.ping(), False) else None)
