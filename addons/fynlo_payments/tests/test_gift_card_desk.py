"""Gift cards from the back office: given, activated, topped up and blocked as tills do, with the code shown once."""

from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.stored_value import CODE as A_CODE
from ..models.stored_value import normalised
from ..models.stored_value_desk import new_code
from .gift_cards import CODE, GiftCards


@tagged("post_install", "-at_install")
class TestGiftCardDesk(GiftCards):
    def window(self, errand, user=None, **values):
        wished = {"errand": errand, "config_id": self.location.id, "reason": "The soup was cold", **values}
        return self.env["fynlo.stored.value.window"].with_user(user or self.manager.user_id).create(wished)

    def card(self, code=CODE):
        return self.env["fynlo.stored.value"]._with_code(self.company.id, code)

    def logged(self):
        self.env.cr.flush()
        entry = self.env["fynlo.audit.log"].search([("company_id", "=", self.company.id)], limit=1)
        return entry.action, entry.actor, entry.reason

    def test_a_gift_of_the_house(self):
        shown = self.window("give", amount=25).action_do()["context"]
        code = shown["default_code"]
        self.assertEqual(shown["default_worth"], "25.00 GBP")
        self.assertEqual(self.balance(code), 2500)
        self.assertEqual(self.logged()[::2], ("gift_card.issued", "The soup was cold"))
        self.assertTrue(self.card(code).entry_ids.move_id)
        self.add_up()

    def test_the_code_is_kept_nowhere(self):
        code = self.window("give", amount=25).action_do()["context"]["default_code"]
        self.env.flush_all()
        for table, column in (("fynlo_stored_value_window", "reason"), ("fynlo_audit_log", "after")):
            self.env.cr.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE %s", (f"%{code[5:9]}%",))
            self.assertEqual(self.env.cr.fetchone()[0], 0)
        self.env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s",
                            ("fynlo_stored_value_code",))  # fmt: skip
        self.assertNotIn("code", [name for (name,) in self.env.cr.fetchall()])

    def test_codes_are_codes_and_no_card_numbers(self):
        codes = {normalised(new_code()) for _ in range(500)}
        self.assertEqual(len(codes), 500)
        for code in codes:
            self.assertTrue(A_CODE.fullmatch(code) and not code.isdigit(), code)

    def test_a_sold_card_is_activated_once(self):
        order = self.env["pos.order"].search([("uuid", "=", self.sold_card()["id"])])
        code = self.window("sold", order_id=order.id, reason=False).action_do()["context"]["default_code"]
        self.assertEqual(self.balance(code), 2500)
        with self.assertRaises(Problem) as caught:
            self.window("sold", order_id=order.id).action_do()
        self.assertEqual(caught.exception.code, "not_found")

    def test_more_is_put_on_a_card(self):
        self.give(1000)
        self.window("top_up", card_id=self.card().id, amount=5.5).action_do()
        self.assertEqual(self.balance(), 1550)
        self.assertEqual(self.logged()[0], "gift_card.issued")
        self.add_up()

    def test_a_blocked_card_is_not_topped_up(self):
        self.give(1000)
        card = self.card()
        self.window("block", card_id=card.id).action_do()
        self.assertEqual((card.state, self.logged()[::2]), ("blocked", ("gift_card.blocked", "The soup was cold")))
        with self.assertRaises(Problem) as caught:
            self.window("top_up", card_id=card.id, amount=5).action_do()
        self.assertEqual((caught.exception.code, card.balance), ("gift_card_blocked", 1000))
        self.window("unblock", card_id=card.id).action_do()
        self.assertEqual(card.state, "active")

    def test_credit_of_a_customer(self):
        self.window("credit", partner_id=self.guest.id, amount=7).action_do()
        self.assertEqual(self.env["fynlo.stored.value"]._credit_of(self.company.id, self.guest.fynlo_uuid).balance, 700)

    def test_bad_input(self):
        for values in ({"amount": 0}, {"amount": -5}, {"amount": 0.001}, {"amount": 5, "expires_on": "2020-01-01"}):
            with self.subTest(str(values)), self.assertRaises(Problem):
                self.window("give", **values).action_do()
        with self.assertRaises(UserError):
            self.window("give", amount=5, reason=" ").action_do()
        self.assertFalse(self.env["fynlo.stored.value"].search_count([("company_id", "=", self.company.id)]))

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.window("give", self.cashier.user_id, amount=5)
        company = self.env["res.company"].create({"name": f"Elsewhere {uuid7()}"})
        owner = self.env["hr.employee"]._fynlo_hire({"name": "Sam", "role": "owner", "company_id": company.id})
        self.give(1000)
        elsewhere = self.env["fynlo.stored.value.window"].with_context(allowed_company_ids=company.ids)
        with self.assertRaises(AccessError):
            elsewhere.with_user(owner.user_id).create(
                {"errand": "block", "config_id": self.location.id, "card_id": self.card().id, "reason": "Mine"}
            ).action_do()
        self.assertEqual(self.card().state, "active")

    def test_the_permission_is_asked(self):
        domain = [("code", "=", "gift_card.grant"), ("company_id", "=", self.company.id)]
        self.env["fynlo.permission.map"].search(domain).manager = False
        self.env.flush_all()
        with self.assertRaises(Problem) as caught:
            self.window("give", amount=5).action_do()
        self.assertEqual(caught.exception.code, "permission_denied")
