"""Edits by operations: what each does, how tills are merged, what is refused and kept."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import TransactionCase, tagged

from ..controllers.operation_shapes import OperationsShape, OperationsView
from ..rest import Problem
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .editing import Editing


@tagged("post_install", "-at_install")
class TestOperations(Editing, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza))
        self.line_id = self.order["lines"][0]["id"]

    def order_now(self):
        return self.env["fynlo.order.service"]._document(self.identity(), self.order["id"])

    def test_lines_are_added_and_quantities_add_up(self):
        order = self.edit(
            self.order,
            {"type": "add_line", "line": self.line(self.menu.cola, "2")},
            {"type": "change_quantity", "line_id": self.line_id, "delta": "2"},
            {"type": "change_quantity", "line_id": self.line_id, "delta": "-1"},
        )
        OperationsView.model_validate({"order": order, "results": []})
        self.assertEqual([line["quantity"] for line in order["lines"]], ["2", "2"])
        self.assertEqual((order["totals"]["total"]["amount"], order["version"]), (2600, 2))
        self.env.invalidate_all()
        self.assertEqual(self.order_now(), order)

    def test_odoo_agrees_after_every_kind_of_edit(self):
        cheese = self.extras.modifier_ids[0]
        self.edit(
            self.order,
            {"type": "add_line", "line": self.line(self.menu.cookie, "3")},
            {"type": "set_modifiers", "line_id": self.line_id, "modifiers": [{"modifier_id": cheese.fynlo_uuid, "quantity": 2}]},
            {"type": "set_preset", "preset_id": self.takeaway.fynlo_uuid},
            {"type": "apply_discount", "discount": {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}},
            identity=self.identity(self.manager),
        )  # fmt: skip
        self.env.invalidate_all()
        row = self.row(self.order)
        for line in row.lines:
            fresh = line._compute_amount_line_all()
            self.assertEqual(line.price_subtotal_incl, fresh["price_subtotal_incl"])
            self.assertEqual(line.price_subtotal, fresh["price_subtotal"])
        stored = (row.amount_total, row.amount_tax)
        row._compute_prices()
        self.assertEqual(stored, (row.amount_total, row.amount_tax))

    def test_repeating_an_operation_does_nothing(self):
        operation = {"op_id": uuid7(), "type": "change_quantity", "line_id": self.line_id, "delta": "1"}
        first = self.operate(self.order, operation)
        again = self.operate(self.order, operation, operation)
        self.assertEqual([result["result"] for result in again["results"]], ["replayed", "replayed"])
        self.assertEqual(again["order"], first["order"])

    def test_an_id_of_another_operation_is_refused(self):
        op_id = uuid7()
        self.operate(self.order, {"op_id": op_id, "type": "set_guests", "guests": 2})
        code = self.refused(self.order_now(), {"op_id": op_id, "type": "set_guests", "guests": 3})
        self.assertEqual(code, "op_id_reused")

    def test_void_keeps_the_line_at_no_charge(self):
        order = self.edit(
            self.order,
            {"type": "change_quantity", "line_id": self.line_id, "delta": "2"},
            {"type": "void_line", "line_id": self.line_id, "quantity": "1", "reason": "wrong item"},
        )
        kept, gone = order["lines"]
        self.assertEqual((kept["quantity"], kept["state"]), ("2", "active"))
        self.assertEqual((gone["quantity"], gone["state"], gone["total"]["amount"]), ("1", "voided", 0))
        self.assertEqual(gone["void"]["reason"], "wrong item")
        self.assertEqual(order["totals"]["total"]["amount"], 2000)
        self.env.invalidate_all()
        self.assertEqual(self.order_now(), order)

    def test_what_was_sent_needs_the_permission_to_void(self):
        self.row(self.order).lines.fynlo_sent_quantity = 1
        self.env.flush_all()
        less = {"type": "change_quantity", "line_id": self.line_id, "delta": "-1"}
        void = {"type": "void_line", "line_id": self.line_id, "reason": "dropped"}
        self.assertEqual(self.refused(self.order, less), "line_sent")
        self.assertEqual(self.refused(self.order, void), "approval_required")
        order = self.edit(self.order, void, identity=self.identity(self.manager))
        self.assertEqual(order["lines"][0]["state"], "voided")

    def test_comp_gives_the_line_away(self):
        comp = {"type": "comp_line", "line_id": self.line_id, "reason": "birthday"}
        self.assertEqual(self.refused(self.order, comp), "approval_required")
        order = self.edit(self.order, comp, identity=self.identity(self.manager))
        self.assertEqual(order["totals"]["total"]["amount"], 0)
        self.assertEqual(order["discounts"][0]["reason"], "birthday")

    def test_a_tip_is_due_and_stays_out_of_the_total(self):
        order = self.edit(self.order, {"type": "set_tip", "tip": self.gbp(150)})
        order = self.edit(order, {"type": "set_tip", "tip": self.gbp(200)})
        totals = {name: order["totals"][name]["amount"] for name in ("total", "tip", "due", "tax")}
        self.assertEqual(totals, {"total": 1000, "tip": 200, "due": 1200, "tax": 167})
        row = self.row(order)
        self.assertEqual((len(row.lines), row.amount_total, row.tip_amount), (2, 12.0, 2.0))
        self.env.invalidate_all()
        self.assertEqual(self.order_now(), order)
        self.location.tip_product_id = False
        self.env.cr.flush()
        self.assertEqual(self.refused(self.place(), {"type": "set_tip", "tip": self.gbp(1)}), "tip_unavailable")

    def test_refusals_leave_the_order_alone(self):
        unknown = uuid7()
        for name, operation, code in [
            ("unknown line", {"type": "change_quantity", "line_id": unknown, "delta": "1"}, "line_gone"),
            ("below zero", {"type": "change_quantity", "line_id": self.line_id, "delta": "-2"}, "quantity_below_zero"),
            ("too many", {"type": "change_quantity", "line_id": self.line_id, "delta": "10000"}, "invalid_quantity"),
            ("unknown item", {"type": "add_line", "line": {**self.line(self.menu.cola), "variant_id": unknown}}, "unknown_item"),
            ("same line id", {"type": "add_line", "line": {**self.line(self.menu.cola), "id": self.line_id}}, "id_taken"),
            ("unknown table", {"type": "set_table", "table_id": unknown}, "unknown_item"),
            ("unknown guest", {"type": "set_customer", "customer_id": unknown}, "unknown_item"),
            ("unknown discount", {"type": "remove_discount", "discount_ref": unknown}, "unknown_item"),
            ("tip in dollars", {"type": "set_tip", "tip": {"amount": 5, "currency": "USD"}}, "validation_failed"),
            ("void more than there is", {"type": "void_line", "line_id": self.line_id, "quantity": "3", "reason": "x"}, "quantity_below_zero"),
        ]:  # fmt: skip
            with self.subTest(name):
                self.assertEqual(self.refused(self.order, operation), code)

    def test_a_refused_operation_does_not_undo_the_others(self):
        edited = self.operate(
            self.order,
            {"type": "set_guests", "guests": 4},
            {"type": "change_quantity", "line_id": uuid7(), "delta": "1"},
            {"type": "set_note", "note": "window"},
        )
        self.assertEqual([result["result"] for result in edited["results"]], ["applied", "rejected", "applied"])
        self.assertEqual((edited["order"]["guests"], edited["order"]["note"]), (4, "window"))

    def test_an_atomic_batch_is_all_or_nothing(self):
        with self.assertRaises(Problem) as caught:
            self.operate(
                self.order,
                {"type": "set_guests", "guests": 4},
                {"type": "change_quantity", "line_id": uuid7(), "delta": "1"},
                atomic=True,
            )
        self.assertEqual(caught.exception.code, "batch_rejected")
        self.assertEqual([r["result"] for r in caught.exception.members["results"]], ["applied", "rejected"])
        self.assertEqual(self.order_now(), self.order)

    def test_a_version_from_the_future_is_refused(self):
        with self.assertRaises(Problem) as caught:
            self.operate(self.order, {"type": "set_guests", "guests": 4}, base=9)
        self.assertEqual(caught.exception.code, "version_conflict")

    def test_every_request_is_journalled_also_refused_ones(self):
        self.operate(self.order, {"type": "set_guests", "guests": 4}, {"type": "set_table", "table_id": uuid7()})
        journal = self.env["fynlo.order.operation"].search([("order_id", "=", self.row(self.order).id)])
        self.assertEqual([(row.type, row.result, row.code) for row in journal], [("set_guests", "applied", False), ("set_table", "rejected", "unknown_item")])  # fmt: skip

    def test_a_closed_order_never_changes(self):
        done = self.env["fynlo.order.service"]._cancel(self.identity(self.manager), self.order["id"], "walked out")
        self.assertEqual((done["state"], done["version"]), ("cancelled", 2))
        self.assertEqual(self.refused(done, {"type": "set_guests", "guests": 4}), "order_closed")

    def test_concurrent_edits_of_one_field_are_told_to_both(self):
        other = self.second_till()
        self.edit(self.order, {"type": "set_note", "note": "first", "client_created_at": "2026-01-01T12:00:00Z"})
        later = {"type": "set_note", "note": "second", "client_created_at": "2026-01-01T12:00:05Z"}
        merged = self.operate(self.order, later, identity=other, base=1)
        conflict = merged["results"][0]["conflict"]
        self.assertEqual((merged["results"][0]["result"], merged["order"]["note"]), ("merged", "second"))
        self.assertEqual((conflict["kept"], conflict["lost"]), ("second", "first"))
        self.assertEqual(conflict["kept_by"]["name"], other.employee_name)
        earlier = {"type": "set_note", "note": "stale", "client_created_at": "2026-01-01T11:00:00Z"}
        stale = self.operate(self.order, earlier, base=1)
        self.assertEqual((stale["results"][0]["result"], stale["order"]["note"]), ("superseded", "second"))
        self.env.cr.execute(
            "SELECT topic FROM fynlo_outbox WHERE type = 'sync.conflict' AND payload::json->>'order_id' = %s ORDER BY id",
            (self.order["id"],),
        )
        told = [topic for (topic,) in self.env.cr.fetchall()]
        self.assertEqual(told, [f"d.{self.device.fynlo_uuid}", f"d.{other.device_uuid}"])

    def test_edits_of_one_till_count_in_the_order_they_were_made(self):
        for first, second in [
            ({"client_created_at": "2026-01-01T12:00:05Z"}, {"client_created_at": "2026-01-01T12:00:00Z"}),
            ({"client_created_at": "2026-01-01T12:00:05Z", "device_seq": 8}, {"client_created_at": "2026-01-01T12:00:05Z", "device_seq": 7}),
        ]:  # fmt: skip
            order = self.place(self.line(self.menu.pizza))
            self.edit(order, {"type": "set_guests", "guests": 4, **first})
            late = self.operate(order, {"type": "set_guests", "guests": 2, **second}, base=1)
            self.assertEqual((late["results"][0]["result"], late["order"]["guests"]), ("superseded", 4))

    def test_an_equal_edit_that_came_late_does_not_make_the_value_older(self):
        other = self.second_till()
        self.edit(self.order, {"type": "set_guests", "guests": 4, "client_created_at": "2026-01-01T12:00:05Z"})
        same = {"type": "set_guests", "guests": 4, "client_created_at": "2026-01-01T11:00:00Z"}
        self.edit(self.order, same, identity=other, base=1)
        between = {"type": "set_guests", "guests": 2, "client_created_at": "2026-01-01T12:00:00Z"}
        late = self.operate(self.order, between, identity=other, base=1)
        self.assertEqual((late["results"][0]["result"], late["order"]["guests"]), ("superseded", 4))

    def test_a_batch_without_times_counts_in_its_own_order(self):
        batch = [{"type": "set_note", "note": str(number)} for number in range(8)]
        self.assertEqual(self.edit(self.order, *batch)["note"], "7")

    def test_an_edit_that_saw_the_value_follows_it_whatever_the_clocks_say(self):
        other = self.second_till()
        order = self.edit(self.order, {"type": "set_note", "note": "first"})
        slow_clock = {"type": "set_note", "note": "second", "client_created_at": "2020-01-01T00:00:00Z"}
        self.assertEqual(self.edit(order, slow_clock, identity=other)["note"], "second")

    def test_editing_takes_few_queries(self):
        for operation in (
            {"type": "add_line", "line": self.line(self.menu.cola)},
            {"type": "change_quantity", "line_id": self.line_id, "delta": "1"},
        ):
            body = {"base_version": 1, "operations": [{"op_id": uuid7(), **operation}]}
            wish, identity = parse(OperationsShape, to_json(body)), self.identity()
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(12):
                self.env["fynlo.order.service"]._operate(identity, self.order["id"], wish)
                self.env.cr.flush()


@tagged("post_install", "-at_install")
class TestConvergence(Editing, TransactionCase):
    """Whatever the order of arrival, with repeats and delays: one end, and no added line is lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.tills = [cls.env["fynlo.device"]._pair_new(cls.location, f"Till {n}", "ios", "1")[0] for n in range(3)]

    EDITS = st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["add", "more", "note", "guests"]), st.integers(1, 9)),
        min_size=1,
        max_size=9,
    )

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    )
    @given(edits=EDITS, shuffle=st.randoms(use_true_random=False))
    def test_any_interleaving_ends_alike(self, edits, shuffle):
        with self.env.cr.savepoint() as point:
            self.open_till()
            base = self.line(self.menu.pizza)
            operations = [self._operation(base, *edit, at=second) for second, edit in enumerate(edits)]
            ends = []
            for arrival in (operations, shuffle.sample(operations, len(operations))):
                ends.append(self._play(base, arrival, repeats=shuffle))
            point.close(rollback=True)
        self.assertEqual(ends[0], ends[1])
        added = [operation["line"]["variant_id"] for _till, operation in operations if operation["type"] == "add_line"]
        self.assertEqual(len(ends[0]["lines"]), 1 + len(added))

    def _operation(self, base, till, kind, number, at):
        moment = f"2026-01-01T12:00:{at:02d}Z"
        made = {
            "add": {"type": "add_line", "line": self.line(self.menu.cola, str(number))},
            "more": {"type": "change_quantity", "line_id": base["id"], "delta": str(number)},
            "note": {"type": "set_note", "note": f"note {number}"},
            "guests": {"type": "set_guests", "guests": number},
        }[kind]
        return till, {"op_id": uuid7(), "client_created_at": moment, **made}

    def _play(self, base, arrival, repeats):
        """The end of an order after operations in this order of arrival, each from its own stale view."""
        fresh_ids = {base["id"]: uuid7()}
        order = self.place({**base, "id": fresh_ids[base["id"]]})
        for till, operation in itertools.chain(arrival, repeats.sample(arrival, min(2, len(arrival)))):
            sent = self._renamed(operation, fresh_ids)
            self.operate(order, sent, identity=self.identity(device=self.tills[till]), base=1)
        end = self.env["fynlo.order.service"]._document(self.identity(), order["id"])
        return {
            "note": end["note"],
            "guests": end["guests"],
            "total": end["totals"]["total"],
            "lines": sorted((line["name"], line["quantity"]) for line in end["lines"]),
        }

    def _renamed(self, operation, fresh_ids):
        """The operation for this run's order: lines need ids of their own."""
        if operation["type"] == "add_line":
            line = operation["line"]
            return {**operation, "line": {**line, "id": fresh_ids.setdefault(line["id"], uuid7())}}
        if "line_id" in operation:
            return {**operation, "line_id": fresh_ids[operation["line_id"]]}
        return operation
