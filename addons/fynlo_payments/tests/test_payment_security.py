"""Rules for all routes of money at once, whoever wrote them: other people's records, foreign fields, sizes, amounts."""

import json

from odoo.addons.fynlo_pos_core.tests.common import forget_rate_limits
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged
from odoo.tools import SQL

from .bank import OutsideCase

TAGS = {"payments", "refunds", "gift cards", "open banking", "pay links", "stripe", "apple pay"}
#: What a client might like to decide.
WISHES = {
    "state": "captured",
    "paid": True,
    "fee": {"amount": 0, "currency": "GBP"},
    "company_id": 1,
    "application_fee_amount": 0,
    "provider_reference": "pi_1",
    "livemode": True,
    "surcharge": {"amount": 0, "currency": "GBP"},
}
#: Fields of no answer of these routes.
INSIDE = {
    "margin",
    "standard_price",
    "provider_key",
    "idempotency_key",
    "nonce",
    "token_hash",
    "code_hash",
    "company_id",
}
#: The codes with which a body is refused for what it is.
WRONG_BODY = {"validation_failed", "malformed_json", "body_too_large", "card_number_refused"}


@tagged("post_install", "-at_install")
class TestPaymentSecurity(OutsideCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rival, cls.rival_location = cls.make_company("Rival")
        rival.tax_calculation_rounding_method = "round_per_line"

    def setUp(self):
        super().setUp()
        self.document = self.done("GET", "/openapi.json")
        self.order = self.place()
        paid = self.done("POST", f"/orders/{self.order['id']}/payments", {**self.wish(500), "method": "cash"})
        self.bank.answers = ["action_required"]
        waiting = self.pay(self.order, 200).json()
        self.ids = {"order_id": self.order["id"], "payment_id": paid["id"], "waiting": waiting["id"]}

    def operations(self):
        """Path, method and operation of every route of money but those for providers, who speak for themselves."""
        found = [
            (path, method.upper(), operation)
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
            if TAGS & set(operation.get("tags", ())) and "webhook" not in path
        ]
        self.assertGreater(len(found), 25)
        return found

    def body_of(self, operation):
        """The documented example in the location's currency."""
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            return None
        example = json.dumps(content["application/json"]["example"])
        return json.loads(example.replace('"GBP"', f'"{self.currency()}"'))

    def at(self, path, payment):
        """The path with our ids; what has another name gets the payment's."""
        for part in path.split("{")[1:]:
            name = part.split("}")[0]
            path = path.replace(f"{{{name}}}", self.ids.get(name, payment) if name != "payment_id" else payment)
        return path

    def money_rows(self):
        self.env.cr.flush()
        tables = (
            "fynlo_payment",
            "fynlo_refund",
            "fynlo_payment_entry",
            "fynlo_stored_value",
            "pos_order",
            "pos_payment",
        )
        return [
            self.env.execute_query(SQL("SELECT count(*), sum(xmin::text::bigint) FROM %s", SQL.identifier(table)))
            for table in tables
        ]

    def test_another_companys_payments_do_not_exist(self):
        """API1: also for an owner, and for the location next door."""
        before = self.money_rows()
        seen = set()
        for who in (self.sign_in("owner", self.rival_location), self.sign_in("manager", self.other_location)):
            for payment in (self.ids["payment_id"], self.ids["waiting"]):
                for path, method, operation in self.operations():
                    body = self.body_of(operation)
                    if "{" not in path:
                        continue
                    forget_rate_limits()
                    with self.subTest(f"{method} {path}"):
                        answer = self.api(method, self.at(path, payment), body, token=who)
                        self.assertEqual(answer.status_code, 404, answer.text)
                        self.assertNotIn(self.order["id"], answer.text)
                        seen.add(path)
        self.assertGreater(len(seen), 8)
        self.assertEqual(self.money_rows(), before)
        self.assertEqual(self.bank.calls, ["create"])

    def test_fields_that_the_server_decides_are_refused(self):
        """API3, on the way in."""
        before = self.money_rows()
        for path, method, operation in self.operations():
            body = self.body_of(operation)
            for name in WISHES.keys() - (body or {}).keys() if body is not None else ():
                forget_rate_limits()
                with self.subTest(f"{method} {path} {name}"):
                    answer = self.api(
                        method, self.at(path, self.ids["payment_id"]), {**body, name: WISHES[name]}, token=self.manager
                    )
                    self.assertProblem(answer, "validation_failed", 422)
                    self.assertIn(name, {error["field"] for error in answer.json()["errors"]})
        self.assertEqual(self.money_rows(), before)

    def test_answers_hold_nothing_of_the_inside(self):
        """API3, on the way out."""
        schemas = self.document["components"]["schemas"]

        def names(schema, seen):
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                return set() if name in seen else names(schemas[name], seen | {name})
            found = set(schema.get("properties", ()))
            parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
            parts += [schema["items"]] if schema.get("items") else []
            return found.union(*(names(part, seen) for part in parts))

        for path, method, operation in self.operations():
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get("application/json", {}).get("schema")
                if schema and status.startswith("2"):
                    with self.subTest(f"{method} {path}"):
                        self.assertEqual(names(schema, frozenset()) & INSIDE, set())

    def test_bodies_without_measure(self):
        """API4: too large, too deep, too many; the worker answers the next request."""
        order = f"/orders/{self.order['id']}/payments"
        deep = "[" * 5000 + "]" * 5000
        for raw in (
            b'{"id": "' + b"x" * 1_100_000 + b'"}',
            f'{{"details": {deep}}}'.encode(),
            deep.encode(),
            b"9" * 5000,
            b"\xff\xfe",
        ):
            headers = {
                "Authorization": f"Bearer {self.cashier}",
                "Idempotency-Key": uuid7(),
                "Content-Type": "application/json",
            }
            answer = self.url_open(f"/api/v1{order}", data=raw, headers=headers, timeout=30)
            self.assertIn(answer.json()["code"], WRONG_BODY, answer.text)
        for path in ("/payments?limit=1000000000", "/payments?limit=0", "/payments?cursor=" + "x" * 300):
            self.assertProblem(self.api("GET", path, token=self.manager), "validation_failed", 422)
        self.assertEqual(self.done("GET", "/payments?limit=1")["items"][0]["id"], self.ids["waiting"])

    def test_amounts_that_make_no_sense(self):
        """API6: nothing, less than nothing, more than a column holds, a part of a penny, another currency."""
        before = self.money_rows()
        order, currency = f"/orders/{self.order['id']}/payments", self.currency()
        for method in ("cash", "open_banking"):
            for amount in (0, -1, -(2**31), 2**31, 10**30, 1.5, "5", None, True):
                for field in ("amount", "tip"):
                    if field == "tip" and amount in (0, None) and amount is not True:
                        continue
                    forget_rate_limits()
                    with self.subTest(f"{method} {field} {amount}"):
                        wish = {**self.wish(100), "method": method, field: {"amount": amount, "currency": currency}}
                        answer = self.api("POST", order, wish, token=self.cashier)
                        self.assertProblem(answer, "validation_failed", 422)
            for wrong in ("XXX", "gbp", "£", "", None):
                with self.subTest(f"{method} {wrong}"):
                    wish = {**self.wish(100), "method": method, "amount": {"amount": 100, "currency": wrong}}
                    self.assertProblem(self.api("POST", order, wish, token=self.cashier), "validation_failed", 422)
            over = {**self.wish(10_000), "method": method}
            self.assertProblem(self.api("POST", order, over, token=self.cashier), "amount_exceeds_due", 409)
        self.assertEqual(self.money_rows(), before)
        self.assertEqual(self.bank.calls, ["create"])
