"""Pay links, for the till: making, showing, ending them, and what the order and its payments do to them."""

import io
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools import qr_code
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.secret_hash import digest
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from PIL import Image

from ..controllers import open_banking_shapes as shapes
from ..models import provider_call
from ..providers.connection import ProviderUnavailable
from .pay_links import PayLinkCase


@tagged("post_install", "-at_install")
class TestPayLinks(PayLinkCase):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), table_id=self.table.fynlo_uuid)

    def test_a_link_for_the_bill(self):
        with self.told() as heard:
            link = self.make(self.order, 1300, tip=self.gbp(150), complete=True)
        shapes.PayLinkView.model_validate(link)
        self.assertEqual(
            (link["state"], link["amount"], link["tip"], link["payment"]),
            ("created", self.gbp(1300), self.gbp(150), None),
        )
        self.assertEqual(self.link_now(link), link)
        without = {name: value for name, value in link.items() if name not in ("url", "qr")}
        self.assertEqual(heard, [without])
        row = self.row_of(link)
        lives = (row.expires_at - row.create_date).total_seconds()
        self.assertTrue(895 <= lives <= 905, lives)
        audit = self.env["fynlo.audit.log"].search([("resource_id", "=", link["id"])])
        self.assertEqual(audit.mapped("action"), ["pay_link.created"])

    def test_the_address_is_kept_nowhere(self):
        link = self.make(self.order, 1300)
        token = self.path(link).rsplit("/", 1)[1]
        self.tap_bank(link)
        self.env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'fynlo_pay_link'")
        columns = [name for (name,) in self.env.cr.fetchall()]
        self.env.cr.execute("SELECT * FROM fynlo_pay_link WHERE fynlo_uuid = %s", (link["id"],))
        stored = dict(zip(columns, map(str, self.env.cr.fetchone()), strict=False))
        self.assertNotIn(token, " ".join(stored.values()))
        self.assertIn(digest(token), stored.values())
        for table, column in (("fynlo_outbox", "payload"), ("fynlo_idempotency", "body"), ("fynlo_audit_log", "after")):
            with self.subTest(table):
                self.env.cr.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE %s", (f"%{token}%",))
                self.assertEqual(self.env.cr.fetchone(), (0,))
        resource_token = self.payment_at_bank()["resource_token"]
        self.env.cr.execute("SELECT count(*) FROM fynlo_payment p WHERE p::text LIKE %s", (f"%{resource_token}%",))
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_a_request_sent_again_is_the_same_link(self):
        body = {"id": uuid7(), "order_id": self.order["id"], "amount": self.gbp(1300)}
        told = [self.api("POST", "/open-banking/payments", body, token=self.token, key=False) for _ in range(3)]
        self.assertEqual({answer.text for answer in told}, {told[0].text})
        for change in ({"amount": self.gbp(1200)}, {"complete": True}, {"tip": self.gbp(1)}):
            with self.subTest(change):
                other = self.api("POST", "/open-banking/payments", {**body, **change}, token=self.token, key=False)
                self.assertProblem(other, "id_taken", 409)
        self.assertEqual(self.env["fynlo.pay.link"].search_count([("order_id", "=", self.row(self.order).id)]), 1)

    def test_what_cannot_be_paid_gets_no_link(self):
        for code, values in (
            ("amount_exceeds_due", {"amount": self.gbp(1301)}),
            ("validation_failed", {"amount": self.gbp(0)}),
            ("validation_failed", {"amount": self.gbp(-1)}),
            ("validation_failed", {"amount": {"amount": 1300, "currency": "EUR"}}),
            ("validation_failed", {"amount": self.gbp(1300), "tip": self.gbp(-1)}),
            ("validation_failed", {"amount": self.gbp(1300), "state": "paid"}),
            ("validation_failed", {"amount": {"amount": 13.0, "currency": "GBP"}}),
            ("amount_due", {"amount": self.gbp(1299), "complete": True}),
            ("not_found", {"amount": self.gbp(1300), "order_id": uuid7()}),
            ("unknown_item", {"amount": self.gbp(1300), "share_id": uuid7()}),
        ):
            with self.subTest(code, **values):
                body = {"id": uuid7(), "order_id": self.order["id"], **values}
                answer = self.api("POST", "/open-banking/payments", body, token=self.token, key=False)
                self.assertProblem(answer, code)
        self.pay_cash(self.order, 1300, complete=True)
        answer = self.make(self.order, 1300, status=409)
        self.assertEqual(answer["code"], "illegal_transition")
        self.assertFalse(self.env["fynlo.pay.link"].search([("order_id", "=", self.row(self.order).id)]))

    def test_without_a_bank_there_is_no_link(self):
        def missing(_provider, _location):
            raise ProviderUnavailable("provider_unavailable")

        with patch.object(type(self.env["fynlo.provider.open_banking"]), "_connection", missing):
            self.assertEqual(self.make(self.order, 1300, status=422)["code"], "payment_method_unavailable")
        self.assertFalse(self.env["fynlo.pay.link"].search([("order_id", "=", self.row(self.order).id)]))

    def test_who_may(self):
        link = self.make(self.order, 1300)
        elsewhere = self.sign_in("manager", self.other_location)
        company, location = self.make_company("Rival")
        (company | self.other_location.company_id).tax_calculation_rounding_method = "round_per_line"
        stranger = self.sign_in("owner", location)
        self.assertNotEqual(company, self.company)
        verbs = [("GET", ""), ("GET", "/qr.svg"), ("GET", "/qr.png")]
        verbs += [("POST", ":cancel"), ("POST", ":refresh"), ("POST", ":fallback")]
        for method, verb in verbs:
            path = f"/open-banking/payments/{link['id']}{verb}"
            with self.subTest(verb):
                for token in (elsewhere, stranger):
                    self.assertProblem(self.api(method, path, token=token, key=False), "not_found", 404)
                cook = self.api(method, path, token=self.sign_in("kitchen"), key=False)
                self.assertProblem(cook, "permission_denied", 403)
                self.assertProblem(self.api(method, path, key=False), "token_missing", 401)
        body = {"id": link["id"], "order_id": self.order["id"], "amount": self.gbp(1300)}
        for token in (elsewhere, stranger):
            self.assertProblem(self.api("POST", "/open-banking/payments", body, token=token, key=False), "id_taken")
        body["id"] = uuid7()
        for token in (elsewhere, stranger):
            self.assertProblem(self.api("POST", "/open-banking/payments", body, token=token, key=False), "not_found")
        self.assertEqual(self.row_of(link).state, "created")
        managers = self.env["fynlo.pay.link"].with_user(self.employee("manager", location).user_id)
        managers = managers.with_context(allowed_company_ids=company.ids)
        self.assertFalse(managers.search([]))
        row = self.row_of(link).with_user(self.manager.user_id)
        self.assertEqual(row.amount, 1300)
        with self.assertRaises(AccessError):
            row.read(["nonce"])
        with self.assertRaises(AccessError):
            row.write({"amount": 1})

    def test_qr_codes(self):
        link = self.make(self.order, 1300)
        for verb, kind in (("/qr.svg", "image/svg+xml"), ("/qr.png", "image/png")):
            path = f"/open-banking/payments/{link['id']}{verb}"
            answer = self.api("GET", path, token=self.token)
            self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, kind))
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
        picture = Image.open(io.BytesIO(answer.content))
        modules = qr_code.matrix(link["url"])
        self.assertEqual(picture.size, (len(modules) * 8, len(modules) * 8))
        drawn = [
            [not picture.getpixel((x * 8 + 4, y * 8 + 4)) for x in range(len(modules))] for y in range(len(modules))
        ]
        self.assertEqual(drawn, modules)
        self.assertEqual(self.link_now(link)["state"], "shown")
        self.assertEqual(len(qr_code.matrix("https://pay.example.co.uk/pay/" + "x" * 20)), 33 + 2 * 4)
        self.at(link, ":cancel")
        problem = self.at(link, "/qr.svg", method="GET", status=409)
        self.assertEqual((problem["code"], problem["current_state"], problem["reason"]),
                         ("pay_link_over", "cancelled", "withdrawn"))  # fmt: skip

    def test_cancelling_before_anybody_paid(self):
        link = self.make(self.order, 1300)
        with self.told() as heard:
            for _again in range(2):
                ended = self.at(link, ":cancel")
                self.assertEqual((ended["state"], ended["reason"], ended["url"]), ("cancelled", "withdrawn", None))
        self.assertEqual([event["state"] for event in heard], ["cancelled"])
        self.assertEqual(self.status(link), "cancelled")

    def test_cancelling_ends_the_payment_at_the_bank(self):
        link = self.make(self.order, 1300)
        self.tap_bank(link)
        ended = self.at(link, ":cancel")
        self.assertEqual((ended["state"], ended["payment"]["state"]), ("cancelled", "cancelled"))
        self.assertEqual(self.payment_at_bank()["status"], "failed")
        self.assertPaid(self.order, 0)

    def test_falling_back_to_another_tender(self):
        """Only once the bank's payment is over for good, and with the same order."""
        link = self.make(self.order, 1300)
        self.tap_bank(link)
        cash = {"id": uuid7(), "method": "cash", "amount": self.gbp(1300)}
        refused = self.api("POST", f"/orders/{self.order['id']}/payments", cash, token=self.token)
        self.assertProblem(refused, "payment_in_progress", 409)
        ended = self.at(link, ":fallback")
        self.assertEqual((ended["state"], ended["reason"]), ("cancelled", "fallback"))
        self.assertEqual(self.payment_at_bank()["status"], "failed")
        self.pay_cash(self.order, 1300, complete=True)
        self.assertPaid(self.order, 1300)

    def test_falling_back_too_late(self):
        link = self.make(self.order, 1300, complete=True)
        self.tap_bank(link)
        self.decide("approve")
        problem = self.at(link, ":fallback", status=409)
        self.assertEqual((problem["code"], problem["current_state"]), ("pay_link_over", "paid"))
        self.assertEqual(self.link_now(link)["state"], "paid")
        self.assertPaid(self.order, 1300)

    def test_falling_back_while_the_bank_does_not_answer(self):
        link = self.make(self.order, 1300)
        self.tap_bank(link)
        with patch.object(provider_call, "_cancelled", lambda _connection, _leg: (_ for _ in ()).throw(TimeoutError)):
            problem = self.at(link, ":fallback", status=409)
        self.assertEqual((problem["code"], problem["retryable"]), ("payment_in_progress", True))
        waiting = self.link_now(link)
        self.assertEqual((waiting["state"], waiting["ending"], waiting["url"]), ("paying", "cancelled", None))
        self.assertEqual(self.status(link), "paying")
        self.assertEqual(self.at(link, ":fallback")["state"], "cancelled")
        self.assertPaid(self.order, 0)

    def test_refreshing(self):
        link = self.make(self.order, 1300)
        self.assertEqual(self.at(link, ":refresh")["state"], "created")
        self.tap_bank(link)
        self.assertEqual(self.at(link, ":refresh")["state"], "paying")
        self.decide("approve")
        with self.told() as heard:
            self.assertEqual(self.at(link, ":refresh")["state"], "paid")
        self.assertEqual([(event["state"], event["payment"]["state"]) for event in heard], [("paid", "captured")])
        self.assertEqual(self.at(link, ":cancel", status=409)["code"], "pay_link_over")

    def test_a_changed_bill_ends_its_links(self):
        link, part = self.make(self.order, 1300), self.make(self.order, 300)
        with self.told() as heard:
            self.edit_order({"type": "add_line", "line": self.line(self.menu.cola)})
        self.assertEqual({(event["id"], event["state"], event["reason"]) for event in heard},
                         {(one["id"], "cancelled", "amount_changed") for one in (link, part)})  # fmt: skip
        self.assertEqual(self.link_now(link), {**heard[0], "url": None, "qr": None})
        self.assertIn("changed", self.visit(self.path(link)).text)

    def test_what_changes_no_amount_ends_no_link(self):
        link = self.make(self.order, 1300)
        self.edit_order({"type": "set_note", "note": "By the window"})
        self.assertEqual(self.link_now(link)["state"], "created")

    def edit_order(self, operation):
        body = {"base_version": self.order_now(self.order)["version"], "operations": [{"op_id": uuid7(), **operation}]}
        answer = self.api("POST", f"/orders/{self.order['id']}/operations", body, token=self.token)
        self.assertEqual(answer.json()["results"][0]["result"], "applied", answer.text)

    def test_what_others_paid_ends_links_that_ask_for_more(self):
        whole, half, rest = (self.make(self.order, minor) for minor in (1300, 700, 600))
        self.pay_cash(self.order, 700)
        states = [(self.link_now(one)["state"], self.link_now(one)["reason"]) for one in (whole, half, rest)]
        self.assertEqual(states, [("cancelled", "order_paid"), ("cancelled", "order_paid"), ("created", None)])
        self.tap_bank(rest)
        self.decide()
        self.assertEqual(self.look(rest), "paid")
        self.assertPaid(self.order, 1300)

    def test_a_cancelled_order_ends_its_links(self):
        link = self.make(self.order, 1300)
        answer = self.api("POST", f"/orders/{self.order['id']}:cancel", {"reason": "Left"},
                          token=self.sign_in("manager"))  # fmt: skip
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(
            (self.link_now(link)["state"], self.link_now(link)["reason"]), ("cancelled", "order_cancelled")
        )

    def test_time(self):
        link = self.make(self.order, 1300)
        self.let_time_pass(link)
        self.assertEqual(self.link_now(link)["state"], "expired")  # before any job has run
        self.assertIsNone(self.link_now(link)["url"])
        with self.told() as heard:
            self.run_job()
            self.run_job()
        self.assertEqual([(event["state"], event["reason"]) for event in heard], [("expired", "time_over")])
        self.location.fynlo_pay_link_minutes = 2
        row = self.row_of(self.make(self.order, 1300))
        self.assertTrue(115 <= (row.expires_at - row.create_date).total_seconds() <= 125)
        for minutes in (1, 121, 0, -5):
            with self.subTest(minutes), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.location.fynlo_pay_link_minutes = minutes

    def test_unused_links_are_forgotten(self):
        used, unused, live = (self.make(self.order, 1300) for _ in range(3))
        self.tap_bank(used)
        for link in (used, unused):
            self.at(link, ":cancel")
        rows = {name: self.row_of(link) for name, link in (("used", used), ("unused", unused), ("live", live))}
        self.env["fynlo.pay.link"]._gc_unused()
        self.assertTrue(all(row.exists() for row in rows.values()))
        self.env.cr.execute(
            "UPDATE fynlo_pay_link SET write_date = now() - interval '31 days' WHERE id = ANY(%s)",
            ([row.id for row in rows.values()],),
        )
        self.env.invalidate_all()
        self.env["fynlo.pay.link"]._gc_unused()
        self.assertEqual({name for name, row in rows.items() if row.exists()}, {"used", "live"})

    def test_fees(self):
        answer = self.api("GET", "/open-banking/fees?bill=10000&tip=1000", token=self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        told = shapes.BankFeesView.model_validate(answer.json())
        self.assertEqual((told.bank.method, told.dearest.method), ("open_banking", "open_banking"))
        self.assertEqual((told.bank.fee.provider_fee.amount, told.bank.fee.platform_fee.amount), (22, 100))
        for query in ("", "?bill=-1", "?bill=1.5", "?bill=100&tip=x"):
            with self.subTest(query):
                self.assertProblem(self.api("GET", f"/open-banking/fees{query}", token=self.token), "validation_failed")
        elsewhere = self.sign_in("manager", self.other_location)
        answer = self.api("GET", "/open-banking/fees?bill=1", token=elsewhere)
        self.assertProblem(answer, "payment_method_unavailable", 422)

    def test_a_flood_of_links_is_slowed_down(self):
        self.limit("money=0.001/3")
        body = {"id": uuid7(), "order_id": self.order["id"], "amount": self.gbp(1300)}
        sent = [self.api("POST", "/open-banking/payments", body, token=self.token, key=False) for _ in range(5)]
        self.assertEqual([answer.status_code for answer in sent], [201] * 3 + [429] * 2)
