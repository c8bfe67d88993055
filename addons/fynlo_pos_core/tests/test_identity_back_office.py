"""The back office of people and access: its screens open for managers, and for nobody below."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ApiCase

SCREENS = ("employees", "devices", "sign_ins", "lockouts", "permission_map", "audit_log")


@tagged("post_install", "-at_install")
class TestBackOffice(ApiCase):
    def screens(self, user):
        """Each screen's action and its model, as ``user``."""
        for name in SCREENS:
            action = self.env.ref(f"fynlo_pos_core.action_{name}")
            yield action, self.env[action.res_model].with_user(user)

    def test_every_screen_opens_for_a_manager(self):
        self.session("server")
        for action, model in self.screens(self.employee("manager").user_id):
            with self.subTest(action.name):
                kinds = [kind for _view, kind in action.views]
                views = model.get_views([(view, kind) for view, kind in action.views] + [(False, "search")])["views"]
                self.assertEqual(set(views), {*kinds, "search"})
                fields = {name: {} for name in model.fields_get() if f'name="{name}"' in views[kinds[0]]["arch"]}
                self.assertTrue(fields)
                model.web_search_read([], fields, limit=5)

    def test_no_screen_opens_below(self):
        for action, model in self.screens(self.employee("supervisor").user_id):
            if action.res_model == "fynlo.device":
                continue  # tills may read devices; the menu is not theirs
            with self.subTest(action.name), self.assertRaises(AccessError):
                model.check_access("read")
        menus = self.env["ir.ui.menu"]
        self.assertFalse(menus.with_user(self.employee("supervisor").user_id).has_access("read"))
        visible = menus.with_user(self.employee("manager").user_id)._visible_menu_ids()
        self.assertIn(self.env.ref("fynlo_pos_core.menu_fynlo_root").id, visible)

    def test_unlock_and_sign_out(self):
        manager = self.employee("manager").user_id
        answer = self.session("server")
        session = self.env["fynlo.session"].search([("fynlo_uuid", "=", answer["session_id"])])
        session.with_user(manager).action_revoke()
        self.assertEqual(session.state, "revoked")
        owner = self.session("owner")
        above = self.env["fynlo.session"].search([("fynlo_uuid", "=", owner["session_id"])])
        with self.assertRaises(AccessError):
            above.with_user(manager).action_revoke()
        self.assertEqual(above.state, "active")
