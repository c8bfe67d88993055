"""Kitchen tickets: what is sent, what follows an edit, and how tickets move an order's fulfilment."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from ..controllers.kitchen_shapes import SendShape, SentView, SummaryView, TicketPageView, TicketQuery, TicketView
from ..controllers.operation_shapes import ReasonShape
from ..engine.kitchen_states import FULFILMENT_STATES
from ..rest import Problem
from ..rest.call import Call
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .editing import Editing


class Kitchen(Editing):
    """A shop whose bar makes drinks and whose kitchen makes everything else."""

    @classmethod
    def open_kitchen(cls):
        cls.open_shop()
        stations = cls.env["fynlo.kitchen.station"]
        cls.kitchen = stations.search([("config_id", "=", cls.location.id)])
        drinks = cls.env["pos.category"].create({"name": "Drinks", "fynlo_company_id": cls.company.id})
        soft = cls.env["pos.category"].create(
            {"name": "Soft", "parent_id": drinks.id, "fynlo_company_id": cls.company.id}
        )
        cls.menu.cola.product_tmpl_id.pos_categ_ids = soft
        cls.bar = stations.create(
            {"name": "Bar", "config_id": cls.location.id, "category_ids": [Command.set(drinks.ids)]}
        )
        cls.cook = cls.hire("Kit", "kitchen")
        cls.env.flush_all()
        cls.env.cr.flush()

    def send(self, order, **wish):
        sent = self.env["fynlo.order.service"]._send(self.identity(), order["id"], parse(SendShape, to_json(wish)))
        self.env.cr.flush()
        SentView.model_validate_json(to_json(sent))
        return sent

    def work(self, ticket, verb, if_match=None):
        call = Call(route=None, request_id="test-request", if_match=if_match)
        worked = self.env["fynlo.kitchen.desk"]._work(self.identity(self.cook), ticket["id"], verb, call)
        self.env.cr.flush()
        TicketView.model_validate_json(to_json(worked))
        return worked

    def order_now(self, order):
        return self.env["fynlo.order.service"]._document(self.identity(), order["id"])

    def tickets(self, order, kind="order"):
        """The order's tickets as they are now, in the order in which they were sent."""
        self.env.invalidate_all()
        found = self.env["fynlo.kitchen.ticket"].search([("order_id.uuid", "=", order["id"])], order="id")
        return [ticket._api_values() for ticket in found if ticket.kind == kind]

    def problem(self, work):
        with self.assertRaises(Problem) as caught:
            work()
        return caught.exception


def shown(ticket):
    """A ticket's lines in short."""
    return [(line["kind"], line["quantity"], line["name"]) for line in ticket["lines"]]


