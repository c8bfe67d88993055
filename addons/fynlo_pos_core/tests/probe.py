"""Routes that exist only in tests, and a caller for them: one route for each promise of the framework."""

import json
from datetime import date
from unittest.mock import patch
from uuid import uuid4

import psycopg2
from odoo import http
from odoo.http import request
from odoo.tests import HttpCase
from pydantic import Field

from ..rest import ANYONE, SIGNED_IN, Answer, Identity, NotFound, Problem, api_route, current_call, current_identity
from ..rest.paging import decode, page
from ..rest.shapes import MoneyShape, Name, PageQuery, Quantity, Shape
from ..tools import redis_client

SECRET = "hunter2-do-not-log"
NOWHERE = "00000000-0000-4000-8000-000000000000"


class LineShape(Shape):
    quantity: Quantity
    price: MoneyShape | None = None


class ThingShape(Shape):
    name: Name
    lines: list[LineShape] = Field(default=[], max_length=50)


class ThingsQuery(PageQuery):
    word: str | None = None


def declare_probe():
    """Make the probe's controller; it is known to Odoo from now on."""

    class ProbeController(http.Controller):
        @api_route("/probe/things", method="GET", permission="probe.read", summary="-", tag="probe", query=ThingsQuery)
        def things(self, query):
            after = decode(query.cursor, int)[0] if query.cursor else 0
            rows = range(after + 1, min(after + query.limit + 2, 26))
            return page(list(rows), query.limit, lambda row: {"id": row}, lambda row: (row,))

        @api_route("/probe/things", method="POST", permission="probe.write", summary="-", tag="probe",
                   body=ThingShape, status=201)  # fmt: skip
        def make(self, body):
            topic = request.env["fynlo.topic"].sudo().create({"topic": body.name})
            values = {"id": str(uuid4()), "version": 1, "name": topic.topic, "asked_by": current_identity().role}
            return Answer(values, resource=("thing", values["id"]))

        @api_route("/probe/things/<uuid:thing_id>", method="GET", permission=SIGNED_IN, summary="-", tag="probe")
        def thing(self, thing_id):
            if str(thing_id) == NOWHERE:
                raise NotFound()
            return {"id": str(thing_id), "version": 3, "name": "Café"}

        @api_route("/probe/things/<uuid:thing_id>", method="PATCH", permission="probe.write", summary="-", tag="probe")
        def change(self, thing_id):
            current_call().require_version(3, {"id": str(thing_id), "version": 3})
            return {"id": str(thing_id), "version": 4}

        @api_route("/probe/fail/<string:how>", method="POST", permission="probe.write", summary="-", tag="probe")
        def fail(self, how):
            request.env["fynlo.topic"].sudo().create({"topic": f"probe.fail.{how}"})
            if how == "refused":
                raise Problem("illegal_transition", "Not now.")
            if how == "lost-database":
                raise psycopg2.OperationalError(f"server closed the connection {SECRET}")
            raise ValueError(SECRET)

        @api_route("/probe/open", method="POST", permission=ANYONE, summary="-", tag="probe", body=ThingShape,
                   max_body=2000, budget="auth")  # fmt: skip
        def open(self, body):
            return {"name": body.name}

        @api_route("/probe/old", method="GET", permission=ANYONE, summary="-", tag="probe",
                   deprecated=date(2026, 1, 1), sunset=date(2027, 1, 1))  # fmt: skip
        def old(self):
            return {"text": "long " * 1000}

    return ProbeController


def identity(env, *permissions, **changes):
    """A caller with ``permissions``."""
    values = {
        "user_id": env.ref("base.user_admin").id,
        "employee_id": 1,
        "employee_uuid": "0192f0a1-0000-7000-8000-000000000001",
        "employee_name": "Pat",
        "device_id": 0,
        "device_uuid": None,
        "device_prefix": "",
        "location_id": 0,
        "location_uuid": "",
        "company_id": env.company.id,
        "company_uuid": "",
        "role": "manager",
        "session_id": 0,
        "catalogue_version": 0,
    }
    return Identity(**{**values, **changes}, permissions=frozenset(permissions))


class ProbeCase(HttpCase):
    """Calls the probe's routes with a token that names the permissions it stands for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        controller = declare_probe()
        cls.env.registry.clear_cache("routing")
        cls.addClassCleanup(cls.env.registry.clear_cache, "routing")
        cls.addClassCleanup(http.Controller.children_classes["fynlo_pos_core"].remove, controller)

        def identify(access, route, headers):
            token = headers.get("Authorization", "")
            if not token:
                raise Problem("token_missing", "Sign in.")
            return identity(access.env, *token.removeprefix("Bearer ").split(","))

        cls.startClassPatcher(patch.object(type(cls.env["fynlo.access"]), "_identify", identify))

    def setUp(self):
        super().setUp()
        redis_client.reset()

    def call(self, method, path, body=None, *, may=("probe.read", "probe.write"), key=None, headers=None):
        """Send one request; ``body`` is a JSON value, bytes, or an iterator of bytes (sent in chunks)."""
        sent = {"Idempotency-Key": key or str(uuid4())} if method not in {"GET", "HEAD", "OPTIONS"} else {}
        if may is not None:
            sent["Authorization"] = f"Bearer {','.join(may)}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        data = json.dumps(body) if isinstance(body, dict | list) else body
        sent = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
        path = path if path.startswith("/api") else f"/api/v1{path}"
        return self.url_open(path, data=data, headers=sent, method=method, allow_redirects=False)

    def assert_problem(self, response, status, code):
        """The answer is a complete problem document of this status and code."""
        self.assertEqual((response.status_code, response.headers["Content-Type"]), (status, "application/problem+json"))
        problem = response.json()
        self.assertEqual((problem["code"], problem["status"]), (code, status))
        self.assertEqual(problem["type"], f"/api/v1/problems/{code}")
        self.assertEqual(problem["request_id"], response.headers["X-Request-ID"])
        self.assertEqual(int(response.headers["Content-Length"]), len(response.content))
        self.assertNotIn("Set-Cookie", response.headers)
        return problem

    def topics(self, name):
        """How many rows a probe route has left under ``name``."""
        return self.env["fynlo.topic"].search_count([("topic", "=", name)])
