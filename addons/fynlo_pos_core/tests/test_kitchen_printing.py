"""Printing kitchen tickets on a fake printer: once each, whatever the printer does."""

import socket
from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.tests import TransactionCase, tagged

from ..models.system import print_queue
from ..models.system.print_queue import LOST_AFTER, PAUSES_S
from ..tools import network_printer
from ..tools.clock import now
from ..tools.kitchen_slip import slip
from .fake_printer import FakePrinter
from .test_kitchen_tickets import Kitchen


@tagged("post_install", "-at_install")
class TestPrinting(Kitchen, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_kitchen()

    def setUp(self):
        super().setUp()
        self.open_till()
        patch_answer = patch.object(network_printer.NetworkPrinter.__init__, "__defaults__", (True, 0.3))
        patch_answer.start()
        self.addCleanup(patch_answer.stop)

    def printer_at(self, port, **values):
        self.kitchen.write({"printer_enabled": True, "printer_host": "127.0.0.1", "printer_port": port, **values})
        self.env.flush_all()
        self.env.cr.flush()

    def ticket(self, **values):
        """A ticket that is to be printed."""
        sent = self.send(
            self.place(self.line(self.menu.pizza, note="well done"), table_id=self.table.fynlo_uuid, **values)
        )
        return self.env["fynlo.kitchen.ticket"]._by_uuid(sent["tickets"][0]["id"])

    def run_printing(self, later_s=0):
        """The background job, with transactions of its own; tickets of other tests are left alone."""
        self.env.flush_all()
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = api.Environment(cr, self.env.uid, {})
            moment = now() + timedelta(seconds=later_s)
            with patch.object(print_queue, "now", lambda: moment):
                env["fynlo.print.job"]._cron_print()
        self.env.invalidate_all()

    def job(self, ticket):
        return ticket.job_ids.sorted("id")[-1:]

    def test_a_ticket_comes_out_once(self):
        with FakePrinter() as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            self.assertEqual(ticket._api_values()["print"], "waiting")
            self.run_printing()
            self.run_printing()
            self.assertEqual(len(printer.tickets), 1)
        for text in ("#1 Table 7", "1 x Margherita", "! well done"):
            self.assertIn(text, printer.tickets[0])
        self.assertEqual((self.job(ticket).state, self.job(ticket).attempts), ("printed", 1))
        self.assertTrue(self.job(ticket).printed_at)
        self.assertEqual(self.events("kitchen", "kitchen.ticket.updated")[-1]["print"], "printed")

    def test_nothing_is_printed_for_stations_without_printer(self):
        ticket = self.ticket()
        self.assertEqual((ticket._api_values()["print"], len(ticket.job_ids)), ("none", 0))

    def test_an_offline_printer_is_tried_again_in_order(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.printer_at(port)
        first, second = self.ticket(), self.ticket()
        self.run_printing()
        self.assertEqual((self.job(first).state, self.job(first).attempts), ("waiting", 1))
        self.assertEqual((self.job(second).state, self.job(second).attempts), ("waiting", 0))
        with FakePrinter() as printer:
            self.printer_at(printer.port)
            self.run_printing(later_s=1)
            self.assertEqual(printer.tickets, [], "it is too early to try again")
            self.run_printing(later_s=PAUSES_S[0] + 1)
            self.assertEqual(["#1" in printer.tickets[0], "#2" in printer.tickets[1]], [True, True])
        self.assertEqual((self.job(first).state, self.job(second).state), ("printed", "printed"))

    def test_a_printer_that_refuses_for_good_has_failed(self):
        with FakePrinter("paper out") as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            later_s = 0
            for pause_s in (0, *PAUSES_S):
                later_s += pause_s + 1
                self.run_printing(later_s)
            self.assertEqual(printer.tickets, [])
        self.assertEqual((self.job(ticket).state, self.job(ticket).failure), ("failed", "the paper has run out"))
        again = self.env["fynlo.print.job"]._print_again(ticket)
        self.assertFalse(again.is_copy, "nothing came out before")

    def test_a_connection_lost_while_printing_is_unknown_and_not_repeated(self):
        with FakePrinter("lost", "ready") as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            for later_s in (0, 400, 4000):
                self.run_printing(later_s)
            self.assertEqual((printer.connections, self.job(ticket).state), (1, "unknown"))
            self.assertEqual(self.events("kitchen", "kitchen.ticket.updated")[-1]["print"], "unknown")
            printed = self.env["fynlo.kitchen.desk"]._print(self.identity(self.cook), ticket.fynlo_uuid)
            self.assertEqual(printed["print"], "waiting")
            self.run_printing()
        self.assertIn("*** COPY ***", printer.tickets[0])

    def test_a_printer_that_never_answers_is_unknown_unless_it_is_known_for_that(self):
        with FakePrinter("mute") as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            self.run_printing()
            self.assertEqual(self.job(ticket).state, "unknown")
            self.printer_at(printer.port, printer_confirms=False)
            ticket = self.ticket()
            self.run_printing()
            self.assertEqual(self.job(ticket).state, "printed")

    def test_hanging_up_before_anything_was_sent_is_a_refusal(self):
        with FakePrinter("hangs up", "ready") as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            self.run_printing()
            self.assertEqual(self.job(ticket).state, "waiting")
            self.run_printing(PAUSES_S[0] + 1)
            self.assertEqual((self.job(ticket).state, len(printer.tickets)), ("printed", 1))

    def test_what_a_dead_process_was_printing_is_unknown(self):
        with FakePrinter() as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            self.job(ticket).write({"state": "printing", "reserved_at": now()})
            self.run_printing(60)
            self.assertEqual(self.job(ticket).state, "printing")
            self.run_printing(LOST_AFTER.total_seconds() + 1)
            self.assertEqual((self.job(ticket).state, printer.connections), ("unknown", 0))

    def test_a_job_is_reserved_for_all_to_see_before_a_byte_leaves(self):
        self.printer_at(9)
        ticket = self.ticket()
        seen = []
        job_class = type(self.env["fynlo.print.job"])
        kept_save, kept_deliver = job_class._save, network_printer.NetworkPrinter.deliver

        def save(job):
            kept_save(job)
            seen.append("saved")

        def deliver(printer, data):
            seen.append("sent")
            return kept_deliver(printer, data)

        self.patch(job_class, "_save", save)
        self.patch(network_printer.NetworkPrinter, "deliver", deliver)
        self.run_printing()
        self.assertEqual(seen, ["saved", "sent", "saved"])
        self.assertEqual(self.job(ticket).state, "waiting")

    def test_voids_and_cancelled_tickets_say_so_on_paper(self):
        with FakePrinter() as printer:
            self.printer_at(printer.port)
            ticket = self.ticket()
            order = self.order_now({"id": ticket.order_id.uuid})
            void = {"type": "void_line", "line_id": order["lines"][0]["id"], "reason": "wrong"}
            self.edit(order, void, identity=self.identity(self.cashier))
            self.run_printing()
        self.assertIn("*** CANCELLED ***", printer.tickets[0])
        self.assertIn("*** CHANGES ***", printer.tickets[1])
        self.assertIn("VOID 1 x Margherita", printer.tickets[1])

    def test_text_cannot_steer_the_printer(self):
        order = self.place(self.line(self.menu.pizza, note="no \u202eolives\u202c 🍕 crème £"))
        ticket = self.send(order)["tickets"][0]
        ticket["lines"][0]["name"] = "Cut\x1dV\x00me"
        for paper in ("80", "58"):
            data = slip(ticket, paper=paper, sent_at="24/11 19:02")
            self.assertEqual(data.count(b"\x1dV"), 1, "one cut, at the end")
            self.assertIn(b"Cut V me", data)
