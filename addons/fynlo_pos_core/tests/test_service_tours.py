"""A manager's service in a browser: the live board, reviews, and the reckoning of a till."""

import json

from odoo.tests import HttpCase, tagged

from ..rest.call import Call
from ..tools.identifiers import uuid7
from .common import PatientBrowser
from .shop import Shop


@tagged("post_install", "-at_install")
class TestService(PatientBrowser, Shop, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.desk = cls.manager.user_id
        login = f"desk-{uuid7()}"
        cls.desk.write({"login": login, "password": login})  # browser tests sign in that way

    def setUp(self):
        super().setUp()
        till = self.open_till()
        done = self.place()
        self.env["fynlo.order.service"]._complete(self.identity(), done["id"])
        call = Call(route=None, request_id="test-request")
        notes = [{"value": 1000, "count": 9}, {"value": 100, "count": 1}]
        self.close_till(till["id"], 9100, call, denominations=notes, note="A fiver and more went to the fishmonger")
        self.open_till()
        self.place(self.line(self.menu.cola), expected_total=self.gbp(1))
        self.place(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid)

    def test_managers_service(self):
        till = {
            "token": self.env["fynlo.session"]._open(self.waiter, self.location, device=self.device)["access_token"],
            "variant": self.menu.pizza.fynlo_uuid,
            "expected": self.gbp(1800),
        }
        self.env.cr.flush()
        self.start_tour(
            "/odoo",
            "fynlo_service",
            code=f"sessionStorage.setItem('fynlo_test_till', {json.dumps(json.dumps(till))});"
            "odoo.startTour('fynlo_service', {startUrl: '/odoo', stepDelay: 0})",
            login=self.desk.login,
            timeout=180,
        )
        self.env.invalidate_all()
        order = self.env["pos.order"].search([("fynlo_number", "=", "T1-000004"), ("config_id", "=", self.location.id)])
        self.assertEqual((order.state, order.fynlo_review_state), ("cancel", "done"))
        self.assertEqual(self.env["fynlo.order.review"].search_count([("config_id", "=", self.location.id)]), 2)
