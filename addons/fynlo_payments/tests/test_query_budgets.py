"""How many SQL statements the hottest requests may take, counted on the whole request.

The counter is the one that Odoo keeps for the thread of a request and that the request log tells:
sign-in, permission, idempotency and the events are all in it. A live server adds one or two of
its own, which ask whether the registry or a cache of Odoo's has changed.
"""

import json
import logging
import re
from contextlib import contextmanager
from pathlib import Path

from odoo.addons.fynlo_pos_core.rest import request_log
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tests.shop import Shop
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

#: Statements by route. A change that needs more has to say why; docs/performance.md shows the table.
BUDGETS = {
    "POST /orders": 5,
    "POST /orders/{id}/operations": 6,
    "POST /orders/{id}/payments": 9,
    "POST /orders/{id}:send": 15,
    "GET /menu": 1,
    "GET /menu, 304": 1,
    "GET /settings": 1,
    "GET /settings, 304": 1,
    "GET /settings/{section}": 6,
    "GET /orders": 3,
    "GET /orders/{id}": 3,
    "GET /kitchen/tickets": 9,
    "POST /kitchen/tickets/{id}:start": 18,
    "POST /kitchen/tickets/{id}:ready": 18,
    "GET /till-sessions/current": 6,
    "POST /auth/refresh": 16,
    "GET /auth/me": 6,
    "GET /changes": 4,
}

DOCUMENT = Path(__file__).parents[3] / "docs" / "performance.md"


class RequestLog(logging.Handler):
    """Remembers the lines of the request log."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(record.getMessage()))


@contextmanager
def heard_requests():
    """The lines of the requests that are answered meanwhile."""
    handler, logger = RequestLog(), logging.getLogger(request_log.__name__)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@tagged("post_install", "-at_install")
class TestQueryBudgets(Shop, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)

    def setUp(self):
        super().setUp()
        self.open_till()
        self.signed_in = self.session("manager")
        self.token = self.signed_in["access_token"]

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def order(self, lines=3):
        body = self.order_body(*[self.line(self.menu.pizza) for _ in range(lines)])
        return self.done("POST", "/orders", body)

    def done(self, method, path, body=None, **values):
        answer = self.api(method, path, body, token=self.token, **values)
        self.assertIn(answer.status_code, (200, 201), answer.text[:500])
        return answer.json()

    def statements(self, act):
        """What ``act``, which makes one request, took; done before so that the caches are warm."""
        act()
        with heard_requests() as lines:
            act()
        return lines[-1]["queries"]

    def assert_within(self, **acts):
        for name, act in acts.items():
            with self.subTest(name):
                taken, budget = self.statements(act), BUDGETS[name]
                self.assertLessEqual(taken, budget, f"{name} took {taken} statements")

    def test_orders(self):
        for lines in (3, 10):
            orders = [self.order(lines) for _ in range(4)]
            self.assert_within(
                **{
                    "POST /orders": lambda lines=lines: self.order(lines),
                    "POST /orders/{id}/operations": lambda orders=orders: self.add_line(orders[0]),
                    "POST /orders/{id}:send": lambda orders=orders: self.send(orders.pop()),
                    "GET /orders": lambda: self.done("GET", "/orders?state=open&limit=20"),
                    "GET /orders/{id}": lambda order=orders[0]: self.done("GET", f"/orders/{order['id']}"),
                }
            )

    def add_line(self, order):
        operation = {"type": "add_line", "op_id": uuid7(), "line": self.line(self.menu.cola)}
        body = {"base_version": 1, "operations": [operation]}
        return self.done("POST", f"/orders/{order['id']}/operations", body)

    def send(self, order):
        return self.done("POST", f"/orders/{order['id']}:send", {})

    def test_the_document_shows_these_budgets(self):
        rows = re.findall(r"^\| `((?:GET|POST) [^`]+)` \| (\d+) \|$", DOCUMENT.read_text(), re.MULTILINE)
        self.assertEqual({name: int(most) for name, most in rows}, BUDGETS)

    def test_payment(self):
        for lines in (3, 10):
            orders = [self.order(lines) for _ in range(2)]
            self.assert_within(**{"POST /orders/{id}/payments": lambda orders=orders: self.pay(orders.pop())})

    def pay(self, order):
        due = order["totals"]["due"]
        body = {"id": uuid7(), "method": "cash", "amount": due, "tendered": due, "complete": True}
        return self.done("POST", f"/orders/{order['id']}/payments", body)

    def test_menu(self):
        etag = self.api("GET", "/menu", token=self.token).headers["ETag"]
        known = {"If-None-Match": etag}
        self.assert_within(
            **{
                "GET /menu": lambda: self.done("GET", "/menu"),
                "GET /menu, 304": lambda: self.api("GET", "/menu", token=self.token, headers=known),
            }
        )

    def test_settings(self):
        etag = self.api("GET", "/settings", token=self.token).headers["ETag"]
        known = {"If-None-Match": etag}
        self.assert_within(
            **{
                "GET /settings": lambda: self.done("GET", "/settings"),
                "GET /settings, 304": lambda: self.api("GET", "/settings", token=self.token, headers=known),
                "GET /settings/{section}": lambda: self.done("GET", "/settings/business"),
            }
        )

    def test_kitchen(self):
        tickets = [ticket["id"] for _ in range(2) for ticket in self.send(self.order())["tickets"]]
        self.assertEqual(len(tickets), 2)
        for verb in ("start", "ready"):
            waiting = list(tickets)
            self.assert_within(
                **{
                    "GET /kitchen/tickets": lambda: self.done("GET", "/kitchen/tickets"),
                    f"POST /kitchen/tickets/{{id}}:{verb}": lambda verb=verb, waiting=waiting: self.done(
                        "POST", f"/kitchen/tickets/{waiting.pop()}:{verb}"
                    ),
                }
            )

    def test_session_and_sign_in(self):
        self.assert_within(
            **{
                "GET /till-sessions/current": lambda: self.done("GET", "/till-sessions/current"),
                "POST /auth/refresh": self.refresh,
                "GET /auth/me": lambda: self.done("GET", "/auth/me"),
                "GET /changes": lambda: self.done("GET", "/changes?after=0"),
            }
        )

    def refresh(self):
        body = {"refresh_token": self.signed_in["refresh_token"]}
        self.signed_in = self.done("POST", "/auth/refresh", body, key=False)
