"""The export of payments: what is in the file, of which days, for whom, and that it is no spreadsheet program."""

import base64
import csv
import io
from datetime import timedelta

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .trading_day import TradingDay


@tagged("post_install", "-at_install")
class TestPaymentExport(TradingDay):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza))
        self.taken = self.pay(self.order, 1000, tendered=2000)
        self.env.flush_all()
        self.today = self.location._fynlo_business_date()

    def window(self, what="payments", user=None, **values):
        wished = {"what": what, "first_day": self.today, "last_day": self.today, **values}
        return self.env["fynlo.payment.export"].with_user(user or self.manager.user_id).create(wished)

    def rows(self, window):
        """The file as dicts by column."""
        action = window.action_export()
        self.assertEqual(
            action["url"], f"/web/content/{window._name}/{window.id}/file/{window.file_name}?download=true"
        )
        text = base64.b64decode(window.file).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def test_payments(self):
        (row,) = self.rows(self.window())
        self.assertEqual(
            (row["payment"], row["order"], row["tender"], row["state"], row["amount"], row["currency"]),
            (self.taken["id"], self.order["number"], "cash", "captured", "10.00", "GBP"),
        )
        self.assertEqual((row["taken_by"], row["device"]), (self.cashier.name, "Till 1"))

    def test_the_ledger_adds_up(self):
        rows = self.rows(self.window("ledger"))
        self.assertEqual({row["account"]: row["amount"] for row in rows}, {"tender:cash": "10.00", "order": "-10.00"})

    def test_the_history(self):
        told = [row["what"] for row in self.rows(self.window("history"))]
        for what in ("Asked for", "Payment: Captured", "Ledger: Taken"):
            self.assertEqual(told.count(what), 1, told)

    def test_of_the_days_that_were_asked_for(self):
        yesterday = self.today - timedelta(days=1)
        self.assertFalse(self.rows(self.window(first_day=yesterday, last_day=yesterday)))
        with self.assertRaises(UserError):
            self.window(last_day=yesterday).action_export()

    def test_names_are_no_formulas(self):
        self.device.name = '=HYPERLINK("http://evil.example")'
        (row,) = self.rows(self.window())
        self.assertEqual(row["device"], "'" + self.device.name)

    def test_fees_are_for_owners(self):
        payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", self.taken["id"])])
        self.env["fynlo.fee.revenue"]._accrue(payment, 12, charged_minor=1000)
        with self.assertRaises(AccessError):
            self.window("fees").action_export()
        owner = self.hire("Olga", "owner")
        (row,) = self.rows(self.window("fees", owner.user_id))
        self.assertEqual((row["fee"], row["charged"], row["month"]), ("0.12", "10.00", f"{payment.create_date:%Y-%m}"))

    def test_it_is_audited(self):
        self.rows(self.window())
        self.env.cr.flush()
        entry = self.env["fynlo.audit.log"].search([("action", "=", "payments.exported")], limit=1)
        self.assertEqual(entry.actor, self.manager.user_id.name)
        self.assertIn('"rows":1', entry.after.replace(" ", ""))

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.window(user=self.cashier.user_id)
        bound = self.hire("Nora", "manager")
        bound.fynlo_location_ids = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.env.flush_all()
        for what in ("payments", "ledger", "history"):
            self.assertFalse(self.rows(self.window(what, bound.user_id)))
        with self.assertRaises(AccessError):
            self.window(user=bound.user_id, config_ids=self.location.ids).action_export()

    def test_another_company_gets_nothing(self):
        company = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        owner = self.env["hr.employee"]._fynlo_hire({"name": "Sam", "role": "owner", "company_id": company.id})
        windows = self.env["fynlo.payment.export"].with_context(allowed_company_ids=company.ids)
        window = windows.with_user(owner.user_id).create({"first_day": self.today, "last_day": self.today})
        self.assertFalse(self.rows(window))
