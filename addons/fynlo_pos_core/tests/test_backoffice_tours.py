"""The back office in a browser: a manager's day, every menu, and who may come in."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ..tools.identifiers import uuid7
from .common import PatientBrowser
from .shop import Shop

#: Opens an action and says when its screen stands, or what went wrong.
VISIT = """
    (async () => {
        const { action: actions } = odoo.__WOWL_DEBUG__.root.env.services;
        const until = async (ready, what) => {
            for (let tries = 0; tries < 200; tries++) {
                if (document.querySelector(".o_error_dialog")) {
                    throw new Error(`${what}: ${document.querySelector(".o_error_dialog").textContent}`);
                }
                if (ready()) return;
                await new Promise((done) => setTimeout(done, 50));
            }
            throw new Error(`${what} did not open`);
        };
        for (const [name, id, types] of %(actions)s) {
            await actions.doAction(id, { clearBreadcrumbs: true });
            await until(() => document.querySelector(".o_view_controller, .modal .o_form_view"), name);
            for (const type of types) {
                await actions.switchView(type);
                await until(() => document.querySelector(`.o_${type}_view`), `${name}: ${type}`);
            }
            if (document.querySelector(".modal")) {
                await actions.doAction({ type: "ir.actions.act_window_close" });
            }
        }
        console.log("test successful");
    })().catch((failure) => console.error(failure.message));
"""


@tagged("post_install", "-at_install")
class TestBackOffice(PatientBrowser, Shop, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.desk = cls.manager.user_id
        login = f"desk-{uuid7()}"
        cls.desk.write({"login": login, "password": login})  # browser tests sign in that way

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))

    def test_managers_day(self):
        till = {
            "token": self.env["fynlo.session"]._open(self.waiter, self.location, device=self.device)["access_token"],
            "variant": self.menu.pizza.fynlo_uuid,
            "product": self.menu.pizza.product_tmpl_id.fynlo_uuid,
            "expected": self.gbp(1800),
        }
        self.env.cr.flush()
        self.start_tour(
            "/odoo",
            "fynlo_back_office",
            code=f"sessionStorage.setItem('fynlo_test_till', {json.dumps(json.dumps(till))});"
            "odoo.startTour('fynlo_back_office', {startUrl: '/odoo', stepDelay: 0})",
            login=self.desk.login,
            timeout=120,
        )
        self.env.invalidate_all()
        self.assertEqual(self.env["pos.order"].search_count([("config_id", "=", self.location.id)]), 2)

    def test_every_menu_opens(self):
        self.env["fynlo.availability"]._set(self.location, self.menu.cola, False)
        self.env.cr.flush()
        self.browser_js(
            "/odoo",
            VISIT % {"actions": json.dumps(self.visits())},
            "odoo.isReady === true && !!document.querySelector('.o_main_navbar')",
            login=self.desk.login,
            timeout=180,
        )

    def visits(self):
        """Every screen below the app's menu, with the views it can switch to."""
        root = self.env.ref("fynlo_pos_core.menu_fynlo_root")
        visible = self.env["ir.ui.menu"].with_user(self.desk)._visible_menu_ids()
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id), ("id", "in", list(visible))])
        windows = [menu for menu in menus if menu.action and menu.action._name != "ir.actions.act_url"]
        self.assertGreater(len(windows), 18)
        return [[menu.name, menu.action.id, self.switches(menu.action)] for menu in windows]

    def switches(self, action):
        if action._name != "ir.actions.act_window" or action.target == "new":
            return []
        return [kind for kind in action.view_mode.split(",")[1:] if kind != "form"]

    def test_orders_are_right_in_odoos_own_screens(self):
        action = self.env["ir.actions.act_window"].with_user(self.desk)._for_xml_id("point_of_sale.action_pos_pos_form")
        orders = (
            self.env[action["res_model"]]
            .with_user(self.desk)
            .search([("pos_reference", "=", self.order["number"]), ("config_id", "=", self.location.id)])
        )
        self.assertEqual((orders.name, orders.amount_total, orders.amount_tax), (self.order["number"], 13.0, 2.17))
        self.assertEqual(orders.lines.mapped("price_subtotal_incl"), [10.0, 3.0])
        self.assertEqual(orders.employee_id, self.waiter)

    def test_what_the_screens_say(self):
        order = self.row(self.place(self.line(self.menu.pizza, expected := "2"), expected_total=self.gbp(1800)))
        order = order.with_user(self.desk)
        self.assertEqual((order.fynlo_state, order.fynlo_today, order.fynlo_due), ("open", True, 20.0))
        self.assertIn("18.00", order.fynlo_drift_text)
        self.assertEqual((order.lines.fynlo_quantity_text, order.lines.fynlo_discount_shown), (expected, 0.0))
        self.assertIn("20 %", order.lines.fynlo_tax_text)
        self.assertIn("Order made", order.fynlo_timeline)
        found = order.search([("fynlo_has_drift", "=", True), ("fynlo_today", "=", True), ("fynlo_state", "=", "open")])
        self.assertEqual(found, order)

    def test_only_managers_come_in(self):
        root = self.env.ref("fynlo_pos_core.menu_fynlo_root")
        for role in ("kitchen", "server", "cashier", "supervisor"):
            user = self.hire(role, role).user_id
            with self.subTest(role):
                self.assertFalse(user._is_internal())
                with self.assertRaises(AccessError):
                    self.env["ir.ui.menu"].with_user(user).search([])
        for role in ("manager", "owner"):
            user = self.hire(role, role).user_id
            self.assertIn(root.id, self.env["ir.ui.menu"].with_user(user)._visible_menu_ids())

    def test_settings_are_the_owners(self):
        owner = self.hire("Olga", "owner").user_id
        window = self.env["fynlo.company.settings"]
        with self.assertRaises(AccessError):
            window.with_user(self.desk).create({"pin_session_hours": 8}).action_save()
        window.with_user(owner).create({"pin_session_hours": 8}).action_save()
        self.assertEqual(self.company.fynlo_pin_session_hours, 8)
        elsewhere = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        with self.assertRaises(AccessError):
            window.with_user(owner).create({"company_id": elsewhere.id, "pin_session_hours": 1}).action_save()

    def test_events_of_others_stay_unseen(self):
        company = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        self.env["fynlo.outbox"]._emit(company.id, "c.elsewhere.sync", "settings.changed", uuid7(), {})
        self.env.cr.flush()
        seen = self.env["fynlo.outbox"].with_user(self.desk).search([]).company_id
        self.assertEqual(seen, self.company)
        health = self.env["fynlo.event.health"].with_user(self.desk).create({})
        mine = self.env["fynlo.outbox"].search_count([("company_id", "=", self.company.id)])
        self.assertEqual(health.unsent, mine)
