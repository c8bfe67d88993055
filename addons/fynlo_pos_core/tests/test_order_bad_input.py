"""What tills must not send: each mistake has its code, names its field, and leaves nothing behind."""

import json
from datetime import UTC, datetime, timedelta

from odoo.tests import tagged

from ..engine.basket import LINES_MAX
from ..engine.operations import OPERATIONS_MAX
from ..tools.identifiers import uuid7
from .common import ApiCase
from .shop import Shop

#: Everything that making or editing an order writes to.
WRITTEN = (
    "pos_order", "pos_order_line", "fynlo_order_operation", "fynlo_outbox", "fynlo_idempotency", "fynlo_kitchen_ticket",
)  # fmt: skip
HOUR = timedelta(hours=1)


class BadInputCase(Shop, ApiCase):
    """A shop over HTTP, with an order on which edits are tried."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)

    def setUp(self):
        super().setUp()
        self.open_till()
        self.token = self.sign_in("manager")
        self.order = self.accepted(self.order_body(self.line(self.menu.pizza)))

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def send(self, path, body, raw=None):
        """Post a body, or bytes as they are."""
        if raw is None:
            return self.api("POST", path, body, token=self.token)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": uuid7(),
            "Content-Type": "application/json",
        }
        self.env.cr.flush()
        answer = self.url_open(f"/api/v1{path}", data=raw, headers=headers, method="POST", timeout=30)
        self.env.invalidate_all()
        return answer

    def accepted(self, body):
        answer = self.send("/orders", body)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def written(self):
        """How many rows each table has, the device's next number, and the order's version."""
        self.env.cr.flush()
        counts = []
        for table in WRITTEN:
            self.env.cr.execute(f"SELECT count(*) FROM {table}")
            counts.append(self.env.cr.fetchone())
        self.env.cr.execute("SELECT next_number FROM fynlo_device WHERE id = %s", (self.till.id,))
        counts.append(self.env.cr.fetchone())
        self.env.cr.execute("SELECT fynlo_version, amount_total FROM pos_order WHERE uuid = %s", (self.order["id"],))
        return [*counts, self.env.cr.fetchone()]

    def assertRefused(self, code, field, path, body, *, detail_code=None, raw=None):
        """The answer is this problem about this field, and nothing was written."""
        before = self.written()
        problem = self.assertProblem(self.send(path, body, raw), code)
        fields = {error["field"]: error["code"] for error in problem["errors"]}
        if field:
            self.assertIn(field, fields, problem)
            self.assertEqual(fields[field], detail_code or code, problem)
        self.assertEqual(self.written(), before)
        return problem

    def operations(self, *operations, **values):
        body = {"base_version": self.order["version"], "operations": list(operations), **values}
        return {name: value for name, value in body.items() if value is not None}

    @property
    def edits(self):
        return f"/orders/{self.order['id']}/operations"


@tagged("post_install", "-at_install")
class TestBadOrder(BadInputCase):
    def assertLineRefused(self, code, field, line, **options):
        return self.assertRefused(code, f"lines[0].{field}", "/orders", self.order_body(line), **options)

    def assertFieldRefused(self, field, body, value):
        """The value is no value for that field of an order."""
        before = self.written()
        problem = self.assertProblem(self.send("/orders", {**body, field: value}), "validation_failed")
        self.assertEqual([error["field"] for error in problem["errors"]], [field])
        self.assertEqual(self.written(), before)

    def test_what_is_not_on_the_menu(self):
        pizza, archived = self.menu.pizza, self.product("Old special", 9.0, self.menu.pizza.taxes_id)
        archived_id = archived.fynlo_uuid
        archived.product_tmpl_id.active = False
        for name, variant_id in [
            ("unknown", uuid7()),
            ("archived", archived_id),
            ("a product for its variant", pizza.product_tmpl_id.fynlo_uuid),
            ("a modifier for a dish", self.extras.modifier_ids[0].fynlo_uuid),
        ]:
            with self.subTest(name):
                self.assertLineRefused("unknown_item", "variant_id", {**self.line(pizza), "variant_id": variant_id})

    def test_wrong_variant_of_a_combo(self):
        pizza, drink = self.menu.combo.combo_ids.sorted(lambda choice: choice.combo_item_ids.extra_price)
        combo = [
            {"choice_id": pizza.fynlo_uuid, "variant_id": self.menu.pizza.fynlo_uuid},
            {"choice_id": drink.fynlo_uuid, "variant_id": self.menu.cookie.fynlo_uuid},
        ]
        self.assertLineRefused("invalid_choice", "combo[1].variant_id", self.line(self.menu.combo, combo=combo))
        self.assertLineRefused("invalid_choice", "combo", self.line(self.menu.combo, combo=combo[:1]))
        self.assertLineRefused("invalid_choice", "combo", self.line(self.menu.pizza, combo=combo))

    def test_quantities(self):
        for quantity in (
            "0",
            "-0",
            "-1",
            "0.000",
            "10000.001",
            "1000000000",
            "1.123456",
            "1e3",
            "NaN",
            "",
            " 1",
            "１",
            1,
            1.5,
            None,
        ):
            with self.subTest(quantity):
                self.assertLineRefused(
                    "invalid_quantity", "quantity", {**self.line(self.menu.pizza), "quantity": quantity}
                )

    def test_every_mistake_is_told_at_once(self):
        lines = [self.line(self.menu.pizza, "0.0001"), self.line(self.menu.cola, "1", course=0)]
        problem = self.assertProblem(self.send("/orders", self.order_body(*lines)), "validation_failed")
        told = [(error["field"], error["code"]) for error in problem["errors"]]
        self.assertEqual(told, [("lines[0].quantity", "invalid_quantity"), ("lines[1].course", "greater_than_equal")])

    def test_prices_are_the_servers(self):
        for name, value in [
            ("price", self.gbp(1)),
            ("unit_price", self.gbp(1)),
            ("total", 1),
            ("tax", 0),
            ("discount", 100),
        ]:
            with self.subTest(name):
                line = self.line(self.menu.pizza, **{name: value})
                self.assertLineRefused("validation_failed", name, line, detail_code="extra_forbidden")
        self.assertLineRefused("fixed_price", "open_price", self.line(self.menu.pizza, open_price=self.gbp(1)))
        body = self.order_body(self.line(self.menu.pizza), totals={"total": self.gbp(1)})
        self.assertRefused("validation_failed", "totals", "/orders", body, detail_code="extra_forbidden")

    def test_modifiers(self):
        cheese, olives = self.extras.modifier_ids.mapped("fynlo_uuid")
        pizza = self.menu.pizza

        def chosen(*modifiers):
            return self.line(pizza, modifiers=list(modifiers))

        self.assertLineRefused("invalid_choice", "modifiers", chosen({"modifier_id": cheese, "quantity": 4}))
        mixed = chosen({"modifier_id": cheese, "quantity": 2}, {"modifier_id": olives, "quantity": 2})
        self.assertLineRefused("invalid_choice", "modifiers", mixed)
        self.assertLineRefused("unknown_item", "modifiers[0].modifier_id", chosen({"modifier_id": uuid7()}))
        many = chosen(*[{"modifier_id": cheese}] * 51)
        self.assertLineRefused("validation_failed", "modifiers", many, detail_code="too_long")
        none = chosen({"modifier_id": cheese, "quantity": 0})
        self.assertLineRefused("validation_failed", "modifiers[0].quantity", none, detail_code="greater_than_equal")

    def test_tables_and_guests_of_elsewhere(self):
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        floor = self.env["restaurant.floor"].create({"name": "Roof", "pos_config_ids": [(6, 0, elsewhere.ids)]})
        table = self.env["restaurant.table"].create({"floor_id": floor.id, "table_number": 1})
        body = self.order_body(self.line(self.menu.pizza), table_id=table.fynlo_uuid)
        self.assertRefused("unknown_item", "table_id", "/orders", body)
        refused = self.refused_operation({"type": "set_table", "table_id": table.fynlo_uuid})
        self.assertEqual(refused["code"], "unknown_item")

    def refused_operation(self, operation):
        """The result of an operation that is refused, on an order that stays as it is."""
        answer = self.send(self.edits, self.operations({"op_id": uuid7(), **operation}))
        self.assertEqual(answer.status_code, 200, answer.text)
        order, (result,) = answer.json()["order"], answer.json()["results"]
        self.assertEqual((result["result"], order), ("rejected", self.order))
        return result

    def test_a_closed_till(self):
        self.env["pos.session"].search([("config_id", "=", self.location.id)]).state = "closed"
        self.env.flush_all()
        self.assertRefused("no_open_session", None, "/orders", self.order_body(self.line(self.menu.pizza)))

    def test_too_many_lines(self):
        short = {"variant_id": self.menu.cola.fynlo_uuid, "quantity": "1"}
        body = self.order_body(*[{"id": uuid7(), **short} for _ in range(LINES_MAX + 1)])
        self.assertRefused("too_many_lines", "lines", "/orders", body)
        body = self.order_body(*[{"id": uuid7(), **short} for _ in range(10_000)])
        self.assertRefused("body_too_large", None, "/orders", body)

    def test_the_clock_of_the_till(self):
        def made(delta):
            return self.order_body(
                self.line(self.menu.pizza), client_created_at=(datetime.now(UTC) + delta).isoformat()
            )

        ahead, behind = self.accepted(made(HOUR)), self.accepted(made(-HOUR - timedelta(minutes=1)))
        self.assertLess(ahead["client_created_at"], (datetime.now(UTC) + HOUR / 2).isoformat())
        self.assertEqual((ahead["late_arrival"], behind["late_arrival"]), (False, True))
        self.assertRefused("order_too_old", "client_created_at", "/orders", made(timedelta(days=-40)))
        for moment in (
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-24", "2026-11-24T10:00:00", 1764000000,
            "yesterday",
        ):  # fmt: skip
            with self.subTest(moment):
                self.assertFieldRefused("client_created_at", made(HOUR), moment)

    def test_every_script_is_kept_as_it_was_written(self):
        for note in (
            "🍕👨‍👩‍👧‍👦 keep it hot 🔥", "بدون بصل من فضلك", "שלום ‏RTL‎ mixed", "寿司 e\u0301 é", "\u202eright to left\u202c", "a\tb\nc",
            "'; DROP TABLE pos_order; --", "<script>alert(1)</script>", "%s %(x)s {0}", "\\u0041",
        ):  # fmt: skip
            with self.subTest(note):
                order = self.accepted(self.order_body(self.line(self.menu.pizza, note=note), note=note))
                answer = self.api("GET", f"/orders/{order['id']}", token=self.token)
                self.assertEqual((answer.json()["note"], answer.json()["lines"][0]["note"]), (note, note))

    def test_numbers_beyond_their_column(self):
        body = self.order_body(self.line(self.menu.pizza))
        for field in ("guests", "catalogue_version"):
            for value in (-1, 2**31, 10**30, 1.5, "1", True):
                with self.subTest(f"{field} {value}"):
                    self.assertFieldRefused(field, body, value)
        expected = {"amount": 2**31, "currency": "GBP"}
        body = self.order_body(self.line(self.menu.pizza), expected_total=expected)
        self.assertRefused("validation_failed", "expected_total.amount", "/orders", body, detail_code="less_than_equal")


@tagged("post_install", "-at_install")
class TestBadOperations(BadInputCase):
    def guests(self, count, **values):
        return {"op_id": uuid7(), "type": "set_guests", "guests": count, **values}

    def test_a_batch_has_an_end(self):
        batch = [self.guests(1) for _ in range(1_000)]
        self.assertRefused("too_many_operations", "operations", self.edits, self.operations(*batch))
        self.assertRefused(
            "too_many_operations", "operations", self.edits, self.operations(*batch[: OPERATIONS_MAX + 1])
        )
        self.assertRefused("validation_failed", "operations", self.edits, self.operations(), detail_code="too_short")

    def test_a_missing_or_impossible_version(self):
        missing = self.operations(self.guests(2), base_version=None)
        self.assertRefused("validation_failed", "base_version", self.edits, missing, detail_code="missing")
        for version in (0, -1, "1", 1.5, 2**31):
            with self.subTest(version):
                body = self.operations(self.guests(2), base_version=version)
                problem = self.assertProblem(self.send(self.edits, body), "validation_failed")
                self.assertEqual(problem["errors"][0]["field"], "base_version")
        ahead = self.operations(self.guests(2), base_version=99)
        problem = self.assertRefused("version_conflict", None, self.edits, ahead)
        self.assertEqual(problem["current"], self.order)

    def test_an_op_id_used_for_two_things(self):
        one, other = self.guests(2), self.guests(3)
        other["op_id"] = one["op_id"]
        answer = self.send(self.edits, self.operations(one, other)).json()
        self.assertEqual([result["code"] for result in answer["results"]], [None, "op_id_reused"])
        self.assertEqual(answer["order"]["guests"], 2)
        self.order = answer["order"]
        self.assertRefused("batch_rejected", None, self.edits, self.operations(other, atomic=True))

    def test_a_completed_order(self):
        self.order = self.accepted(self.order_body())
        self.order = self.send(f"/orders/{self.order['id']}:complete", {}).json()
        results = self.send(self.edits, self.operations(self.guests(2))).json()["results"]
        self.assertEqual((results[0]["result"], results[0]["code"]), ("rejected", "order_closed"))
        self.assertRefused("illegal_transition", None, f"/orders/{self.order['id']}:complete", {})
        self.assertRefused("illegal_transition", None, f"/orders/{self.order['id']}:cancel", {"reason": "Late"})
        add = {"op_id": uuid7(), "type": "add_line", "line": self.line(self.menu.pizza)}
        self.assertRefused("batch_rejected", None, self.edits, self.operations(add, atomic=True))

    def test_a_refused_operation_leaves_the_order_alone(self):
        line = self.order["lines"][0]["id"]
        other = self.accepted(self.order_body(self.line(self.menu.cola)))
        for operation, code in [
            ({"type": "change_quantity", "line_id": line, "delta": "-2"}, "quantity_below_zero"),
            ({"type": "change_quantity", "line_id": line, "delta": "10000"}, "invalid_quantity"),
            ({"type": "void_line", "line_id": line, "quantity": "5", "reason": "x"}, "quantity_below_zero"),
            ({"type": "set_note", "line_id": other["lines"][0]["id"], "note": "x"}, "line_gone"),
            ({"type": "add_line", "line": {**self.line(self.menu.cola), "id": line}}, "id_taken"),
            ({"type": "add_line", "line": {**self.line(self.menu.cola), "id": other["lines"][0]["id"]}}, "id_taken"),
            ({"type": "add_line", "line": self.line(self.menu.cola, "0")}, "invalid_quantity"),
            ({"type": "add_line", "line": {**self.line(self.menu.cola), "variant_id": uuid7()}}, "unknown_item"),
            ({"type": "set_customer", "customer_id": uuid7()}, "unknown_item"),
            ({"type": "set_preset", "preset_id": uuid7()}, "unknown_item"),
            ({"type": "remove_discount", "discount_ref": uuid7()}, "unknown_item"),
        ]:
            with self.subTest(operation):
                answer = self.send(self.edits, self.operations({"op_id": uuid7(), **operation})).json()
                self.assertEqual([result["code"] for result in answer["results"]], [code])
                self.assertEqual(answer["order"], self.order)

    def test_a_shape_that_does_not_exist(self):
        for operation, field in [
            ({"op_id": uuid7(), "type": "drop_table"}, "operations[0]"),
            ({"op_id": "1", "type": "set_guests", "guests": 2}, "operations[0].op_id"),
            (self.guests(2, device_seq=2**31), "operations[0].device_seq"),
            (self.guests(2, price=1), "operations[0].price"),
        ]:
            with self.subTest(operation):
                problem = self.assertProblem(self.send(self.edits, self.operations(operation)), "validation_failed")
                self.assertEqual([error["field"] for error in problem["errors"]], [field])


@tagged("post_install", "-at_install")
class TestBadBytes(BadInputCase):
    def body_with(self, note):
        """An order's bytes with ``note`` put into its note as it is."""
        body = json.dumps(self.order_body(self.line(self.menu.pizza), note="NOTE"))
        return body.encode().replace(b'"NOTE"', note)

    def test_what_is_not_json(self):
        for name, raw in [
            ("half", b'{"id": "'),
            ("two", b"{} {}"),
            ("not a number", self.body_with(b"NaN")),
            ("lone surrogate", self.body_with(rb'"\ud83d"')),
            ("not UTF-8", self.body_with(b'"\xff\xfe"')),
            ("raw control character", self.body_with(b'"a\x00b"')),
            ("deep", b'{"lines":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        ]:
            with self.subTest(name):
                before = self.written()
                answer = self.send("/orders", None, raw)
                self.assertIn(answer.json()["code"], ("malformed_json", "validation_failed"), answer.text)
                self.assertIn(answer.status_code, (400, 422))
                self.assertEqual(self.written(), before)

    def test_nul_and_control_characters(self):
        self.assertRefused("validation_failed", "body", "/orders", None, raw=self.body_with(rb'"a\u0000b"'))
        for note in (rb'"a\u0007b"', rb'"a\u007fb"'):
            raw = self.body_with(note)
            self.assertRefused("validation_failed", "note", "/orders", None, raw=raw, detail_code="value_error")

    def test_a_body_that_is_too_large(self):
        raw = self.body_with(b'"' + b"x" * 2**20 + b'"')
        self.assertRefused("body_too_large", None, "/orders", None, raw=raw)
        long = self.body_with(b'"' + b"x" * 501 + b'"')
        self.assertRefused("validation_failed", "note", "/orders", None, raw=long, detail_code="string_too_long")

    def test_of_two_equal_keys_the_last_one_counts(self):
        raw = self.body_with(b'"first", "note": "second"')
        self.assertEqual(self.send("/orders", None, raw).json()["note"], "second")

    def test_other_kinds_of_json(self):
        for raw in (b"[]", b"null", b"1", b'"order"', b"true"):
            with self.subTest(raw):
                self.assertRefused("validation_failed", "body", "/orders", None, raw=raw, detail_code="model_type")
