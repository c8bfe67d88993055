"""Tables and parties: seated, moved, joined, cleared, and always shown as they stand."""

from odoo.tests import TransactionCase, tagged

from ..controllers.table_shapes import TableStatusView
from ..rest import Problem
from ..rest.call import Call
from ..tools.identifiers import uuid7
from .floor import Floor


@tagged("post_install", "-at_install")
class TestTables(Floor, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.open_floor(4, 5, 6)

    def setUp(self):
        super().setUp()
        self.open_till()

    def state(self, number):
        return self.status(self.tables[number])["state"]

    def order(self, number=7, *lines, **values):
        return self.place(*(lines or [self.line(self.menu.pizza)]), table_id=self.tables[number].fynlo_uuid, **values)

    def refusal(self, change, *arguments, **values):
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            change(*arguments, **values)
        return caught.exception

    def finish(self, order):
        """As if the order were paid and closed; payments are another addon's."""
        self.env.cr.execute("UPDATE pos_order SET state = 'paid' WHERE uuid = %s", (order["id"],))
        self.env.invalidate_all()

    # --- seating -------------------------------------------------------------------------

    def test_a_party_from_door_to_door(self):
        table = self.table
        self.assertEqual(self.state(7), "free")
        seated = self.change(table, state="seated", guests=3)
        TableStatusView.model_validate(seated)
        self.assertEqual((seated["state"], seated["guests"], seated["server"]["name"]), ("seated", 3, self.waiter.name))
        self.assertIsNotNone(seated["seated_at"])
        order = self.order()
        self.assertEqual(self.state(7), "ordered")
        self.send(order)
        self.assertEqual(self.state(7), "sent")
        ticket = self.tickets(order)
        for verb, state in (("start", "sent"), ("ready", "ready"), ("served", "served")):
            self.env["fynlo.kitchen.desk"]._work(self.identity(), ticket.fynlo_uuid, verb, Call(None, "x"))
            self.env.cr.flush()
            self.assertEqual(self.state(7), state)
        self.assertEqual(self.change(table, state="bill")["state"], "bill")
        self.finish(order)
        self.assertEqual(self.state(7), "paid")
        left = self.change(table, state="free")
        self.assertEqual((left["state"], left["guests"], left["server"], left["seated_at"]), ("free", 0, None, None))
        self.env.cr.execute("UPDATE pos_order SET create_date = create_date - interval '1 hour'")  # time goes by
        seated = self.change(table, state="seated")
        self.assertEqual(seated["state"], "seated", "what the party before paid is not this one's")

    def test_what_is_shown_of_orders(self):
        order = self.order(guests=2, tab_name="Window")
        self.send(order)
        shown = self.status(self.table)
        self.assertEqual((shown["guests"], shown["total"]["amount"], shown["due"]["amount"]), (2, 1000, 1000))
        short = shown["orders"][0]
        self.assertEqual((short["id"], short["number"], short["tab_name"]), (order["id"], order["number"], "Window"))
        self.assertEqual(short["server"], order["server"])
        self.assertEqual(short["created_at"], order["created_at"])
        self.assertEqual(short["first_sent_at"], shown["first_sent_at"])
        self.assertEqual(shown["ordered_at"], order["created_at"])

    def test_steps_that_are_not_possible(self):
        table = self.table
        self.assertEqual(self.refusal(self.change, table, state="bill").code, "illegal_transition")
        self.assertEqual(self.refusal(self.change, table, guests=2).code, "illegal_transition")
        self.assertEqual(self.refusal(self.change, table).code, "validation_failed")
        self.change(table, state="seated")
        self.assertEqual(self.refusal(self.change, table, state="seated").code, "illegal_transition")
        self.assertEqual(self.refusal(self.change, table, server_id=uuid7()).code, "unknown_item")

    def test_a_table_with_open_orders_is_not_cleared(self):
        order = self.order()
        problem = self.refusal(self.change, self.table, state="free")
        self.assertEqual(problem.code, "table_in_use")
        self.assertEqual(
            problem.members["orders"], [{"id": order["id"], "number": order["number"], "due": self.gbp(1000)}]
        )

    def test_a_party_that_just_ordered_can_be_described(self):
        order = self.order()
        changed = self.change(self.table, guests=5, server_id=self.cashier.fynlo_uuid)
        self.assertEqual((changed["guests"], changed["server"]["name"]), (5, self.cashier.name))
        self.assertEqual(changed["seated_at"][:19], order["created_at"][:19])

    def test_an_older_version_is_refused(self):
        version = self.change(self.table, state="seated")["version"]
        stale = Call(None, "x", if_match=version - 1)
        problem = self.refusal(self.change, self.table, guests=2, call=stale)
        self.assertEqual((problem.code, problem.members["current"]["version"]), ("version_conflict", version))
        self.change(self.table, guests=2, call=Call(None, "x", if_match=version))

    # --- joining and moving --------------------------------------------------------------

    def test_a_party_at_several_tables(self):
        self.change(self.tables[4], state="seated", guests=4)
        self.change(self.tables[5], state="seated", guests=2)
        order = self.order(5)
        joined = self.join(self.tables[4], self.tables[5], self.tables[6])
        self.assertEqual(([one["name"] for one in joined["joined"]], joined["guests"]), (["5", "6"], 6))
        self.assertEqual([one["id"] for one in joined["orders"]], [order["id"]])
        child = self.status(self.tables[5])
        self.assertEqual((child["state"], child["joined_to"]["name"], child["orders"]), ("ordered", "4", []))
        self.assertEqual(self.refusal(self.change, self.tables[5], state="bill").code, "table_joined")
        self.assertEqual(self.refusal(self.join, self.tables[5], self.tables[7]).code, "table_joined")
        self.order(6)
        self.assertEqual(len(self.status(self.tables[4])["orders"]), 2)
        told = {event["name"] for event in self.events("tables", "table.updated")[-3:]}
        self.assertEqual(told, {"4", "5", "6"})

    def test_taking_tables_apart(self):
        self.change(self.tables[4], state="seated", guests=4)
        self.join(self.tables[4], self.tables[5], self.tables[6])
        alone = self.unjoin(self.tables[5])
        self.assertEqual((alone["state"], alone["joined_to"]), ("free", None))
        self.assertEqual([one["name"] for one in self.status(self.tables[4])["joined"]], ["6"])
        self.unjoin(self.tables[4])
        self.assertEqual(self.state(6), "free")
        self.check_told()
        self.join(self.tables[4], self.tables[5], self.tables[6])
        self.check_told()
        self.change(self.tables[4], state="free")
        self.assertIsNone(self.status(self.tables[6])["joined_to"])
        self.check_told()

    def check_told(self):
        """The last event of every table is how it stands."""
        told = {event["id"]: event for event in self.events("tables", "table.updated")}
        for item in self.desk._page(self.identity())["items"]:
            self.assertEqual(told.get(item["id"], item), item)

    def test_joining_what_was_joined_brings_its_tables_along(self):
        self.join(self.tables[5], self.tables[6])
        joined = self.join(self.tables[4], self.tables[5])
        self.assertEqual([one["name"] for one in joined["joined"]], ["5", "6"])
        self.join(self.tables[7], self.tables[6])
        self.assertEqual([one["name"] for one in self.status(self.tables[4])["joined"]], ["5"])
        self.assertEqual(self.refusal(self.join, self.tables[7], self.tables[7]).code, "validation_failed")

    def test_the_whole_party_moves(self):
        self.change(self.table, state="seated", guests=2)
        orders = [self.order(), self.order()]
        moved = self.move(self.table, self.tables[5])
        self.assertEqual((moved["name"], moved["state"], moved["guests"]), ("5", "ordered", 2))
        self.assertEqual([one["id"] for one in moved["orders"]], [order["id"] for order in orders])
        self.assertEqual((self.state(7), self.stored(orders[0])["table"]["name"]), ("free", "5"))
        late = {"type": "set_table", "table_id": self.table.fynlo_uuid, "client_created_at": "2026-01-01T10:00:00Z"}
        edited = self.operate(orders[0], late, base=1, identity=self.second_till())
        self.assertEqual(edited["results"][0]["result"], "superseded")
        self.join(self.tables[5], self.tables[6])
        self.move(self.tables[5], self.tables[4])
        self.assertIsNone(self.status(self.tables[6])["joined_to"])
        self.check_told()

    def test_a_party_does_not_move_where_somebody_sits(self):
        self.order()
        self.change(self.tables[5], state="seated")
        self.assertEqual(self.refusal(self.move, self.table, self.tables[5]).code, "table_in_use")
        self.assertEqual(self.refusal(self.move, self.tables[4], self.tables[6]).code, "illegal_transition")
        self.assertEqual(self.refusal(self.move, self.table, self.table).code, "validation_failed")

    # --- events and cost -----------------------------------------------------------------

    def test_every_change_of_an_order_tells_of_its_table(self):
        order = self.order()
        edited = self.edit(order, {"type": "add_line", "line": self.line(self.menu.cola)})
        moved = self.edit(edited, {"type": "set_table", "table_id": self.tables[5].fynlo_uuid})
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), moved["id"], "left")
        told = [(event["name"], event["total"]["amount"]) for event in self.events("tables", "table.updated")]
        self.assertEqual(told[:2], [("7", 1000), ("7", 1300)])
        self.assertCountEqual(told[2:4], [("7", 0), ("5", 1300)])
        self.assertEqual(told[4:], [("5", 0)])

    def test_an_event_is_what_a_till_would_read(self):
        self.order(guests=2)
        self.assertEqual(self.events("tables", "table.updated")[-1], self.status(self.table))

    def test_all_tables_take_one_query(self):
        for number in (4, 5, 7):
            self.order(number)
        identity = self.identity()
        self.desk._page(identity)
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            items = self.desk._page(identity)["items"]
        self.assertEqual([item["name"] for item in items], ["4", "5", "6", "7"])

    def test_tables_of_other_locations_do_not_exist(self):
        elsewhere = self.env["pos.config"].create(
            {
                "name": "Elsewhere",
                "company_id": self.company.id,
                "payment_method_ids": [],
                "module_pos_restaurant": True,
            }
        )
        table = elsewhere.floor_ids.table_ids[:1]
        self.assertTrue(table)
        self.assertEqual(self.refusal(self.change, table, state="seated").code, "not_found")
        self.assertEqual(self.refusal(self.move, self.table, table).code, "not_found")

    def test_the_board_of_managers_says_the_same(self):
        self.change(self.tables[4], state="seated", guests=4)
        self.join(self.tables[4], self.tables[5])
        self.order(5)
        self.env.flush_all()
        board = self.env["fynlo.table.board"].with_user(self.manager.user_id)
        rows = board.search([("config_id", "=", self.location.id)])
        self.assertEqual(rows.mapped("name"), ["4 + 5", "6", "7"])
        self.assertEqual((rows[0].state, rows[0].guests, rows[0].total, rows[0].order_count), ("ordered", 4, 10.0, 1))
        self.assertEqual(rows[0].minutes, 0)
        found = self.env["pos.order"].search(rows[0].action_open_orders()["domain"])
        self.assertEqual(len(found), 1)
        before = rows[0].fynlo_version
        self.edit(self.status(self.tables[4])["orders"][0], {"type": "set_guests", "guests": 5})
        self.env.invalidate_all()
        self.assertGreater(rows[0].fynlo_version, before)