@tagged("post_install", "-at_install")
class TestSending(Kitchen, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def setUp(self):
        super().setUp()
        self.open_till()

    def test_each_station_gets_what_it_makes(self):
        order = self.place(self.line(self.menu.pizza, note="well done"), self.line(self.menu.cola, "2"))
        sent = self.send(order)
        self.assertEqual(
            [(ticket["station"]["name"], shown(ticket)) for ticket in sent["tickets"]],
            [("Kitchen", [("new", "1", "Margherita")]), ("Bar", [("new", "2", "Cola")])],
        )
        self.assertEqual(sent["tickets"][0]["lines"][0]["note"], "well done")
        self.assertEqual([ticket["number"] for ticket in sent["tickets"]], [1, 2])
        self.assertEqual((sent["order"]["fulfilment"], sent["order"]["version"]), ("sent", 2))
        self.assertEqual([line["sent_quantity"] for line in sent["order"]["lines"]], ["1", "2"])
        self.assertEqual(self.order_now(order), sent["order"])
        self.assertEqual(self.events("kitchen", "kitchen.ticket.created"), sent["tickets"])

    def test_only_what_is_new_is_sent(self):
        order = self.place(self.line(self.menu.pizza))
        first = self.send(order)["order"]
        self.assertEqual(self.send(order), {"order": first, "tickets": []})
        more = self.edit(first, {"type": "change_quantity", "line_id": first["lines"][0]["id"], "delta": "2"})
        again = self.send(more)
        self.assertEqual([shown(ticket) for ticket in again["tickets"]], [[("new", "2", "Margherita")]])
        self.assertEqual(len(self.tickets(order)), 2)

    def test_a_combo_goes_to_the_stations_of_its_parts(self):
        pizza, cola = self.menu.combo.product_tmpl_id.combo_ids
        meal = self.line(
            self.menu.combo,
            "2",
            combo=[
                {"choice_id": pizza.fynlo_uuid, "variant_id": self.menu.pizza.fynlo_uuid},
                {"choice_id": cola.fynlo_uuid, "variant_id": self.menu.cola.fynlo_uuid},
            ],
        )
        sent = self.send(self.place(meal))
        parts = [
            (ticket["station"]["name"], line["quantity"], line["name"], line["part_of"], line["order_line_id"])
            for ticket in sent["tickets"]
            for line in ticket["lines"]
        ]
        self.assertEqual(
            parts, [("Kitchen", "2", "Margherita", "Meal", meal["id"]), ("Bar", "2", "Cola", "Meal", meal["id"])]
        )

    def test_named_lines_are_sent_alone(self):
        pizza, cookie = self.line(self.menu.pizza), self.line(self.menu.cookie)
        order = self.place(pizza, cookie)
        sent = self.send(order, lines=[cookie["id"]])
        self.assertEqual([shown(ticket) for ticket in sent["tickets"]], [[("new", "1", "Cookie")]])
        problem = self.problem(lambda: self.send(order, lines=[uuid7()]))
        self.assertEqual(problem.errors[0], {"field": "lines[0]", "code": "unknown_item", "detail": str(problem)})

    def test_later_courses_wait_until_they_are_fired(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cookie, course=2))
        sent = self.send(order)
        self.assertEqual([(t["course"], shown(t)) for t in sent["tickets"]], [(1, [("new", "1", "Margherita")])])
        self.assertEqual([course["course"] for course in sent["order"]["courses"]], [1])
        fired = self.edit(sent["order"], {"type": "fire_course", "course": 2})
        self.assertEqual([(t["course"], shown(t)) for t in self.tickets(order)][1:], [(2, [("new", "1", "Cookie")])])
        self.assertEqual([line["sent_quantity"] for line in fired["lines"]], ["1", "1"])
        self.assertEqual(self.order_now(order), fired)
        self.edit(fired, {"type": "fire_course", "course": 2})
        self.assertEqual(len(self.tickets(order)), 2)

    def test_sending_a_course_fires_it(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cookie, course=2))
        sent = self.send(order, course=2)
        self.assertEqual([shown(ticket) for ticket in sent["tickets"]], [[("new", "1", "Cookie")]])
        self.assertEqual([course["course"] for course in sent["order"]["courses"]], [2])

    def test_what_no_station_makes_is_not_sent(self):
        self.kitchen.category_ids = self.env["pos.category"].create({"name": "Grill"})
        self.env.flush_all()
        self.env.cr.flush()
        sent = self.send(self.place(self.line(self.menu.cookie)))
        self.assertEqual((sent["tickets"], sent["order"]["fulfilment"]), ([], "new"))

    def test_a_closed_station_is_stood_in_for(self):
        self.bar.write({"is_open": False, "fallback_id": self.kitchen.id})
        self.env.flush_all()
        self.env.cr.flush()
        sent = self.send(self.place(self.line(self.menu.cola)))
        self.assertEqual(sent["tickets"][0]["station"]["name"], "Kitchen")

    def test_a_cancelled_order_is_not_sent(self):
        order = self.place(self.line(self.menu.pizza))
        reason = parse(ReasonShape, to_json({"reason": "left"})).reason
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), order["id"], reason)
        self.assertEqual(self.problem(lambda: self.send(order)).code, "order_closed")

    def test_sending_takes_few_queries(self):
        for lines in (2, 8):
            order = self.place(*[self.line(self.menu.pizza) for _ in range(lines)])
            identity, wish = self.identity(), SendShape()
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(15):
                self.env["fynlo.order.service"]._send(identity, order["id"], wish)
                self.env.cr.flush()


