"""Fixtures for tests over real HTTP: settings of their own, a location, people of every role."""

import os
import secrets
import tempfile
from pathlib import Path
from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import HttpCase

from ..rest import rate_limit
from ..tools import process_cache, redis_client, signing_keys
from ..tools.identifiers import uuid7
from ..tools.settings import settings

#: Redis of the tests; an address where nobody listens also works, as selling does without Redis.
REDIS = os.environ.get("FYNLO_REDIS_URL") or os.environ.get("REDIS_URL") or "redis://127.0.0.1:1/0"

#: How often a browser may be started for one test.
STARTS = 3


def use_test_settings(case):
    """Keys, pepper and Redis names of this test class alone; the operator's are never read."""
    folder = tempfile.TemporaryDirectory(prefix="fynlo-test-")
    case.addClassCleanup(folder.cleanup)
    root = Path(folder.name)
    signing_keys.add_key(root / "keys")
    (root / "pepper").write_text(secrets.token_hex(32))
    environment = patch.dict(
        os.environ,
        FYNLO_KEYS_DIR=str(root / "keys"),
        FYNLO_PEPPER_FILE=str(root / "pepper"),
        FYNLO_REDIS_URL=REDIS,
        FYNLO_STREAM_PREFIX=f"fynlo-test-{os.getpid()}:",
        FYNLO_CORS_ORIGINS="",
        FYNLO_RATE_LIMITS="",
    )
    environment.start()
    case.addClassCleanup(forget_settings)
    case.addClassCleanup(environment.stop)
    forget_settings()


def forget_settings():
    """Read the environment again at the next need."""
    settings.cache_clear()
    redis_client.reset()
    signing_keys.reset()


def forget_rate_limits():
    """Give everybody the whole allowance back."""
    rate_limit._local.clear()
    prefix = f"{settings().stream_prefix}rate:*"
    redis_client.attempt(lambda client: [client.delete(key) for key in client.scan_iter(prefix)], [])


def forget_menus():
    """A test that was rolled back leaves menus behind under versions that the next test will reach again."""
    process_cache.forget()
    prefix = f"{settings().stream_prefix}cache:*"
    redis_client.attempt(lambda client: [client.delete(key) for key in client.scan_iter(prefix)], [])


class ApiCase(HttpCase):
    """Calls the API as an employee of a role: ``token = self.sign_in("cashier")``, then ``self.api(…)``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)
        cls.company = cls.env.company
        cls.location = cls.make_location("Harbour Bistro")
        cls.other_location = cls.make_location("Station Bistro")
        cls._staff = {}
        cls._devices = {}

    def setUp(self):
        super().setUp()
        forget_rate_limits()
        forget_menus()
        self.addCleanup(self._forget_fixtures, dict(self._staff), dict(self._devices))

    @classmethod
    def make_location(cls, name, company=None, **vals):
        """A new point of sale, in the main company unless told."""
        company = company or cls.company
        return cls.env["pos.config"].with_company(company).create({"name": name, "company_id": company.id, **vals})

    @classmethod
    def make_company(cls, name, chart="generic_coa"):
        """Another company and its one location; without a ``chart`` it cannot sell, but is made at once."""
        company = cls.env["res.company"].create({"name": f"{name} {uuid7()[-6:]}"})
        if not chart:
            return company, cls.make_location(f"{name} till", company, payment_method_ids=[])
        cls.env["account.chart.template"].try_loading(chart, company=company, install_demo=False)
        return company, cls.make_location(f"{name} till", company)

    def employee(self, role, location=None, **vals):
        """The employee of ``role`` bound to ``location`` (``self.location`` unless told); made at first need."""
        location = location or self.location
        key = (role, location.id)
        if vals or key not in self._staff:
            hired = self.env["hr.employee"]._fynlo_hire(
                {
                    "name": f"{role.capitalize()} {uuid7()[-6:]}",
                    "role": role,
                    "company_id": location.company_id.id,
                    "location_ids": location.ids,
                    **vals,
                }
            )
            if vals:
                return hired
            self._staff[key] = hired
        return self._staff[key]

    def device(self, location=None):
        """The paired device at ``location`` and its key."""
        location = location or self.location
        if location.id not in self._devices:
            self._devices[location.id] = self.env["fynlo.device"]._pair_new(location, "Till", "iPadOS 19.1", "1.0.0")
        return self._devices[location.id]

    def sign_in(self, role, location=None):
        """An access token of that role at a paired device of ``location``."""
        return self.session(role, location)["access_token"]

    def session(self, role, location=None, employee=None):
        """The whole answer of a sign-in, without the cost of asking for it over HTTP."""
        location = location or self.location
        employee = employee or self.employee(role, location)
        answer = self.env["fynlo.session"]._open(employee.sudo(), location, device=self.device(location)[0])
        self.env.cr.flush()
        return answer

    def api(self, method, path, body=None, *, token=None, key=None, headers=None, device_key=None, **kwargs):
        """Call ``/api/v1<path>`` (or any path that starts with ``/api`` or ``/.well-known``).

        A write gets a fresh Idempotency-Key unless ``key`` is given; ``key=False`` sends none.
        """
        self.env.cr.flush()
        url = path if path.startswith(("/api", "/.well-known")) else f"/api/v1{path}"
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if device_key:
            sent["Authorization"] = f"Device {device_key}"
        if method != "GET" and key is not False:
            sent["Idempotency-Key"] = key or uuid7()
        response = self.url_open(url, json=body, headers=sent, method=method, timeout=30, **kwargs)
        self.env.invalidate_all()
        return response

    def assertProblem(self, response, code, status=None):
        """The answer is a problem document with this code."""
        self.assertEqual(response.headers["Content-Type"], "application/problem+json", response.text[:300])
        problem = response.json()
        self.assertEqual(problem["code"], code, problem)
        self.assertEqual(problem["status"], response.status_code)
        if status:
            self.assertEqual(response.status_code, status)
        return problem

    @classmethod
    def _forget_fixtures(cls, staff, devices):
        """What a test made is rolled back after it; only what was there before may be used again."""
        cls._staff, cls._devices = staff, devices


class PatientBrowser:
    """Mix into a test with a browser: one that is slow to start is started again, where Odoo would skip the test."""

    def browser_js(self, *args, **options):
        for _ in range(STARTS - 1):
            try:
                return super().browser_js(*args, **options)
            except SkipTest as late:
                if "devtools port" not in str(late):
                    raise
        return super().browser_js(*args, **options)
