"""The payments' screens in a browser: a stuck payment, what tills offer, a tender set up, a gift card."""

import json
import os
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tests.common import PatientBrowser
from odoo.addons.fynlo_pos_core.tests.test_backoffice_tours import VISIT
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged, test_cursor

from ..models.truelayer_connection import PREFIX
from ..providers.connection import ProviderState
from .bank import OutsideCase


@tagged("post_install", "-at_install")
class TestPaymentTours(PatientBrowser, OutsideCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.dict(os.environ, {PREFIX + "ENVIRONMENT": "sandbox"}))
        self.enterContext(patch.object(test_cursor.TestCursor, "commit", _commit_for_real))

    def desk(self, role):
        """The login of somebody of that role who may use the back office."""
        user, login = self.employee(role).user_id, f"desk-{uuid7()}"
        user.write({"login": login, "password": login})  # browser tests sign in that way
        self.env.cr.flush()
        self.session = None  # from here on it is the browser's, no longer the method of ApiCase
        return login

    def tour(self, name):
        self.start_tour("/odoo", name, login=self.desk("manager"), timeout=180)
        self.env.invalidate_all()

    def stuck(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [TimeoutError("read")]
        self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
        payment = self.attempt(body)
        self.env.cr.execute(
            "UPDATE fynlo_payment SET create_date = %s WHERE id = %s", (clock.now() - timedelta(minutes=5), payment.id)
        )
        self.env.invalidate_all()
        return order, payment

    def test_a_stuck_payment(self):
        order, payment = self.stuck()
        self.tour("fynlo_stuck_payment")
        self.assertEqual(payment.state, "captured")
        self.assertBooked(order, 1200)

    def test_a_payment_is_settled_by_hand(self):
        self.bank.answers = [ProviderState("captured", amount=1300, amount_captured=1300)]
        order, body = self.place(), self.wish(1200)
        self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
        self.tour("fynlo_settle_by_hand")
        payment = self.attempt(body)
        self.assertEqual((payment.state, payment.failure_code), ("cancelled", "released_by_hand"))
        self.assertEqual(self.order(order)["totals"]["reserved"], self.money(0))

    def test_what_tills_offer(self):
        before = set(self.location._fynlo_offered())
        self.tour("fynlo_payment_methods")
        offered = self.done("GET", "/payments/methods", token=self.cashier)["items"]
        self.assertEqual({one["method"] for one in offered}, before - {"cash"} | {"store_credit"})

    def test_a_gift_card(self):
        self.tour("fynlo_give_gift_card")
        card = self.env["fynlo.stored.value"].search([("company_id", "=", self.company.id)], order="id desc", limit=1)
        self.assertEqual((card.balance, card.entry_ids.reason), (2500, "The soup was cold"))

    def test_every_menu_opens_for_owners(self):
        self.stuck()
        login, owner = self.desk("owner"), self.employee("owner").user_id
        root = self.env.ref("fynlo_payments.menu_fynlo_payments_root")
        visible = self.env["ir.ui.menu"].with_user(owner)._visible_menu_ids()
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id), ("id", "in", list(visible))])
        visits = [[menu.name, menu.action.id, _switches(menu.action)] for menu in menus if menu.action]
        self.assertIn("Fynlo's fees", [name for name, *_rest in visits])
        self.browser_js(
            "/odoo",
            VISIT % {"actions": json.dumps(visits)},
            "odoo.isReady === true && !!document.querySelector('.o_main_navbar')",
            login=login,
            timeout=180,
        )


def _switches(action):
    if action._name != "ir.actions.act_window" or action.target == "new":
        return []
    return [kind for kind in action.view_mode.split(",")[1:] if kind != "form"]


def _commit_for_real(cursor, commit=test_cursor.TestCursor.commit):
    """Test cursors forget what is to follow a commit; a server does it before it answers."""
    hooks = list(cursor.postcommit._funcs)
    commit(cursor)
    for hook in hooks:
        hook()
