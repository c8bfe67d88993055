"""Bills and their prints, links and mails; what needs payments is tested with these."""

from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.exceptions import ValidationError
from odoo.tests import Form, TransactionCase, tagged

from ..controllers.receipt_shapes import PrintShape, ReceiptPrintView, ReceiptView, SendShape
from ..models.receipts import receipt_link
from ..models.receipts.receipt_message import MAX_PER_ORDER, masked
from ..models.system import print_queue
from ..models.system.print_queue import PAUSES_S
from ..rest import Problem
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools import network_printer
from ..tools.clock import now
from ..tools.identifiers import uuid7
from ..tools.receipt_link import ReceiptLink
from .editing import Editing
from .fake_printer import FakePrinter
from .smtp_sink import SmtpSink

#: One transparent pixel.
LOGO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Receipts(Editing):
    """A registered business with an address, whose receipts are asked for through the services."""

    @classmethod
    def open_shop(cls, name="Trattoria"):
        super().open_shop(name)
        cls.company.partner_id.write(
            {"street": "24 Quay Street", "city": "Bristol", "zip": "BS1 4SD", "vat": "GB999999973"}
        )
        cls.company.email = "till@fynlo.example"
        cls.location.write({"fynlo_receipt_footer": "Thank you", "fynlo_receipt_prefix": "BR"})
        cls.env.flush_all()

    def receipt(self, order, identity=None):
        self.env.flush_all()
        document = self.env["fynlo.receipt"]._document(identity or self.identity(), order["id"])
        ReceiptView.model_validate(document)
        totals = {name: money["amount"] for name, money in document["totals"].items()}
        steps = totals["subtotal"] - totals["discount"] + totals["service_charge"] + totals["added_tax"]
        self.assertEqual((totals["total"], totals["total"]), (steps, totals["net"] + totals["tax"]))
        self.assertEqual(sum(row["tax"]["amount"] for row in document["taxes"]), totals["tax"])
        return document

    def words(self, document):
        """Everything on the sheet, a row a line."""
        sheet = self.env["fynlo.receipt"]._sheet(document, self.location.id)
        rows = []
        for row in sheet.rows:
            match row.kind:
                case "words":
                    rows.append(row.text)
                case "pair":
                    rows.append(f"{row.label} | {row.value}".replace("\u2068", "").replace("\u2069", ""))
                case "table":
                    rows += [" | ".join(cells) for cells in (row.head, *row.rows)]
                case "code":
                    rows.append(row.url)
        return rows

    def print(self, order, printer="till", uuid=None):
        wish = parse(PrintShape, to_json({"id": uuid or uuid7(), "printer": printer}))
        made = self.env["fynlo.receipt.print"]._print(self.identity(), order["id"], wish)
        self.env.cr.flush()
        ReceiptPrintView.model_validate(made)
        return made

    def send(self, order, email="sam@guests.example", uuid=None, **values):
        wish = parse(SendShape, to_json({"id": uuid or uuid7(), "email": email, **values}))
        message = self.env["fynlo.receipt.message"]._send(self.identity(), order["id"], wish)
        self.env.cr.flush()
        return message


