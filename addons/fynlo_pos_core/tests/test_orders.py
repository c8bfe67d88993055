"""The order service on real rows: prices, refusals, documents, and Odoo's opinion of them."""

from datetime import UTC, datetime, timedelta

from odoo.tests import TransactionCase, tagged

from ..controllers.order_shapes import OrderShape, OrderView
from ..rest import Problem
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .shop import Shop


@tagged("post_install", "-at_install")
class TestOrders(Shop, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()

    def total(self, document):
        return document["totals"]["total"]["amount"]

    def refusal(self, *lines, **values):
        """The problem that making this order raises; nothing may be written by it."""
        before = self.env["pos.order"].search_count([])
        with self.assertRaises(Problem) as caught:
            self.place(*lines, **values)
        self.assertEqual(self.env["pos.order"].search_count([]), before)
        return caught.exception

    def test_order_is_priced_by_the_server(self):
        document = self.place(self.line(self.menu.pizza, "2"), self.line(self.menu.cola))
        OrderView.model_validate(document)
        totals = {name: money["amount"] for name, money in document["totals"].items()}
        self.assertEqual(
            totals,
            {
                "subtotal": 1917,
                "discount": 0,
                "surcharge": 0,
                "reserved": 0,
                "service_charge": 0,
                "tax": 383,
                "tip": 0,
                "total": 2300,
                "rounding": 0,
                "paid": 0,
                "refunded": 0,
                "due": 2300,
                "cash_due": 2300,
            },
        )
        self.assertEqual(document["number"], "T1-000001")
        self.assertEqual((document["state"], document["payment"], document["version"]), ("open", "unpaid", 1))

    def test_reading_back_gives_the_same_document(self):
        placed = self.place(
            self.line(self.menu.combo, combo=self.meal()),
            self.line(self.menu.pizza, "1.5", note="no basil 🌿", course=2, seat=3),
            table_id=self.table.fynlo_uuid,
            guests=2,
            note="Birthday",
            discounts=[{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}],
            identity=self.identity(self.manager),
        )
        self.env.invalidate_all()
        self.assertEqual(self.env["fynlo.order.service"]._document(self.identity(), placed["id"]), placed)

    def meal(self):
        pizza, drink = self.menu.combo.combo_ids.sorted(lambda choice: choice.combo_item_ids.extra_price)
        return [
            {"choice_id": pizza.fynlo_uuid, "variant_id": self.menu.pizza.fynlo_uuid},
            {"choice_id": drink.fynlo_uuid, "variant_id": self.menu.cola.fynlo_uuid},
        ]

    def test_odoo_computes_the_same_amounts(self):
        document = self.place(
            self.line(self.menu.combo, "2", combo=self.meal()),
            self.line(self.menu.pizza, "1.333"),
            self.line(self.menu.cookie, "3"),
            discounts=[{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}],
            identity=self.identity(self.manager),
        )
        order = self.row(document)
        for line in order.lines:
            fresh = line._compute_amount_line_all()
            self.assertEqual(line.price_subtotal, fresh["price_subtotal"], line.full_product_name)
            self.assertEqual(line.price_subtotal_incl, fresh["price_subtotal_incl"], line.full_product_name)
        given = (order.amount_total, order.amount_tax)
        order._compute_prices()
        self.assertEqual(given, (order.amount_total, order.amount_tax))

    def test_every_stored_computed_field_is_as_odoo_would_have_it(self):
        order = self.row(self.place(self.line(self.menu.pizza)))
        for record in (order, order.lines):
            for name, field in record._fields.items():
                if not (field.store and field.compute) or name.startswith("fynlo_"):
                    continue
                given = record[name]
                self.env.add_to_compute(field, record)
                record._recompute_recordset([name])
                self.assertEqual(given or False, record[name] or False, f"{record._name}.{name}")

    def test_modifiers_add_to_the_price_and_the_cheapest_is_free(self):
        cheese, olives = self.extras.modifier_ids
        document = self.place(
            self.line(
                self.menu.pizza,
                "2",
                modifiers=[
                    {"modifier_id": cheese.fynlo_uuid, "quantity": 2},
                    {"modifier_id": olives.fynlo_uuid},
                ],
            )
        )
        self.assertEqual(document["lines"][0]["unit_price"]["amount"], 1000 + 150 + 150)
        self.assertEqual(self.total(document), 2600)

    def test_combo_spreads_its_price_and_adds_the_extra(self):
        document = self.place(self.line(self.menu.combo, combo=self.meal()))
        self.assertEqual(self.total(document), 1150)
        order = self.row(document)
        parent = order.lines.filtered(lambda line: not line.combo_parent_id)
        self.assertEqual(len(parent.combo_line_ids), 2)
        self.assertEqual(sum(parent.combo_line_ids.mapped("price_subtotal_incl")), 11.5)

    def test_takeaway_changes_the_tax_not_the_price(self):
        eaten = self.place(self.line(self.menu.cookie))
        taken = self.place(self.line(self.menu.cookie), preset_id=self.takeaway.fynlo_uuid)
        self.assertEqual((self.total(eaten), eaten["totals"]["tax"]["amount"]), (250, 42))
        self.assertEqual((self.total(taken), taken["totals"]["tax"]["amount"]), (250, 0))

    def test_calculate_writes_nothing_and_says_the_same(self):
        body = self.order_body(self.line(self.menu.pizza, "3"))
        before = self.env["pos.order"].search_count([])
        wish = parse(OrderShape, to_json(body))
        calculated = self.env["fynlo.order.service"]._calculate(self.identity(), wish)
        self.assertEqual(self.env["pos.order"].search_count([]), before)
        placed = self.env["fynlo.order.service"]._create_order(self.identity(), wish)
        self.assertEqual(calculated["totals"], placed["totals"])

    def test_price_drift_is_noted(self):
        document = self.place(self.line(self.menu.pizza), expected_total=self.gbp(900))
        self.assertEqual(document["price_drift"]["difference"]["amount"], 100)
        self.assertIsNone(self.place(self.line(self.menu.pizza), expected_total=self.gbp(1000))["price_drift"])

    def test_order_created_is_announced_with_its_document(self):
        document = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.events("orders", "order.created")[-1], document)

    def test_creating_an_order_takes_few_queries(self):
        self.place(self.line(self.menu.pizza))
        for lines in (3, 10):
            body = self.order_body(*[self.line(self.menu.pizza) for _ in range(lines)])
            wish, identity = parse(OrderShape, to_json(body)), self.identity()
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(10):
                self.env["fynlo.order.service"]._create_order(identity, wish)
                self.env.cr.flush()

    def test_refusals_name_the_field(self):
        line = self.line
        for name, lines, values, code, field in [
            ("unknown variant", [{**line(self.menu.pizza), "variant_id": uuid7()}], {}, "unknown_item", "lines[0].variant_id"),
            ("unknown table", [line(self.menu.pizza)], {"table_id": uuid7()}, "unknown_item", "table_id"),
            ("no quantity", [line(self.menu.pizza, "0")], {}, "invalid_quantity", "lines[0].quantity"),
            ("negative quantity", [line(self.menu.pizza, "-1")], {}, "invalid_quantity", "lines[0].quantity"),
            ("huge quantity", [line(self.menu.pizza, "10001")], {}, "invalid_quantity", "lines[0].quantity"),
            (
                "price of its own",
                [line(self.menu.pizza, open_price=self.gbp(1))],
                {},
                "fixed_price",
                "lines[0].open_price",
            ),
            ("combo without choices", [line(self.menu.combo)], {}, "invalid_choice", "lines[0].combo"),
            (
                "too many modifiers",
                [line(self.menu.pizza, modifiers=[{"modifier_id": self.extras.modifier_ids[0].fynlo_uuid, "quantity": 4}])],
                {},
                "invalid_choice",
                "lines[0].modifiers",
            ),
            (
                "modifier of another product",
                [line(self.menu.cola, modifiers=[{"modifier_id": self.extras.modifier_ids[0].fynlo_uuid}])],
                {},
                "unknown_item",
                "lines[0].modifiers[0].modifier_id",
            ),
            ("foreign currency", [line(self.menu.pizza)], {"expected_total": {"amount": 1, "currency": "USD"}}, "validation_failed", "expected_total.currency"),
        ]:  # fmt: skip
            with self.subTest(name):
                problem = self.refusal(*lines, **values)
                self.assertEqual((problem.code, problem.errors[0]["field"]), (code, field))

    def test_what_has_run_out_cannot_be_ordered(self):
        self.env["fynlo.availability"]._set(self.location, self.menu.cola, False)
        self.env.cr.flush()
        self.assertEqual(self.refusal(self.line(self.menu.cola)).code, "item_unavailable")

    def test_ids_are_used_once(self):
        document = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.refusal(self.line(self.menu.pizza), id=document["id"]).code, "id_taken")
        again = {**self.line(self.menu.pizza), "id": document["lines"][0]["id"]}
        self.assertEqual(self.refusal(again).code, "id_taken")
        twin = self.line(self.menu.pizza)
        self.assertEqual(self.refusal(twin, dict(twin)).code, "validation_failed")

    def test_discount_needs_its_permission(self):
        discounts = [{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}]
        self.assertEqual(self.refusal(self.line(self.menu.pizza), discounts=discounts).code, "permission_denied")
        given = self.place(self.line(self.menu.pizza), discounts=discounts, identity=self.identity(self.manager))
        self.assertEqual(self.total(given), 900)

    def test_closed_till_takes_no_order(self):
        self.env["pos.session"].search([("config_id", "=", self.location.id)]).state = "closed"
        self.env.flush_all()
        self.assertEqual(self.refusal(self.line(self.menu.pizza)).code, "no_open_session")

    def test_clock_of_the_till(self):
        def made(delta):
            return (datetime.now(UTC) + delta).isoformat()

        ahead = self.place(self.line(self.menu.pizza), client_created_at=made(timedelta(hours=1)))
        self.assertLess(ahead["client_created_at"], made(timedelta(minutes=1)))
        late = self.place(self.line(self.menu.pizza), client_created_at=made(timedelta(days=-2)))
        self.assertTrue(late["late_arrival"])
        self.assertEqual(
            self.refusal(self.line(self.menu.pizza), client_created_at=made(timedelta(days=-40))).code,
            "order_too_old",
        )

    def test_empty_order_is_complete_at_once(self):
        document = self.place()
        done = self.env["fynlo.order.service"]._complete(self.identity(), document["id"])
        self.assertEqual((done["state"], done["payment"], done["version"]), ("completed", "paid", 2))

    def test_unpaid_order_cannot_be_completed(self):
        document = self.place(self.line(self.menu.pizza))
        with self.assertRaises(Problem) as caught:
            self.env["fynlo.order.service"]._complete(self.identity(), document["id"])
        self.assertEqual(caught.exception.code, "amount_due")

    def test_another_location_sees_no_order(self):
        document = self.place(self.line(self.menu.pizza))
        elsewhere = self.location.copy({"name": "Elsewhere", "payment_method_ids": False})
        device, _key = self.env["fynlo.device"]._pair_new(elsewhere, "Till", "ios", "1.0")
        identity = self.identity(device=device)
        with self.assertRaises(Problem) as caught:
            self.env["fynlo.order.service"]._document(identity, document["id"])
        self.assertEqual(caught.exception.code, "not_found")