@tagged("post_install", "-at_install")
class TestCourses(Floor, TransactionCase):
    """Holding courses back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cookie, course=2))

    def held(self, order, course):
        return next(one for one in order["courses"] if one["course"] == course)["held_at"]

    def names(self, sent):
        return [line["name"] for ticket in sent["tickets"] for line in ticket["lines"]]

    def test_a_held_course_waits_until_it_is_fired(self):
        order = self.edit(self.order, {"type": "hold_course", "course": 1})
        self.assertIsNotNone(self.held(order, 1))
        self.assertEqual(self.names(self.send(order)), [])
        fired = self.edit(order, {"type": "fire_course", "course": 1})
        self.assertEqual((self.held(fired, 1), fired["lines"][0]["sent_quantity"]), (None, "1"))

    def test_a_held_course_can_be_sent_by_name(self):
        order = self.edit(self.order, {"type": "hold_course", "course": 2})
        sent = self.send(order, course=2)
        self.assertEqual((self.names(sent), self.held(sent["order"], 2)), (["Cookie"], None))

    def test_holding_again_changes_nothing_and_what_was_begun_is_not_held(self):
        order = self.edit(self.order, {"type": "hold_course", "course": 1})
        again = self.edit(order, {"type": "hold_course", "course": 1})
        self.assertEqual(again["courses"], order["courses"])
        self.send(again, course=1)
        self.assertEqual(self.refused(self.stored(again), {"type": "hold_course", "course": 1}), "line_sent")
