"""Gift cards and store credit: what they hold, what is refused, and the books."""

from dataclasses import replace
from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .gift_cards import CODE, GiftCards


@tagged("post_install", "-at_install")
class TestGiftCards(GiftCards):
    def entries(self):
        return self.env["fynlo.stored.value.entry"].search([("company_id", "=", self.company.id)], order="id")

    def test_a_sold_card_is_activated_and_spent(self):
        sold = self.sold_card()
        card = self.issue(line_id=sold["lines"][0]["id"])
        self.assertEqual((card["balance"], card["last4"], card["state"]), (self.gbp(2500), "Q9TX", "active"))
        order = self.place(self.line(self.menu.pizza))
        taken = self.spend(order, 1000, code="test 7k2m q9tx", complete=True)
        self.assertEqual(
            (taken["state"], taken["order"]["payment"], taken["change"]), ("captured", "paid", self.gbp(0))
        )
        self.assertEqual(taken["provider"]["reference"], card["id"])
        self.assertEqual(self.balance(), 1500)
        self.assertEqual(self.entries().mapped("amount"), [2500, -1000])
        self.assertEqual(self.entries().mapped("balance_after"), [2500, 1500])
        self.add_up()

    def test_the_code_is_kept_nowhere(self):
        self.give(1000)
        order = self.place(self.line(self.menu.pizza))
        self.spend(order, 1000)
        self.env.flush_all()
        for table in ("fynlo_stored_value", "fynlo_stored_value_entry", "fynlo_payment", "fynlo_outbox", "pos_payment"):
            self.env.cr.execute(f"SELECT count(*) FROM {table} t WHERE t::text ~ '7K2M'")
            self.assertEqual(self.env.cr.fetchone(), (0,), table)

    def test_no_more_than_a_line_is_worth_is_activated(self):
        line = self.sold_card("2")["lines"][0]["id"]
        self.issue(line_id=line, amount=self.gbp(2500))
        problem = self.assertRefused(
            "gift_card_line", self.issue, code="SECOND-CARD-22", line_id=line, amount=self.gbp(2501)
        )
        self.assertEqual(problem.members["left"], self.gbp(2500))
        self.issue(code="SECOND-CARD-22", line_id=line)
        self.assertRefused("gift_card_line", self.issue, code="THIRD-CARD-999", line_id=line)

    def test_only_paid_gift_cards_are_activated(self):
        order = self.place(self.line(self.card_product), self.line(self.menu.pizza))
        self.assertRefused("gift_card_line", self.issue, line_id=order["lines"][0]["id"])
        order = self.pay(order, 3500, complete=True)["order"]
        self.assertRefused("gift_card_line", self.issue, line_id=order["lines"][1]["id"])
        self.assertRefused("not_found", self.issue, line_id=order["id"])

    def test_only_managers_give_cards_away(self):
        self.assertRefused("permission_denied", self.issue, amount=self.gbp(1000), reason="Sorry")
        self.assertRefused("validation_failed", self.issue, employee=self.manager, amount=self.gbp(1000))
        self.assertRefused("validation_failed", self.give, 0)
        self.assertRefused("validation_failed", self.give, 100, code="SHORT-CODE")
        self.give(1000)
        self.assertRefused("gift_card_code_taken", self.give, 1000)

    def test_the_rest_is_told_and_can_be_paid_otherwise(self):
        self.give(700)
        order = self.place(self.line(self.menu.pizza))
        problem = self.assertRefused("gift_card_balance", self.spend, order, 1000)
        self.assertEqual((problem.members["balance"], problem.http_status), (self.gbp(700), 409))
        self.assertEqual(self.balance(), 700)
        self.assertEqual(self.spend(order, 700)["order"]["payment"], "partly_paid")
        self.assertEqual(self.pay(order, 300, complete=True)["order"]["state"], "completed")
        self.assertRefused("gift_card_balance", self.spend, self.place(self.line(self.menu.pizza)), 1)

    def test_a_card_gives_no_change(self):
        """The drawer got nothing, so nothing may come out of it."""
        self.give(5000)
        order = self.place(self.line(self.menu.pizza))
        self.assertRefused("validation_failed", self.spend, order, 1000, tendered=2000)
        self.assertEqual(self.balance(), 5000)
        taken = self.spend(order, 1000, tendered=1000, complete=True)
        self.assertEqual((taken["change"], self.balance()), (self.gbp(0), 4000))

    def test_a_tip_comes_off_the_card_too(self):
        self.give(1500)
        self.spend(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(200), complete=True)
        self.assertEqual(self.balance(), 300)

    def test_blocked_and_lapsed_cards_pay_nothing(self):
        card = self.give(1000)
        order = self.place(self.line(self.menu.pizza))
        boss = self.identity(self.manager)
        self.assertEqual(self.service._block(boss, card["id"], True, "Stolen")["state"], "blocked")
        self.assertRefused("gift_card_blocked", self.spend, order, 100)
        self.service._block(boss, card["id"], False, "Found")
        self.spend(order, 100)
        record = self.env["fynlo.stored.value"].search([("fynlo_uuid", "=", card["id"])])
        record.sudo().expires_on = fields.Date.today() - timedelta(days=2)
        self.assertRefused("gift_card_expired", self.spend, order, 100)
        self.assertRefused("gift_card_unknown", self.spend, order, 100, code="NOBODYS-CARD-1")
        self.assertRefused("validation_failed", self.pay, order, 100, method="gift_card")

    def test_a_block_that_comes_in_between_is_seen(self):
        """The condition of the update decides, not what was read before it."""
        self.give(1000)
        card = self.env["fynlo.stored.value"].search([], limit=1)
        self.env.cr.execute("UPDATE fynlo_stored_value SET state = 'blocked' WHERE id = %s", (card.id,))
        self.assertRefused("gift_card_blocked", card.sudo()._move, "redeem", -1)

    def test_lapsing_takes_what_is_left_and_a_refund_renews(self):
        self.give(1500, expires_on=fields.Date.today().isoformat())
        order = self.spend(self.place(self.line(self.menu.pizza)), 1000, complete=True)["order"]
        card = self.env["fynlo.stored.value"].search([("company_id", "=", self.company.id)])
        card.sudo().expires_on = fields.Date.today() - timedelta(days=2)
        for _again in range(2):
            self.env["fynlo.stored.value"]._cron_expire()
            self.assertEqual((card.state, card.balance), ("expired", 0))
        self.assertEqual(self.entries().mapped("kind"), ["issue", "redeem", "expire"])
        self.refund(order)
        self.assertEqual((card.state, card.balance), ("active", 1000))
        self.assertGreater(card.expires_on, fields.Date.today())
        self.add_up()

    def test_refunds_go_back_to_the_card(self):
        self.give(1500)
        order = self.spend(self.place(self.line(self.menu.pizza)), 1000, complete=True)["order"]
        self.assertEqual(self.refund(order, amount=self.gbp(333))["refunds"][0]["method"], "gift_card")
        self.assertEqual(self.balance(), 833)
        self.refund(order)
        self.assertEqual(self.balance(), 1500)
        self.add_up()

    def test_a_payment_taken_back_from_an_open_order(self):
        self.give(1500)
        order = self.spend(self.place(self.line(self.menu.pizza)), 400)["order"]
        self.roll_back(order)
        self.assertEqual(self.balance(), 1500)

    def test_refunding_a_sold_card_takes_its_value_back(self):
        sold = self.sold_card("2")
        line = sold["lines"][0]["id"]
        self.issue(line_id=line, amount=self.gbp(2500))
        self.refund(sold, lines=[self.of_line(sold, 0, "1")])
        self.assertEqual(self.balance(), 2500)  # the one that was not activated went back
        self.refund(sold)
        self.assertEqual(self.balance(), 0)
        self.assertRefused("gift_card_line", self.issue, code="SECOND-CARD-22", line_id=line)
        self.add_up()

    def test_a_spent_card_is_not_refunded(self):
        sold = self.sold_card()
        self.issue(line_id=sold["lines"][0]["id"])
        self.spend(self.place(self.line(self.menu.pizza)), 1)
        self.assertRefused("gift_card_balance", self.refund, sold)
        self.assertEqual(self.balance(), 2499)

    def test_wrong_codes_lock_the_device(self):
        self.give(1000)
        identity = self.identity()
        for turn in range(10):
            with self.subTest(turn):
                try:  # assertRaises would undo the count, which a lasting refusal keeps
                    self.service._look_up(identity, f"WRONG-CODE-{turn:04}")
                except UserError as problem:
                    self.assertEqual((problem.code, problem.lasting), ("gift_card_unknown", True))
        locked = self.assertRefused("gift_card_locked", self.service._look_up, identity, CODE)
        self.assertGreater(int(locked.headers["Retry-After"]), 600)
        self.assertRefused("gift_card_locked", self.spend, self.place(self.line(self.menu.pizza)), 100)
        self.env["fynlo.lockout"].search([("kind", "=", "gift_card_code")]).action_unlock()
        self.assertEqual(self.balance(), 1000)

    def test_store_credit(self):
        self.credit(600)
        self.assertEqual(self.credit(500)["balance"], self.gbp(1100))
        order = self.place(self.line(self.menu.pizza))
        details = {"customer_id": self.guest.fynlo_uuid}
        self.pay(order, 1000, method="store_credit", details=details, complete=True)
        credit = self.service._credit(self.identity(), self.guest.fynlo_uuid)
        self.assertEqual((credit["balance"], credit["kind"]), (self.gbp(100), "store_credit"))
        other = self.place(self.line(self.menu.pizza))
        self.assertRefused("gift_card_balance", self.pay, other, 101, method="store_credit", details=details)
        for nobody in ({}, {"customer_id": 7}, {"customer_id": ["x"]}, {"customer_id": other["id"]}):
            self.assertRefused("gift_card_unknown", self.pay, other, 101, method="store_credit", details=nobody)

    def test_another_company_has_other_cards(self):
        self.give(1000)
        mine = self.identity()
        stranger = replace(mine, company_id=self.env.ref("base.main_company").id)
        card = self.env["fynlo.stored.value"].search([("company_id", "=", self.company.id)])
        self.assertRefused("gift_card_unknown", self.service._look_up, stranger, CODE)
        self.assertRefused("not_found", self.service._block, stranger, card.fynlo_uuid, True, "x")
        self.assertEqual(card.state, "active")

    def test_the_ledger_cannot_be_changed(self):
        self.give(1000)
        entry = self.entries()
        for change in (lambda: entry.write({"amount": 5}), entry.unlink, entry.card_id.unlink):
            with self.assertRaises(UserError):
                change()
        card = entry.card_id.id
        for statement in (
            "UPDATE fynlo_stored_value_entry SET amount = 1",
            "DELETE FROM fynlo_stored_value_entry",
            f"UPDATE fynlo_stored_value SET balance = -1 WHERE id = {card}",
            f"UPDATE fynlo_stored_value SET balance = 999 WHERE id = {card}; SET CONSTRAINTS ALL IMMEDIATE",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.Error),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_products_and_methods_are_set_up_rightly(self):
        with self.assertRaises(ValidationError):
            self.menu.pizza.product_tmpl_id.fynlo_gift_card = True
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        with self.assertRaises(ValidationError):
            self.env["pos.payment.method"].create(
                {"name": "Vouchers", "fynlo_provider": "gift_card", "journal_id": bank.id}
            )

    def test_the_books(self):
        """Sold, given, spent, tipped, refunded, lapsed: the liability is what the cards hold, to the penny."""
        sold = self.sold_card("3")
        line = sold["lines"][0]["id"]
        self.issue(line_id=line, amount=self.gbp(2500))
        self.issue(code="SECOND-CARD-22", line_id=line, amount=self.gbp(2500))
        self.refund(sold, lines=[self.of_line(sold, 0, "1")])
        self.give(1111, code="GIVEN-CARD-0011")
        self.credit(450)
        first = self.place(self.line(self.menu.pizza, "2"))
        first = self.spend(first, 2000, tip=self.gbp(150), complete=True)["order"]
        second = self.place(self.line(self.menu.pizza))
        self.spend(second, 1000, code="GIVEN-CARD-0011", complete=True)
        third = self.place(self.line(self.menu.cola))
        self.pay(third, 300, method="store_credit", details={"customer_id": self.guest.fynlo_uuid}, complete=True)
        self.refund(first, lines=[self.of_line(first, 0, "1")])
        given = self.env["fynlo.stored.value"].search([("last4", "=", "0011")])
        given.sudo().expires_on = fields.Date.today() - timedelta(days=2)
        self.env["fynlo.stored.value"]._cron_expire()
        self.close(self.session()._fynlo_expected_cash_minor())
        self.assertEqual(self.session()._fynlo_expected_cash_minor(), 10000 + 5000)
        self.post()
        self.env.flush_all()
        cards = self.env["fynlo.stored.value"].search([("company_id", "=", self.company.id)])
        held = {card.last4 or "credit": card.balance for card in cards}
        self.assertEqual(held, {"Q9TX": 1350, "RD22": 2500, "0011": 0, "credit": 150})
        self.assertEqual(self.on_account("fynlo_cards_account_id"), -40.0)
        self.assertEqual(self.on_account("fynlo_cards_given_account_id"), 15.61)
        self.assertEqual(self.on_account("fynlo_cards_lapsed_account_id"), -1.11)
        self.assertEqual(self.on_account("fynlo_tips_account_id"), -1.5)
        lines = self.session().move_id.line_ids
        self.assertEqual(round(sum(lines.mapped("balance")), 2), 0.0)
        sales = lines.filtered(lambda row: row.account_id.account_type == "income" and not row.tax_line_id)
        taxes = lines.filtered("tax_line_id")
        self.assertEqual(round(sum((sales | taxes).mapped("balance")), 2), -23.0)
        self.add_up()

    def on_account(self, name):
        rows = self.env["account.move.line"].search(
            [("account_id", "=", self.company[name].id), ("parent_state", "=", "posted")]
        )
        return round(sum(rows.mapped("balance")), 2)
