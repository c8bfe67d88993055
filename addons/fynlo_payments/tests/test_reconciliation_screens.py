"""Reconciliation in a browser: a day with a difference, the difference, its window, a movement and a payout."""

import json
from datetime import UTC, date

from odoo.addons.fynlo_pos_core.tests.common import PatientBrowser
from odoo.addons.fynlo_pos_core.tests.test_backoffice_tours import VISIT
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import HttpCase, tagged

from ..providers.settlement import Payout
from .provider_reports import Reported


@tagged("post_install", "-at_install")
class TestReconciliationScreens(PatientBrowser, Reported, HttpCase):
    session = None  # of the browser; a trading day calls its till session so

    def test_a_manager_looks_into_a_difference(self):
        desk = self.manager.user_id
        login = f"desk-{uuid7()}"
        desk.write({"login": login, "password": login})  # browser tests sign in that way
        movement = self.moved(self.taken(), amount=1200)
        self.report.paid_out = [Payout("po_1", 1200, "GBP", "paid", now().replace(tzinfo=UTC), date(2026, 12, 1))]
        self.report.inside = {"po_1": [movement]}
        row = self.read()
        records = [row, row.difference_ids, row.difference_ids.movement_id, self.env["fynlo.payout"].search([])[:1]]
        self.assertEqual([len(record) for record in records], [1] * 4)
        forms = [
            [
                record._name,
                {
                    "type": "ir.actions.act_window",
                    "res_model": record._name,
                    "res_id": record.id,
                    "views": [[False, "form"]],
                },
                [],
            ]
            for record in records
        ]
        wizard = {**row.difference_ids.action_settle(), "views": [[False, "form"]]}
        movements = row.action_open_movements()
        self.env.cr.flush()
        self.browser_js(
            "/odoo",
            VISIT
            % {"actions": json.dumps([*forms, ["movements", movements, []], ["settle", wizard, []]], default=str)},
            "odoo.isReady === true && !!document.querySelector('.o_main_navbar')",
            login=login,
            timeout=120,
        )