@tagged("post_install", "-at_install")
class TestCorrections(Kitchen, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def setUp(self):
        super().setUp()
        self.open_till()
        pizza = self.line(self.menu.pizza, "3")
        self.line_id = pizza["id"]
        self.order = self.send(self.place(pizza, self.line(self.menu.cola)))["order"]

    def test_a_void_is_told_and_struck(self):
        void = {"type": "void_line", "line_id": self.line_id, "quantity": "1", "reason": "wrong"}
        edited = self.edit(self.order, void, identity=self.identity(self.cashier))
        (notice,) = self.tickets(edited, "notice")
        self.assertEqual((notice["station"]["name"], shown(notice)), ("Kitchen", [("void", "1", "Margherita")]))
        ticket = self.tickets(edited)[0]
        self.assertEqual((ticket["version"], ticket["lines"][0]["voided_quantity"]), (2, "1"))
        self.assertEqual(self.events("kitchen", "kitchen.ticket.updated"), [ticket])
        self.assertEqual(self.events("kitchen", "kitchen.ticket.created")[-1], notice)
        self.assertEqual(edited["lines"][0]["sent_quantity"], "2")

    def test_a_ticket_of_which_nothing_is_left_is_cancelled(self):
        void = {"type": "void_line", "line_id": self.line_id, "reason": "wrong"}
        edited = self.edit(self.order, void, identity=self.identity(self.cashier))
        self.assertEqual([ticket["state"] for ticket in self.tickets(edited)], ["cancelled", "new"])
        self.assertEqual(edited["fulfilment"], "sent")

    def test_voiding_what_was_not_sent_tells_nothing(self):
        more = self.edit(self.order, {"type": "change_quantity", "line_id": self.line_id, "delta": "2"})
        self.edit(more, {"type": "void_line", "line_id": self.line_id, "quantity": "2", "reason": "too much"})
        self.assertEqual(self.tickets(self.order, "notice"), [])

    def test_a_changed_note_or_modifier_is_told(self):
        cheese = self.extras.modifier_ids[0]
        edited = self.edit(
            self.order,
            {"type": "set_note", "line_id": self.line_id, "note": "no basil"},
            {"type": "set_modifiers", "line_id": self.line_id, "modifiers": [{"modifier_id": cheese.fynlo_uuid}]},
        )
        (notice,) = self.tickets(edited, "notice")
        self.assertEqual(shown(notice), [("change", "3", "Margherita")])
        self.assertEqual(notice["lines"][0]["modifiers"], [{"name": "Cheese", "quantity": 1}])
        self.assertEqual(notice["lines"][0]["note"], "no basil")
        self.edit(edited, {"type": "set_note", "line_id": self.line_id, "note": "no basil"})
        self.assertEqual(len(self.tickets(edited, "notice")), 1)

    def test_a_note_on_the_order_reaches_every_station_that_works_on_it(self):
        self.edit(self.order, {"type": "set_note", "note": "nut allergy"})
        notices = self.tickets(self.order, "notice")
        self.assertEqual(
            [(notice["station"]["name"], notice["note"], notice["lines"]) for notice in notices],
            [("Kitchen", "nut allergy", []), ("Bar", "nut allergy", [])],
        )

    def test_a_station_gets_one_notice_of_one_edit(self):
        self.edit(
            self.order,
            {"type": "set_note", "line_id": self.line_id, "note": "no basil"},
            {"type": "set_note", "note": "nut allergy"},
        )
        told = [(notice["station"]["name"], len(notice["lines"])) for notice in self.tickets(self.order, "notice")]
        self.assertEqual(told, [("Kitchen", 1), ("Bar", 0)])

    def test_tickets_show_the_table_of_their_order(self):
        self.edit(self.order, {"type": "set_table", "table_id": self.table.fynlo_uuid})
        updated = self.events("kitchen", "kitchen.ticket.updated")
        self.assertEqual([ticket["table"]["name"] for ticket in updated], ["7", "7"])
        self.assertEqual([ticket["version"] for ticket in updated], [2, 2])

    def test_cancelling_the_order_stops_the_kitchen(self):
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), self.order["id"], "fire alarm")
        self.assertEqual([ticket["state"] for ticket in self.tickets(self.order)], ["cancelled", "cancelled"])
        told = [shown(notice) for notice in self.tickets(self.order, "notice")]
        self.assertEqual(told, [[("void", "3", "Margherita")], [("void", "1", "Cola")]])

    def test_a_void_of_several_sendings_strikes_the_latest_first(self):
        more = self.edit(self.order, {"type": "change_quantity", "line_id": self.line_id, "delta": "2"})
        more = self.send(more)["order"]
        void = {"type": "void_line", "line_id": self.line_id, "quantity": "3", "reason": "wrong"}
        self.edit(more, void, identity=self.identity(self.cashier))
        lines = [ticket["lines"][0] for ticket in self.tickets(more) if ticket["station"]["name"] == "Kitchen"]
        self.assertEqual([(line["quantity"], line["voided_quantity"]) for line in lines], [("3", "1"), ("2", "2")])

    def test_an_edit_that_the_kitchen_need_not_know_costs_nothing_more(self):
        edited = self.edit(self.order, {"type": "add_line", "line": self.line(self.menu.cookie)})
        self.assertEqual((self.tickets(edited, "notice"), len(self.tickets(edited))), ([], 2))


