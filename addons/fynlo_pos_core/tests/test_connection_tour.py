"""The list of devices and the history of connections in a browser, while a till drops off."""

from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from ..tools.identifiers import uuid7
from .common import PatientBrowser
from .gateway_stream import GatewayStream
from .shop import Shop


@tagged("post_install", "-at_install")
class TestConnectionTour(PatientBrowser, GatewayStream, Shop, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.desk = cls.manager.user_id
        login = f"desk-{uuid7()}"
        cls.desk.write({"login": login, "password": login})  # browser tests sign in that way
        cls.env["fynlo.device"]._pair_new(cls.location, "Spare")

    def setUp(self):
        super().setUp()
        session = self.env["fynlo.session"]._open(self.waiter, self.location, device=self.device)
        self.tell(
            lost := self.opened(session=session, device=self.device, ago=7200, gateway="gone"),
            self.seen(lost, ago=3600, gateway="gone"),
        )
        self.line_open = self.opened(session=session, device=self.device, ago=900, seen_ago=20)
        self.tell(self.line_open)
        self.env.cr.flush()

    def test_a_till_drops_off_while_a_manager_looks(self):
        drops = []
        freshen = self.env.registry["fynlo.connection.import"]._freshen

        def freshen_and_drop(model):
            if model.env.context.get("fynlo_test_drop"):
                drops.append(model)
                self.tell(self.closed(self.line_open, by="network", code=1006, reason=""))
            self.look_again()
            return freshen(model)

        with patch.object(self.env.registry["fynlo.connection.import"], "_freshen", freshen_and_drop):
            self.start_tour("/odoo", "fynlo_connections", login=self.desk.login, timeout=120)
        self.assertEqual(len(drops), 1)
