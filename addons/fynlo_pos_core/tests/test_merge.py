"""Merging bills and handing them over: nothing is lost, nothing costs more or less."""

from odoo.tests import TransactionCase, tagged

from ..controllers.order_shapes import OrderQuery
from ..rest import Problem
from ..tools.identifiers import uuid7
from .floor import Floor


@tagged("post_install", "-at_install")
class TestMerge(Floor, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.open_floor(8, 9)

    def setUp(self):
        super().setUp()
        self.open_till()
        self.first = self.place(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid, guests=2, note="Birthday")
        self.second = self.place(
            self.line(self.menu.cola, "2"),
            self.line(self.menu.cookie),
            table_id=self.tables[8].fynlo_uuid,
            guests=3,
            note="nut allergy",
            discounts=[{"id": uuid7(), "discount_id": self.tenth.fynlo_uuid}],
            identity=self.identity(self.manager),
        )

    def refusal(self, order, *others):
        before = [self.stored(one) for one in (order, *others)]
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            self.merge(order, *others)
        self.assertEqual([self.stored(one) for one in (order, *others)], before)
        return caught.exception.code

    def test_lines_guests_notes_and_discounts_come_along(self):
        merged = self.merge(self.first, self.second)
        self.assertEqual(
            [line["id"] for line in merged["lines"]],
            [line["id"] for order in (self.first, self.second) for line in order["lines"]],
        )
        self.assertEqual(self.total(merged), self.total(self.first, self.second))
        self.assertEqual((merged["guests"], merged["note"]), (5, "Birthday\nnut allergy"))
        discount = merged["discounts"][0]
        self.assertEqual(discount["line_ids"], [line["id"] for line in self.second["lines"]])
        self.assertEqual(discount["amount"], self.second["discounts"][0]["amount"])
        self.assertEqual(self.stored(merged), merged)

    def test_the_merged_order_ends_and_says_where_it_went(self):
        merged = self.merge(self.first, self.second)
        gone = self.stored(self.second)
        self.assertEqual((gone["state"], gone["lines"], self.total(gone)), ("cancelled", [], 0))
        self.assertEqual(gone["merged_into"], {"id": merged["id"], "number": merged["number"]})
        self.assertEqual(self.events("orders", "order.cancelled"), [gone])
        self.assertEqual(self.events("orders", "order.updated"), [merged])

    def test_merging_again_changes_nothing(self):
        merged = self.merge(self.first, self.second)
        self.assertEqual(self.merge(merged, self.second), merged)

    def test_the_kitchen_is_told_of_the_table_and_of_nothing_new(self):
        self.send(self.second)
        ticket = self.tickets(self.second)
        merged = self.merge(self.first, self.second)
        self.assertEqual(self.tickets(merged), ticket)
        shown = self.events("kitchen", "kitchen.ticket.updated")[-1]
        self.assertEqual(
            (shown["id"], shown["table"]["name"], shown["order"]["id"]), (ticket.fynlo_uuid, "7", merged["id"])
        )
        self.assertEqual(merged["fulfilment"], "sent")
        sent = self.send(merged)["tickets"]
        self.assertEqual([[line["name"] for line in ticket["lines"]] for ticket in sent], [["Margherita"]])

    def test_what_was_split_is_one_again(self):
        order = self.edit(
            self.first,
            {"type": "add_line", "line": self.line(self.menu.cola, "3")},
            {
                "type": "apply_discount",
                "discount": {"id": uuid7(), "discount_id": self.tenth.fynlo_uuid},
            },
            identity=self.identity(self.manager),
        )
        rest, part = self.split_off(order, (order["lines"][1], "2"), guests=1)
        merged = self.merge(rest, part)
        self.assertEqual((self.total(merged), merged["guests"]), (self.total(order), 2))
        self.assertEqual(len(merged["discounts"]), 1)
        self.assertIsNone(merged["discounts"][0]["line_ids"])
        more = self.edit(merged, {"type": "add_line", "line": self.line(self.menu.pizza)})
        self.assertEqual(self.total(more) - self.total(merged), 900)

    def test_edits_made_before_the_merge_have_not_seen_what_came(self):
        line = self.second["lines"][1]["id"]
        noted = self.edit(self.second, {"type": "set_note", "line_id": line, "note": "warm"})
        merged = self.merge(self.first, noted)
        late = {"type": "set_note", "line_id": line, "note": "cold", "client_created_at": "2026-01-01T10:00:00Z"}
        edited = self.operate(merged, late, base=1, identity=self.second_till())
        self.assertEqual(edited["results"][0]["result"], "superseded")

    def test_refusals(self):
        away = self.place(self.line(self.menu.cookie), preset_id=self.takeaway.fynlo_uuid)
        self.assertEqual(self.refusal(self.first, away), "orders_differ")
        self.assertEqual(self.refusal(self.first, self.first), "validation_failed")
        self.assertEqual(self.refusal_of_unknown(), "not_found")
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), away["id"], "left")
        self.assertEqual(self.refusal(self.first, away), "order_closed")
        self.assertEqual(self.refusal(away, self.first), "order_closed")

    def refusal_of_unknown(self):
        with self.assertRaises(Problem) as caught:
            self.merge(self.first, {"id": uuid7()})
        return caught.exception.code

    def test_what_was_merged_away_is_not_reopened(self):
        self.merge(self.first, self.second)
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            self.env["fynlo.order.service"]._reopen(self.identity(self.manager), self.second["id"], "Mistake")
        self.assertEqual((caught.exception.code, caught.exception.members["allowed"]), ("illegal_transition", []))
        self.assertEqual(self.stored(self.second)["state"], "cancelled")

    def test_one_that_owes_a_service_charge_stays_apart_from_one_that_does_not(self):
        product = self.product("Service", 0, self.menu.pizza.taxes_id, type="service", available_in_pos=False)
        self.location.write(
            {"fynlo_service_product_id": product.id, "fynlo_service_charge_bp": 1000, "fynlo_service_charge_guests": 4}
        )
        self.env.flush_all()
        small = self.place(self.line(self.menu.cola), guests=2)
        other = self.place(self.line(self.menu.cola), guests=3)
        large = self.place(self.line(self.menu.pizza), self.line(self.menu.cookie), guests=6)
        crowd = self.place(self.line(self.menu.cookie), guests=4)
        self.assertEqual(self.refusal(small, large), "orders_differ")
        merged = self.merge(small, other)
        self.assertEqual((merged["service_charge"]["amount"], merged["guests"]), (0, 5))
        whole = self.merge(large, crowd)
        self.assertEqual(self.total(whole), self.total(large, crowd))

    def test_merges_are_audited(self):
        self.merge(self.first, self.second)
        entry = self.env["fynlo.audit.log"].sudo().search([("resource_id", "=", self.second["id"])])
        self.assertEqual((entry.action, entry.reason), ("order.merged", "merged_into"))

    # --- handing over --------------------------------------------------------------------

    def test_another_server(self):
        self.assertEqual(self.first["server"], self.first["created_by"])
        handed = self.transfer(self.first, server_id=self.cashier.fynlo_uuid)
        self.assertEqual(handed["server"], {"id": self.cashier.fynlo_uuid, "name": self.cashier.name})
        self.assertEqual(handed["created_by"], self.first["created_by"])
        self.assertEqual(self.stored(handed), handed)
        again = self.transfer(handed, server_id=self.cashier.fynlo_uuid)
        self.assertEqual(again["version"], handed["version"])
        audited = self.env["fynlo.audit.log"].sudo().search([("resource_id", "=", self.first["id"])])
        self.assertEqual(audited.mapped("action"), ["order.transferred"])

    def test_another_table(self):
        self.send(self.first)
        handed = self.transfer(self.stored(self.first), table_id=self.tables[9].fynlo_uuid)
        self.assertEqual(handed["table"]["name"], "9")
        self.assertEqual(self.events("kitchen", "kitchen.ticket.updated")[-1]["table"]["name"], "9")
        states = {event["name"]: event["state"] for event in self.events("tables", "table.updated")}
        self.assertEqual((states["7"], states["9"]), ("free", "sent"))

    def test_to_nobody_that_works_here(self):
        stranger = self.env["hr.employee"]._fynlo_hire(
            {"name": "Stranger", "company_id": self.env.ref("base.main_company").id, "role": "server"}
        )
        for employee in (uuid7(), stranger.fynlo_uuid):
            with self.assertRaises(Problem) as caught:
                self.transfer(self.first, server_id=employee)
            self.assertEqual(caught.exception.code, "unknown_item")
        with self.assertRaises(Problem):
            self.transfer(self.first)

    # --- tabs ----------------------------------------------------------------------------

    def test_tabs_are_found_by_name(self):
        tab = self.place(self.line(self.menu.cola), tab_name="Amira 🎈")
        renamed = self.edit(tab, {"type": "set_tab_name", "tab_name": "Bar 3"})
        self.assertEqual((tab["tab_name"], renamed["tab_name"], self.first["tab_name"]), ("Amira 🎈", "Bar 3", None))
        self.assertEqual(self.numbers(tab=True), [tab["number"]])
        self.assertEqual(self.numbers(tab=False), [self.second["number"], self.first["number"]])
        self.assertIsNone(self.edit(renamed, {"type": "set_tab_name", "tab_name": None})["tab_name"])
        self.assertEqual(self.numbers(tab=True), [])

    def test_orders_are_found_by_who_serves_them(self):
        self.transfer(self.first, server_id=self.cashier.fynlo_uuid)
        self.assertEqual(self.numbers(server_id=self.cashier.fynlo_uuid), [self.first["number"]])
        self.assertEqual(self.numbers(server_id=self.manager.fynlo_uuid), [self.second["number"]])

    def numbers(self, **filters):
        query = self.query(**filters)
        page = self.env["fynlo.order.service"]._page(self.identity(), query)
        return [order["number"] for order in page["items"]]

    def query(self, **filters):
        return OrderQuery.model_validate({name: str(value).lower() for name, value in filters.items()})