@tagged("post_install", "-at_install")
class TestTicketStates(Kitchen, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        self.food, self.drink = self.send(self.order)["tickets"]

    def fulfilment(self):
        return self.order_now(self.order)["fulfilment"]

    def test_fulfilment_follows_the_tickets(self):
        steps = [
            (self.food, "start", "preparing"),
            (self.food, "ready", "preparing"),
            (self.drink, "start", "preparing"),
            (self.drink, "ready", "ready"),
            (self.food, "served", "ready"),
            (self.drink, "served", "served"),
            (self.drink, "recall", "preparing"),
            (self.drink, "ready", "ready"),
        ]
        before = self.fulfilment()
        for ticket, verb, expected in steps:
            self.work(ticket, verb)
            now = self.fulfilment()
            self.assertEqual(now, expected, verb)
            self.assertTrue(now == before or now in FULFILMENT_STATES[before])
            before = now
        self.assertEqual(self.events("orders", "order.updated")[-1]["fulfilment"], "ready")

    def test_a_step_sets_its_time_and_is_announced(self):
        started = self.work(self.food, "start", if_match=1)
        self.assertEqual((started["state"], started["version"], started["ready_at"]), ("preparing", 2, None))
        self.assertTrue(started["started_at"])
        self.assertEqual(self.events("kitchen", "kitchen.ticket.updated"), [started])
        self.work(self.food, "ready")
        recalled = self.work(self.food, "recall")
        self.assertEqual((recalled["state"], recalled["recalls"], recalled["ready_at"]), ("preparing", 1, None))

    def test_other_steps_are_refused_with_the_allowed_ones(self):
        for verb in ("ready", "served", "recall"):
            problem = self.problem(lambda verb=verb: self.work(self.food, verb))
            self.assertEqual((problem.code, problem.members["current_state"]), ("illegal_transition", "new"))
        self.work(self.food, "start")
        self.assertEqual(self.problem(lambda: self.work(self.food, "start")).members["allowed"], ["cancelled", "ready"])
        self.work(self.food, "ready")
        self.assertEqual(self.problem(lambda: self.work(self.food, "start")).code, "illegal_transition")

    def test_a_stale_screen_is_told(self):
        self.work(self.food, "start")
        problem = self.problem(lambda: self.work(self.food, "ready", if_match=1))
        self.assertEqual((problem.code, problem.members["current"]["state"]), ("version_conflict", "preparing"))

    def test_a_notice_is_seen_and_done(self):
        line = self.order["lines"][0]["id"]
        void = {"type": "void_line", "line_id": line, "reason": "wrong"}
        self.edit(self.order_now(self.order), void, identity=self.identity(self.cashier))
        (notice,) = self.tickets(self.order, "notice")
        self.assertEqual(self.problem(lambda: self.work(notice, "start")).code, "illegal_transition")
        self.assertEqual(self.work(notice, "served")["state"], "served")

    def test_a_completed_order_is_still_cooked_and_served(self):
        self.row(self.order).with_context(fynlo_values_given=True).sudo().write({"state": "paid"})
        self.env.flush_all()
        self.work(self.food, "start")
        self.assertEqual((self.order_now(self.order)["state"], self.fulfilment()), ("completed", "preparing"))

    def test_tickets_are_listed_by_station_and_state(self):
        desk, identity = self.env["fynlo.kitchen.desk"], self.identity(self.cook)

        def listed(**query):
            page = desk._page(identity, TicketQuery(**query))
            TicketPageView.model_validate_json(to_json(page))
            return [ticket["id"] for ticket in page["items"]], page["next_cursor"]

        self.assertEqual(listed(), ([self.food["id"], self.drink["id"]], None))
        self.assertEqual(listed(station=self.bar.fynlo_uuid)[0], [self.drink["id"]])
        first, cursor = listed(limit=1)
        self.assertEqual((first, listed(limit=1, cursor=cursor)), ([self.food["id"]], ([self.drink["id"]], None)))
        for verb in ("start", "ready", "served"):
            self.work(self.food, verb)
        self.assertEqual(listed()[0], [self.drink["id"]])
        self.assertEqual(listed(state="served")[0], [self.food["id"]])

    def test_the_summary_counts_what_is_left(self):
        self.send(self.place(self.line(self.menu.pizza, "2")))
        summary = self.env["fynlo.kitchen.summary"]._of(self.identity(self.cook))
        SummaryView.model_validate_json(to_json(summary))
        self.assertEqual(
            summary["outstanding"],
            [
                {"name": "Margherita", "quantity": "3", "tickets": 2},
                {"name": "Cola", "quantity": "1", "tickets": 1},
            ],
        )
        self.assertEqual(summary["times"], {"tickets": 0, "waiting_s": None, "preparing_s": None})
        for verb in ("start", "ready"):
            self.work(self.food, verb)
        bar = self.env["fynlo.kitchen.summary"]._of(self.identity(self.cook), self.bar.fynlo_uuid)
        self.assertEqual([item["name"] for item in bar["outstanding"]], ["Cola"])
        whole = self.env["fynlo.kitchen.summary"]._of(self.identity(self.cook))
        self.assertEqual(whole["times"]["tickets"], 1)
        self.assertEqual(whole["outstanding"][0]["quantity"], "2")
