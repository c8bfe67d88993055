"""The routes of gift cards over HTTP: who may call them, what the wire looks like, what a retry does."""

from odoo import Command
from odoo.addons.fynlo_pos_core.tests.common import ApiCase
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..controllers.gift_cards import StoredValueView

CODE = "WIRE-7K2M-Q9TX"


@tagged("post_install", "-at_install")
class TestGiftCardsApi(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"
        journal = cls.env["account.journal"].create({"name": "Drawer", "type": "cash", "code": uuid7()[-5:]})
        methods = cls.env["pos.payment.method"].create(
            [
                {"name": "Cash", "journal_id": journal.id},
                {"name": "Gift card", "fynlo_provider": "gift_card"},
            ]
        )
        cls.location.payment_method_ids = [Command.set(methods.ids)]
        cls.dish = cls.env["product.product"].create(
            {"name": "Soup", "list_price": 6.0, "available_in_pos": True, "type": "consu", "taxes_id": False}
        )
        cls.guest = cls.env["res.partner"].create({"name": "Greta"})

    def setUp(self):
        super().setUp()
        self.manager = self.sign_in("manager")

    def money(self, minor):
        return {"amount": minor, "currency": self.location.currency_id.name}

    def done(self, method, path, body=None, *, status=200, token=None, **kwargs):
        response = self.api(method, path, body, token=token or self.manager, **kwargs)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def give(self, minor, code=CODE):
        body = {"id": uuid7(), "code": code, "amount": self.money(minor), "reason": "Sorry"}
        return self.done("POST", "/gift-cards", body, status=201)

    def test_giving_a_card(self):
        body = {"id": uuid7(), "code": CODE, "amount": self.money(1000), "reason": "Sorry"}
        self.assertProblem(self.api("POST", "/gift-cards", body), "token_missing", 401)
        self.assertProblem(
            self.api("POST", "/gift-cards", body, token=self.sign_in("cashier")), "permission_denied", 403
        )
        kitchen = self.api("POST", "/gift-cards", body, token=self.sign_in("kitchen"))
        self.assertProblem(kitchen, "permission_denied", 403)
        key = uuid7()
        card = self.done("POST", "/gift-cards", body, status=201, key=key)
        StoredValueView.model_validate(card)
        self.assertEqual(self.done("POST", "/gift-cards", body, status=201, key=key), card)
        self.assertEqual(card["balance"], self.money(1000))
        self.assertProblem(self.api("POST", "/gift-cards", body, token=self.manager), "id_taken", 409)
        self.assertNotIn("7K2M", self.api("GET", f"/customers/{card['id']}/credit", token=self.manager).text)

    def test_the_balance(self):
        card = self.give(1000)
        server = self.sign_in("server")
        self.assertEqual(self.done("POST", "/gift-cards:balance", {"code": CODE.lower()}, token=server), card)
        for code in ("NOBODYS-CARD-1", "x", "\u0660" * 12, "' OR 1=1 --"):
            with self.subTest(code):
                answer = self.api("POST", "/gift-cards:balance", {"code": code}, token=server)
                self.assertProblem(answer, "gift_card_unknown", 404)
        for garbage in ({}, {"code": 5}, {"code": ""}, {"code": "A" * 61}):
            with self.subTest(garbage):
                answer = self.api("POST", "/gift-cards:balance", garbage, token=server)
                self.assertProblem(answer, "validation_failed", 422)

    def test_guessing_locks_the_device_for_requests_too(self):
        """The count outlives each refused request."""
        self.give(1000)
        for turn in range(10):
            answer = self.api("POST", "/gift-cards:balance", {"code": f"WRONG-CODE-{turn:04}"}, token=self.manager)
            self.assertProblem(answer, "gift_card_unknown", 404)
        locked = self.api("POST", "/gift-cards:balance", {"code": CODE}, token=self.manager)
        self.assertProblem(locked, "gift_card_locked", 429)
        self.assertIn("Retry-After", locked.headers)

    def test_blocking(self):
        card = self.give(1000)
        path, body = f"/gift-cards/{card['id']}:block", {"reason": "Stolen"}
        self.assertProblem(self.api("POST", path, body), "token_missing", 401)
        self.assertProblem(self.api("POST", path, body, token=self.sign_in("cashier")), "permission_denied", 403)
        self.assertEqual(self.done("POST", path, body)["state"], "blocked")
        self.assertEqual(self.done("POST", path, body)["state"], "blocked")
        self.assertEqual(self.done("POST", path.replace(":block", ":unblock"), body)["state"], "active")
        self.assertProblem(self.api("POST", f"/gift-cards/{uuid7()}:block", body, token=self.manager), "not_found", 404)

    def test_a_payment_and_its_retry(self):
        self.done("POST", "/till-sessions", {"id": uuid7(), "float": self.money(0)}, status=201)
        self.give(1000)
        line = {"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": "1"}
        order = self.done("POST", "/orders", {"id": uuid7(), "lines": [line]}, status=201)
        path, key = f"/orders/{order['id']}/payments", uuid7()
        body = {"id": uuid7(), "method": "gift_card", "amount": self.money(600), "details": {"code": CODE}}
        paid = self.done("POST", path, {**body, "complete": True}, status=201, key=key)
        self.assertEqual(self.done("POST", path, {**body, "complete": True}, status=201, key=key), paid)
        self.assertEqual(paid["order"]["state"], "completed")
        self.assertEqual(self.done("POST", "/gift-cards:balance", {"code": CODE})["balance"], self.money(400))

    def test_store_credit(self):
        path, body = f"/customers/{self.guest.fynlo_uuid}/credit", {"amount": self.money(500), "reason": "Sorry"}
        self.assertProblem(self.api("POST", path, body), "token_missing", 401)
        self.assertProblem(self.api("POST", path, body, token=self.sign_in("cashier")), "permission_denied", 403)
        self.assertProblem(self.api("GET", path, token=self.manager), "not_found", 404)
        key = uuid7()
        credit = self.done("POST", path, body, status=201, key=key)
        self.assertEqual(self.done("POST", path, body, status=201, key=key), credit)
        self.assertEqual(self.done("GET", path, token=self.sign_in("server")), credit)
        self.assertProblem(self.api("POST", f"/customers/{uuid7()}/credit", body, token=self.manager), "not_found", 404)
