"""The payment ledger: what is entered, that nothing changes it, and that a drift is found."""

from odoo import Command, fields
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.upgrade import run_migration
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import DatabaseError

from ..controllers.refund_shapes import RefundShape, RollbackShape
from .ledger_rows import forget_entries
from .trading_day import TradingDay

EVER = fields.Datetime.to_datetime("1970-01-01")


@tagged("post_install", "-at_install")
class TestLedger(TradingDay):
    def sold(self, **values):
        """An order of a pizza and a cola (£13), paid."""
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        return self.pay(order, 1300, **values)

    def refund(self, order, **values):
        wish = parse(RefundShape, to_json({"id": uuid7(), "reason": "Cold", **values}))
        refunded = self.env["fynlo.refund.service"]._refund_order(self.identity(self.manager), order["id"], wish)
        self.env.cr.flush()
        return refunded["refunds"][0]

    def entries(self, payment_uuid, kind=None):
        """Account → amount of a payment; checks what is checked at the commit."""
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")
        domain = [("payment_id.fynlo_uuid", "=", payment_uuid)]
        rows = self.env["fynlo.payment.entry"].search(domain + ([("kind", "=", kind)] if kind else []))
        return {row.account: row.amount for row in rows}

    def differences(self):
        return self.env["fynlo.ledger.check"]._differences(self.location.company_id.id, EVER)

    def test_what_cash_is_for(self):
        """Change is no money taken."""
        taken = self.sold(tip=self.gbp(200), tendered=2000)
        self.assertEqual(self.entries(taken["id"]), {"tender:cash": 1500, "order": -1300, "tips": -200})
        self.assertEqual(self.differences(), [])

    def test_no_entry_without_money(self):
        taken = self.sold()
        self.assertEqual(self.entries(taken["id"]), {"tender:cash": 1300, "order": -1300})

    def test_refunds_turn_the_entries_round(self):
        taken = self.sold(tip=self.gbp(200), complete=True)
        self.refund(taken["order"], tip=self.gbp(50), amount=self.gbp(300))
        self.assertEqual(self.entries(taken["id"], "refund"), {"tender:cash": -350, "order": 300, "tips": 50})
        self.refund(taken["order"])
        rows = self.env["fynlo.payment.entry"].search([("payment_id.fynlo_uuid", "=", taken["id"])])
        self.assertEqual(sum(rows.filtered(lambda row: row.account == "tender:cash").mapped("amount")), 0)
        self.assertEqual(self.differences(), [])

    def test_payments_taken_back_of_an_open_order(self):
        taken = self.sold(tip=self.gbp(200))
        wish = parse(RollbackShape, to_json({"id": uuid7(), "reason": "By card"}))
        self.env["fynlo.refund.service"]._roll_back(self.identity(self.manager), taken["order"]["id"], wish)
        self.env.cr.flush()
        self.assertEqual(self.entries(taken["id"], "refund"), {"tender:cash": -1500, "order": 1300, "tips": 200})
        self.assertEqual(self.differences(), [])

    def test_a_refund_that_fails_later_is_owed(self):
        self.leaves_ledger_broken = True
        taken = self.sold(complete=True)
        refund = self.env["fynlo.refund"].search([("fynlo_uuid", "=", self.refund(taken["order"])["id"])])
        self.env["fynlo.payment.entry"]._enter_failed_refund(refund)
        self.env.cr.flush()
        self.assertEqual(self.entries(taken["id"], "refund_failed"), {"tender:cash": 1300, "refund_due": -1300})

    def test_the_database_refuses_changes(self):
        taken = self.sold()
        self.entries(taken["id"])  # nothing waits for the commit, else TRUNCATE is refused for that
        for statement in (
            "UPDATE fynlo_payment_entry SET amount = amount + 1",
            "DELETE FROM fynlo_payment_entry",
            "TRUNCATE fynlo_payment_entry",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(DatabaseError, "insert-only"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)
        self.assertEqual(self.entries(taken["id"]), {"tender:cash": 1300, "order": -1300})

    def test_the_orm_refuses_changes_and_other_companies(self):
        self.sold()
        entry = self.env["fynlo.payment.entry"].search([], limit=1)
        for act in (entry.unlink, lambda: entry.write({"amount": 1}), lambda: entry.create({"amount": 1})):
            with self.assertRaises(UserError):
                act()
        stranger = self.stranger()
        theirs = self.env["fynlo.payment.entry"].with_user(stranger).with_context(allowed_company_ids=[])
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            theirs.browse(entry.id).read(["amount"])
        with self.assertRaises(AccessError):
            entry.with_user(self.env.ref("base.public_user")).read(["amount"])

    def test_managers_see_payments_and_ledger_of_their_locations(self):
        taken = self.sold()
        colleague = self.env["hr.employee"]._fynlo_hire(
            {"name": "Mo", "company_id": self.location.company_id.id, "role": "manager"}
        )
        colleague.fynlo_location_ids = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        self.env.flush_all()
        for employee, payments, entries in ((self.manager, 1, 2), (colleague, 0, 0)):
            user = employee.user_id
            seen = self.env(user=user, context={"allowed_company_ids": user.company_ids.ids})
            of_payment = [("payment_id.fynlo_uuid", "=", taken["id"])]
            self.assertEqual(seen["fynlo.payment"].search_count([("fynlo_uuid", "=", taken["id"])]), payments)
            self.assertEqual(seen["fynlo.payment.entry"].search_count(of_payment), entries)
        with self.assertRaises(AccessError):  # its notes tell of every location
            self.env["fynlo.ledger.check"].with_user(user).search([])

    def stranger(self):
        """A manager of another company."""
        company = self.env["res.company"].create({"name": f"Other {uuid7()}"})
        groups = self.env.ref("base.group_user") | self.env.ref("fynlo_pos_core.group_manager")
        return self.env["res.users"].create(
            {
                "name": "Other manager",
                "login": f"other-{uuid7()}",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(groups.ids)],
            }
        )

    def test_a_fact_that_does_not_balance_never_commits(self):
        taken = self.sold()
        payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])
        ledger = self.env["fynlo.payment.entry"]
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(DatabaseError, "balance"), self.env.cr.savepoint():
            ledger._enter(payment, "refund_failed", {"tender:cash": 5, "refund_due": -4})
            self.env.cr.flush()
            self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_a_fact_is_entered_once(self):
        taken = self.sold()
        payment = self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(DatabaseError, "unique"), self.env.cr.savepoint():
            self.env["fynlo.payment.entry"]._enter_capture(payment)
            self.env.cr.flush()

    def test_the_nightly_look_finds_a_drift_and_raises_its_alarm(self):
        self.leaves_ledger_broken = True
        taken = self.sold()
        self.env.cr.execute(
            "UPDATE fynlo_payment SET amount = 1200, tendered = 1200 WHERE fynlo_uuid = %s", (taken["id"],)
        )
        self.env.invalidate_all()
        (found,) = self.differences()
        self.assertEqual((found["payment_uuid"], found["expected"], found["entered"]), (taken["id"], 1200, 1300))
        self.env["fynlo.ledger.check"]._look()
        readings = {reading.company_id: reading for reading in self.env["fynlo.health"]._payment_ledger()}
        mine = readings[self.location.company_id.id]
        self.assertEqual(mine.value, 1)
        self.assertIn(taken["id"], mine.note)

    def looked(self):
        """Look at the ledger; returns the newest check of the company."""
        checks = self.env["fynlo.ledger.check"]
        checks._look()
        return checks.search([("company_id", "=", self.location.company_id.id)], limit=1)

    def backdate(self, days):
        self.env.flush_all()
        self.env.cr.execute("UPDATE fynlo_ledger_check SET at = at - %s * interval '1 day'", (days,))
        self.env.invalidate_all()

    def test_only_what_was_touched_is_looked_at_until_a_week_has_gone(self):
        self.leaves_ledger_broken = True
        self.assertEqual(
            [(one.whole, one.differences) for one in (self.looked(), self.looked())], [(True, 0), (False, 0)]
        )
        old = self.sold()
        fields_of_old = "amount = 1200, tendered = 1200, create_date = now() - interval '9 days'"
        self.env.cr.execute(
            f"UPDATE fynlo_payment SET {fields_of_old}, write_date = now() - interval '9 days' WHERE fynlo_uuid = %s",
            (old["id"],),
        )
        self.age_entries(old["id"])
        self.assertEqual((self.looked().whole, self.looked().differences), (False, 0))
        self.backdate(8)
        check = self.looked()
        self.assertEqual((check.whole, check.differences), (True, 1))
        again = self.looked()
        self.assertEqual((again.whole, again.differences), (True, 1))  # it does not drop out of sight

    def age_entries(self, payment_uuid):
        self.entries(payment_uuid)
        table = "fynlo_payment_entry"
        self.env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER fynlo_payment_entry_insert_only")
        self.env.cr.execute(f"UPDATE {table} SET at = now() - interval '9 days'")
        self.env.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER fynlo_payment_entry_insert_only")
        self.env.invalidate_all()

    def test_what_was_touched_since_the_last_look_is_looked_at(self):
        self.leaves_ledger_broken = True
        self.looked()
        taken = self.sold()
        self.env.cr.execute(
            "UPDATE fynlo_payment SET amount = 1200, tendered = 1200 WHERE fynlo_uuid = %s", (taken["id"],)
        )
        self.env.invalidate_all()
        check = self.looked()
        self.assertEqual((check.whole, check.differences), (False, 1))

    def test_a_refund_that_the_payment_does_not_know_is_a_difference(self):
        self.leaves_ledger_broken = True
        taken = self.sold(complete=True)
        self.refund(taken["order"], amount=self.gbp(300))
        self.env.cr.execute("UPDATE fynlo_payment SET refunded = 0 WHERE fynlo_uuid = %s", (taken["id"],))
        self.env.invalidate_all()
        (found,) = self.differences()
        self.assertEqual((found["refunded"], found["given_up"]), (0, 300))

    def test_payments_from_before_the_ledger_are_entered_once(self):
        taken = self.sold(tip=self.gbp(200), complete=True)
        self.refund(taken["order"], amount=self.gbp(300))
        self.entries(taken["id"])
        before = self.picture(taken)
        forget_entries(self.env.cr, ["capture", "refund"])
        self.env.invalidate_all()
        self.assertEqual(self.picture(taken), [])
        for _ in range(2):
            run_migration(self.env.cr, "fynlo_payments", "19.0.1.3.0")
        self.env.invalidate_all()
        self.assertEqual(self.picture(taken), before)
        self.assertEqual(self.differences(), [])

    def picture(self, taken):
        rows = self.env["fynlo.payment.entry"].search([("payment_id.fynlo_uuid", "=", taken["id"])])
        return sorted((row.kind, row.refund_id.id, row.account, row.amount) for row in rows)
