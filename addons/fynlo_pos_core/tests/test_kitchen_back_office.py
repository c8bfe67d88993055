"""The kitchen's screens of the back office, and the rules of its stations."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .test_kitchen_tickets import Kitchen

SCREENS = ("kitchen_stations", "kitchen_tickets", "print_jobs")


@tagged("post_install", "-at_install")
class TestKitchenBackOffice(Kitchen, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def test_every_screen_opens_for_a_manager(self):
        self.open_till()
        self.send(self.place(self.line(self.menu.pizza)))
        for name in SCREENS:
            action = self.env.ref(f"fynlo_pos_core.action_{name}")
            model = self.env[action.res_model].with_user(self.manager.user_id)
            with self.subTest(action.name):
                kinds = [kind for _view, kind in action.views]
                views = model.get_views([*action.views, (False, "search")])["views"]
                self.assertEqual(set(views), {*kinds, "search"})
                fields = {field: {} for field in model.fields_get() if f'name="{field}"' in views[kinds[0]]["arch"]}
                self.assertTrue(fields)
                model.web_search_read([], fields, limit=5)

    def test_managers_keep_stations_and_nobody_writes_tickets(self):
        stations = self.env["fynlo.kitchen.station"].with_user(self.manager.user_id)
        grill = stations.create({"name": "Grill", "config_id": self.location.id})
        grill.is_open = False
        with self.assertRaises(AccessError):
            grill.with_user(self.cook.user_id).name = "Mine"
        for model in ("fynlo.kitchen.ticket", "fynlo.print.job"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.manager.user_id).check_access("write")

    def test_a_fallback_stands_in_at_the_same_place_and_not_in_a_circle(self):
        elsewhere = self.env["pos.config"].create({"name": "Next door", "payment_method_ids": []})
        with self.assertRaises(ValidationError):
            self.bar.fallback_id = self.env["fynlo.kitchen.station"].search([("config_id", "=", elsewhere.id)])
        self.bar.fallback_id = self.kitchen
        with self.assertRaises(ValidationError):
            self.kitchen.fallback_id = self.bar

    @mute_logger("odoo.sql_db")
    def test_a_printer_has_an_address_and_a_port(self):
        for values in ({"printer_enabled": True}, {"printer_port": 0}, {"printer_port": 70_000}):
            with self.subTest(values), self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.bar.write(values)
                self.env.flush_all()

    def test_every_location_starts_with_a_kitchen(self):
        location = self.env["pos.config"].create({"name": "New", "payment_method_ids": []})
        stations = self.env["fynlo.kitchen.station"].search([("config_id", "=", location.id)])
        self.assertEqual((len(stations), bool(stations.category_ids)), (1, False))
        location._fynlo_make_kitchen()
        self.assertEqual(self.env["fynlo.kitchen.station"].search_count([("config_id", "=", location.id)]), 1)