@tagged("post_install", "-at_install")
class TestBills(Receipts, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()

    def test_a_bill_is_no_vat_receipt(self):
        bill = self.receipt(self.place(self.line(self.menu.pizza, "2"), guests=2, table_id=self.table.fynlo_uuid))
        self.assertEqual((bill["kind"], bill["tax_document"], bill["copy"]), ("bill", None, 0))
        self.assertEqual((bill["table"], bill["guests"], bill["totals"]["due"]), ("7", 2, self.gbp(2000)))
        words = self.words(bill)
        self.assertIn("This is not a VAT receipt.", words)
        self.assertIn("VAT no. GB999999973", words)
        self.assertIn("2 × Margherita | 20.00", words)
        self.assertIn("Total | £20.00", words)
        self.assertIn("Thank you", words)
        self.assertFalse([row for row in words if row.startswith("VAT rate")])

    def test_who_has_no_vat_number_says_nothing_of_vat(self):
        self.company.partner_id.vat = False
        bill = self.receipt(self.place(self.line(self.menu.pizza)))
        self.assertEqual(bill["tax_regime"], "none")
        self.assertNotIn("VAT", " ".join(self.words(bill)).replace(bill["link"]["url"], ""))

    def test_choices_are_told_below_their_line(self):
        cheese, olives = self.extras.modifier_ids
        chosen = [{"modifier_id": extra.fynlo_uuid, "quantity": 1} for extra in (cheese, olives)]
        pizza, cola = self.menu.pizza.fynlo_uuid, self.menu.cola.fynlo_uuid
        parts = [
            {"choice_id": choice.fynlo_uuid, "variant_id": variant}
            for choice, variant in zip(self.menu.combo.combo_ids, (pizza, cola), strict=True)
        ]
        bill = self.receipt(
            self.place(self.line(self.menu.pizza, modifiers=chosen), self.line(self.menu.combo, combo=parts))
        )
        words = self.words(bill)
        start = words.index("1 × Margherita | 11.50")
        self.assertEqual(words[start + 1 : start + 3], ["+ Cheese | ", "+ Olives | "])
        self.assertEqual(words[start + 3 : start + 6], ["1 × Meal | 11.50", "– Margherita | ", "– Cola | "])

    def test_a_modifier_has_its_price_when_it_was_charged(self):
        self.extras.free_choices = 0
        cheese = self.extras.modifier_ids[0]
        self.env.cr.flush()
        bill = self.receipt(
            self.place(self.line(self.menu.pizza, "2", modifiers=[{"modifier_id": cheese.fynlo_uuid, "quantity": 1}]))
        )
        self.assertIn("+ Cheese (1.50) | ", self.words(bill))
        self.assertEqual(bill["lines"][0]["details"][0]["price"], self.gbp(150))

    def test_voided_lines_are_not_on_the_bill_and_comps_are(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        pizza, cola = order["lines"]
        manager = self.identity(self.manager)
        order = self.edit(order, {"type": "void_line", "line_id": pizza["id"], "reason": "wrong"}, identity=manager)
        order = self.edit(order, {"type": "comp_line", "line_id": cola["id"], "reason": "late"}, identity=manager)
        bill = self.receipt(order)
        self.assertEqual([line["name"] for line in bill["lines"]], ["Cola"])
        self.assertEqual(bill["lines"][0]["discounts"], [{"name": "Comp", "comp": True, "amount": self.gbp(300)}])
        self.assertIn("On the house | -3.00", self.words(bill))
        self.assertEqual(bill["totals"]["total"], self.gbp(0))

    def test_a_cancelled_order_has_no_receipt(self):
        order = self.place(self.line(self.menu.pizza))
        self.env["fynlo.order.service"]._cancel(self.identity(self.manager), order["id"], "left")
        receipt = self.receipt(order)
        self.assertEqual(receipt["kind"], "cancelled")
        self.assertIn("Cancelled order", self.words(receipt))

    def test_reading_takes_few_queries_and_changes_nothing(self):
        order, identity = self.place(*[self.line(self.menu.pizza) for _ in range(30)]), self.identity()
        self.receipt(order)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(4):
            self.env["fynlo.receipt"]._document(identity, order["id"])
        self.assertEqual(self.receipt(order)["copy"], 0)

    def test_suggested_tips(self):
        self.location.fynlo_tip_suggestions = "10, 12"
        bill = self.receipt(self.place(self.line(self.menu.pizza), self.line(self.menu.cookie)))
        self.assertEqual(
            bill["tip_suggestions"],
            [{"rate_bp": 1000, "amount": self.gbp(125)}, {"rate_bp": 1200, "amount": self.gbp(150)}],
        )
        for wrong in ("ten", "10;12", "100", "5,6,7,8,9"):
            with self.assertRaises(ValidationError):
                self.location.fynlo_tip_suggestions = wrong

    def test_each_location_numbers_its_receipts_apart(self):
        self.assertEqual(self.receipt(self.place(self.line(self.menu.pizza)))["receipt_number"][:6], "BR-T1-")
        location = self.env["pos.config"].create({"name": "Next", "company_id": self.company.id})
        third = self.env["pos.config"].create({"name": "Third", "company_id": self.company.id})
        self.assertEqual((location.fynlo_receipt_prefix, third.fynlo_receipt_prefix), ("L1", "L2"))

    def test_the_back_office_shows_what_is_being_set(self):
        with Form(self.location, view="fynlo_pos_core.location_receipt_form") as form:
            form.fynlo_receipt_footer = "See you <soon>"
            self.assertIn("See you &lt;soon&gt;", form.fynlo_receipt_preview)
            self.assertIn("Margherita", form.fynlo_receipt_preview)
        for wrong in ("red", "#12345", "#12345g", "#123456;background:url(x)"):
            with self.assertRaises(ValidationError):
                self.location.fynlo_receipt_colour = wrong

    def test_the_logo_is_on_page_and_pdf_and_in_the_preview(self):
        self.location.fynlo_receipt_logo = LOGO
        location = self.location.with_context(bin_size=True)  # as the web client reads a form
        self.assertIn("data:image/png;base64,", location.read(["fynlo_receipt_preview"])[0]["fynlo_receipt_preview"])
        receipts, document = self.env["fynlo.receipt"], self.receipt(self.place(self.line(self.menu.pizza)))
        self.assertIn("data:image/png;base64,", receipts._html(document, self.location.id))
        plain = len(receipts._pdf(document, self.location.id))
        self.location.fynlo_receipt_logo = False
        self.assertLess(len(receipts._pdf(document, self.location.id)), plain)

    def test_the_order_form_opens_the_receipt(self):
        order = self.place(self.line(self.menu.pizza))
        self.assertEqual(self.row(order).action_fynlo_receipt()["url"], self.receipt(order)["link"]["url"])


@tagged("post_install", "-at_install")
class TestPrints(Receipts, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        patch_answer = patch.object(network_printer.NetworkPrinter.__init__, "__defaults__", (True, 0.3))
        patch_answer.start()
        self.addCleanup(patch_answer.stop)

    def printer_at(self, port):
        self.location.write({"fynlo_receipt_printer_host": "127.0.0.1", "fynlo_receipt_printer_port": port})
        self.env.flush_all()
        self.env.cr.flush()

    def run_printing(self, later_s=0):
        self.env.flush_all()
        self.env.cr.flush()
        moment = now() + timedelta(seconds=later_s)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = api.Environment(cr, self.env.uid, {})
            with patch.object(print_queue, "now", lambda: moment):
                env["fynlo.receipt.print"]._cron_print()
        self.env.invalidate_all()

    def job(self, made):
        return self.env["fynlo.receipt.print"]._by_uuid(made["id"])

    def test_every_print_after_the_first_is_a_copy(self):
        order = self.place(self.line(self.menu.pizza))
        made = [self.print(order) for _ in range(3)]
        self.assertEqual([print["copy"] for print in made], [0, 1, 2])
        self.assertEqual([print["receipt"]["copy"] for print in made], [0, 1, 2])
        self.assertIn("*** COPY 2 ***", self.words(made[2]["receipt"]))
        self.assertEqual(self.receipt(order)["copy"], 3)
        self.assertEqual(self.events("orders", "receipt.printed")[-1]["copy"], 2)
        self.env.cr.precommit.run()
        entries = self.env["fynlo.audit.log"].search(
            [("action", "=", "receipt.printed"), ("resource_id", "=", order["id"])]
        )
        self.assertEqual(len(entries), 3)

    def test_the_same_print_counts_once(self):
        order, uuid = self.place(self.line(self.menu.pizza)), uuid7()
        self.assertEqual(self.print(order, uuid=uuid), self.print(order, uuid=uuid))
        with self.assertRaises(Problem) as refused:
            self.print(self.place(self.line(self.menu.cola)), uuid=uuid)
        self.assertEqual(refused.exception.code, "id_taken")

    def test_a_bill_of_a_changed_order_is_another_bill(self):
        order = self.place(self.line(self.menu.pizza))
        self.print(order)
        order = self.edit(order, {"type": "add_line", "line": self.line(self.menu.cola)})
        self.assertEqual(self.print(order)["copy"], 0)
        self.assertEqual(self.print(order)["copy"], 1)

    def test_the_locations_printer_prints_once(self):
        with FakePrinter() as printer:
            self.printer_at(printer.port)
            order, uuid = self.place(self.line(self.menu.pizza, "2")), uuid7()
            made = self.print(order, "location", uuid)
            self.assertEqual(made["state"], "waiting")
            self.print(order, "location", uuid)
            self.run_printing()
            self.run_printing()
            self.assertEqual(len(printer.tickets), 1)
            self.assertNotIn("COPY", printer.tickets[0])
            self.print(order, "location")
            self.run_printing()
        self.assertIn("*** COPY 1 ***", printer.tickets[1])
        for text in ("Trattoria", "2 x Margherita", "20.00", "/r/"):
            self.assertIn(text, printer.tickets[0])
        self.assertEqual(self.job(made).state, "printed")
        self.assertEqual(self.events("orders", "receipt.printed")[-1]["state"], "printed")

    def test_what_surely_never_came_out_is_no_original(self):
        with FakePrinter("paper out") as printer:
            self.printer_at(printer.port)
            order = self.place(self.line(self.menu.pizza))
            made = self.print(order, "location")
            for attempt in range(len(PAUSES_S) + 1):
                self.run_printing(later_s=1000 * (attempt + 1))
        self.assertEqual((self.job(made).state, printer.tickets), ("failed", []))
        self.assertEqual(self.print(order)["copy"], 0)

    def test_what_may_have_come_out_is_never_tried_again(self):
        with FakePrinter("lost", "ready") as printer:
            self.printer_at(printer.port)
            order = self.place(self.line(self.menu.pizza))
            made = self.print(order, "location")
            self.run_printing()
            self.run_printing(later_s=1000)
        self.assertEqual((self.job(made).state, printer.tickets), ("unknown", []))
        self.assertEqual(self.print(order)["copy"], 1)

    def test_a_location_without_printer_says_so(self):
        order = self.place(self.line(self.menu.pizza))
        with self.assertRaises(Problem) as refused:
            self.print(order, "location")
        self.assertEqual(refused.exception.code, "no_printer")
        self.assertEqual(self.receipt(order)["copy"], 0)


@tagged("post_install", "-at_install")
class TestLinksAndMails(Receipts, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza))

    def location_of(self, token):
        self.env.flush_all()
        return self.env["fynlo.receipt.link"]._location_of(token)

    def assertNoReceipt(self, token):
        with self.assertRaises(Problem) as refused:
            self.location_of(token)
        self.assertEqual(refused.exception.code, "not_found")

    def token(self):
        return self.receipt(self.order)["link"]["url"].rpartition("/")[2]

    def test_a_link_opens_its_receipt_and_no_other(self):
        self.assertEqual(self.location_of(self.token()), (self.order["id"], self.location.id))
        self.assertNoReceipt(ReceiptLink(uuid7()).token)
        self.assertNoReceipt("nonsense")

    def test_a_link_ends_with_its_time(self):
        token = self.token()
        with patch.object(receipt_link, "now", lambda: now() + timedelta(days=179)):
            self.location_of(token)
        with patch.object(receipt_link, "now", lambda: now() + timedelta(days=181)):
            self.assertNoReceipt(token)
            self.assertIsNone(self.receipt(self.order)["link"])

    def test_a_location_may_have_no_links(self):
        token = self.token()
        self.location.fynlo_receipt_link_days = 0
        self.assertIsNone(self.receipt(self.order)["link"])
        self.assertNoReceipt(token)

    def test_a_link_that_was_taken_back_is_replaced(self):
        token = self.token()
        links, identity = self.env["fynlo.receipt.link"], self.identity(self.manager)
        answer = links._revoke(identity, self.order["id"], "wrong guest")
        self.assertNoReceipt(token)
        fresh = self.token()
        self.assertEqual(answer["link"]["url"].rpartition("/")[2], fresh)
        self.location_of(fresh)
        links._revoke(identity, self.order["id"], "again")
        self.assertNoReceipt(fresh)
        self.assertNoReceipt(token)

    def test_a_mail_leaves_in_the_background_with_the_receipt(self):
        message = self.send(self.order)
        self.assertEqual((message["state"], message["email"]), ("queued", "sam@guests.example"))
        record = self.env["fynlo.receipt.message"]._by_uuid(message["id"])
        with SmtpSink() as sink:
            self.deliver(record, sink)
        (mail,) = sink.mails
        self.assertEqual(mail["To"], "sam@guests.example")
        self.assertIn("Bill BR-T1-", mail["Subject"])
        body = mail.get_body(("html",)).get_content()
        self.assertIn("Margherita", body)
        self.assertIn(self.token(), body)
        (pdf,) = mail.iter_attachments()
        self.assertEqual(pdf.get_content_type(), "application/pdf")
        self.assertTrue(pdf.get_content().startswith(b"%PDF"))
        self.assertEqual(record.state, "sent")
        self.assertEqual(self.events("orders", "receipt.sent")[-1]["email"], "s••@guests.example")

    def test_a_mail_that_is_refused_says_so(self):
        record = self.env["fynlo.receipt.message"]._by_uuid(self.send(self.order)["id"])
        with SmtpSink(refuses=True) as sink, self.assertLogs("odoo.addons.mail.models.mail_mail", "ERROR"):
            self.deliver(record, sink)
        self.assertEqual((record.state, sink.mails), ("failed", []))
        self.assertTrue(record.failure)

    def deliver(self, record, sink):
        """What the mail queue does, with this sink as the mail server."""
        servers = self.env["ir.mail_server"]
        servers.search([]).active = False
        servers.create({"name": "Sink", "smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_encryption": "none"})
        with patch.object(type(servers), "_disable_send", lambda self: False):
            record.mail_id.send()
        self.env.cr.flush()

    def test_the_same_message_is_sent_once(self):
        uuid = uuid7()
        self.assertEqual(self.send(self.order, uuid=uuid), self.send(self.order, uuid=uuid))
        self.assertEqual(self.env["fynlo.receipt.message"].search_count([("fynlo_uuid", "=", uuid)]), 1)
        with self.assertRaises(Problem) as refused:
            self.send(self.place(self.line(self.menu.cola)), uuid=uuid)
        self.assertEqual(refused.exception.code, "id_taken")

    def test_only_addresses_are_sent_to(self):
        for wrong in ("sam", "sam@", "a@b.example, c@d.example", "Sam <sam@guests.example>", "s am@guests.example"):
            with self.subTest(wrong), self.assertRaises(Problem) as refused:
                self.send(self.order, wrong)
            self.assertEqual(refused.exception.code, "validation_failed")
        self.assertFalse(self.env["fynlo.receipt.message"].search_count([("config_id", "=", self.location.id)]))

    def test_nobody_is_flooded(self):
        for number in range(MAX_PER_ORDER):
            self.send(self.order, f"guest{number}@guests.example")
        with self.assertRaises(Problem) as refused:
            self.send(self.order)
        self.assertEqual(refused.exception.code, "receipt_sent_often")

    def test_an_address_is_kept_only_when_the_guest_agrees(self):
        guest = self.env["res.partner"].create({"name": "Sam", "company_id": self.company.id})
        self.env.flush_all()
        self.order = self.edit(self.order, {"type": "set_customer", "customer_id": guest.fynlo_uuid})
        self.send(self.order)
        self.assertFalse(guest.email)
        self.send(self.order, remember=True)
        self.assertEqual(guest.email, "sam@guests.example")
        self.send(self.order, "other@guests.example", remember=True)
        self.assertEqual(guest.email, "sam@guests.example")

    def test_addresses_are_masked(self):
        self.assertEqual(masked("sam@guests.example"), "s••@guests.example")
