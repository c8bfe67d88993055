"""The guest's pay page over HTTP: what it shows, that reading changes nothing, and every way a bank payment can end."""

import re
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..models import provider_call
from ..models.pay_link_expiry import expire
from .pay_links import PayLinkCase


@tagged("post_install", "-at_install")
class TestPayPage(PayLinkCase):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), table_id=self.table.fynlo_uuid)
        self.link = self.make(self.order, 1300, complete=True)

    # --- the page itself -----------------------------------------------------------------

    def test_what_the_guest_sees(self):
        self.location.name = "Joe's <script>alert(1)</script> & Sons"
        link = self.make(self.place(self.line(self.menu.pizza), table_id=self.table.fynlo_uuid), 1000, tip=self.gbp(99))
        page = self.visit(self.path(link))
        self.assertEqual((page.status_code, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn('<html lang="en', page.text)
        for shown in ("Joe&#39;s &lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons", "£10.00", "£0.99", "£10.99",
                      "<dd>7</dd>", "Pay by bank"):  # fmt: skip
            self.assertIn(shown, page.text)
        self.assertNotIn("<script>alert", page.text)
        for hidden in (link["id"], link["order_id"], self.row_of(link).sudo().nonce):
            self.assertNotIn(hidden, page.text)
        self.assertRegex(link["url"], r"/pay/[A-Za-z0-9_-]{22}$")

    def test_nothing_comes_from_elsewhere_and_nothing_is_kept(self):
        page = self.visit(self.path(self.link))
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("http", policy)
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertNotIn("Set-Cookie", page.headers)
        sources = re.findall(r'(?:src|href|action)="([^"]+)"', page.text)
        self.assertGreater(len(sources), 2)
        self.assertEqual([source for source in sources if not source.startswith("/")], [])
        self.assertNotIn("style=", page.text)
        self.assertNotIn("onclick", page.text)
        for source in sources:
            if "/static/" in source:
                self.assertEqual(self.visit(source).status_code, 200, source)

    def test_reading_changes_nothing(self):
        """Link previews and cameras fetch what they see."""
        before = self.link_now(self.link)
        with self.told() as heard:
            for path in ("", "back", "status"):
                for method in ("GET", "HEAD"):
                    self.assertEqual(self.visit(self.path(self.link, path), method).status_code, 200)
            for step in ("bank", "look", "other", "opened"):
                self.assertEqual(self.visit(self.path(self.link, step)).status_code, 405)
        self.assertEqual((self.link_now(self.link), heard, self.bank.payments), (before, [], {}))

    def test_opened_once(self):
        with self.told() as heard:
            for _twice in range(2):
                told = self.visit(self.path(self.link, "opened"), "POST").json()
                self.assertEqual(told["view"], "open")
        self.assertEqual([event["state"] for event in heard], ["opened"])

    def test_wrong_addresses(self):
        for token in ("x", "A" * 22, "A" * 23, "A" * 500, "%00" * 22, "..%2f" * 5, "☃" * 22, "back"):
            with self.subTest(token):
                page = self.visit(f"/pay/{token}")
                self.assertEqual(page.status_code, 404)
                self.assertNotIn("Trattoria", page.text)
        for step in ("bank", "look", "other", "opened"):
            self.assertEqual(self.visit(f"/pay/{'A' * 22}/{step}", "POST").status_code, 404)
        self.assertEqual(self.visit(f"/pay/{'A' * 22}/status").status_code, 404)

    def test_guessing_is_slowed_down(self):
        self.limit("page=0.001/5")
        codes = [self.visit(f"/pay/{number:022d}").status_code for number in range(7)]
        self.assertEqual(codes, [404] * 5 + [429] * 2)
        last = self.visit(f"/pay/{'B' * 22}")
        self.assertEqual(last.status_code, 429)
        self.assertGreaterEqual(int(last.headers["Retry-After"]), 1)
        self.assertEqual(self.visit(self.path(self.link)).status_code, 200)  # who has a link is not kept out

    # --- paying --------------------------------------------------------------------------

    def test_paid_by_bank(self):
        link = self.make(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(100), complete=True)
        with self.told() as heard:
            page = self.tap_bank(link)
            payment = self.payment_at_bank()
            self.assertIn(f"payment_id={payment['id']}", page)
            self.assertEqual(payment["amount_in_minor"], 1100)
            self.assertEqual(self.status(link), "paying")
            self.decide("approve")
            back = self.visit(f"/pay/back?payment_id={payment['id']}")
            self.assertEqual((back.status_code, back.headers["Location"]), (303, self.path(link, "back")))
            self.assertEqual(self.look(link), "paid")
        states = [(event["state"], event["payment"] and event["payment"]["state"]) for event in heard]
        self.assertEqual(states, [("paying", "sent"), ("paying", "action_required"), ("paid", "captured")])
        self.assertIn("thank you", self.visit(self.path(link)).text)
        order = {"id": link["order_id"]}
        placed = self.order_now(order)
        self.assertEqual((placed["state"], placed["payment"], placed["totals"]["tip"]),
                         ("completed", "paid", self.gbp(100)))  # fmt: skip
        self.assertPaid(order, 1100)
        taken = self.env["fynlo.payment"].search([("fynlo_uuid", "=", heard[-1]["payment"]["id"])])
        self.assertEqual((taken.employee_id, taken.device_id), (self.employee("cashier"), self.till))

    def test_declined_and_tried_again(self):
        self.tap_bank(self.link)
        self.decide("decline")
        self.assertEqual(self.look(self.link), "open")
        told = self.link_now(self.link)
        self.assertEqual((told["state"], told["reason"], told["payment"]["state"]), ("opened", "declined", "failed"))
        self.assertIn("did not go through", self.visit(self.path(self.link)).text)
        self.tap_bank(self.link)
        first, second = self.bank.payments.values()
        self.bank.decide(second["id"], "approve", second["resource_token"])
        self.assertEqual(self.look(self.link), "paid")
        self.assertNotEqual(first["id"], second["id"])
        self.assertPaid(self.order, 1300)

    def test_two_phones_one_payment(self):
        pages = {self.tap_bank(self.link) for _phone in range(3)}
        self.assertEqual((len(pages), len(self.bank.payments)), (1, 1))
        self.decide("approve")
        self.assertEqual({self.look(self.link) for _phone in range(3)}, {"paid"})
        again = self.visit(self.path(self.link, "bank"), "POST")
        self.assertEqual((again.status_code, len(self.bank.payments)), (303, 1))
        self.assertPaid(self.order, 1300)

    def test_the_guest_changes_his_mind(self):
        self.tap_bank(self.link)
        self.assertEqual(self.visit(self.path(self.link, "other"), "POST").status_code, 303)
        self.assertEqual((self.status(self.link), self.payment_at_bank()["status"]), ("open", "failed"))
        self.assertPaid(self.order, 0)
        self.pay_cash(self.order, 1300)
        self.assertEqual(self.status(self.link), "cancelled")
        self.assertIn("paid already", self.visit(self.path(self.link)).text)

    def test_changing_the_mind_too_late(self):
        self.tap_bank(self.link)
        self.decide("approve")
        self.visit(self.path(self.link, "other"), "POST")
        self.assertEqual(self.status(self.link), "paid")
        self.assertPaid(self.order, 1300)

    def test_a_bank_that_is_away(self):
        self.server.shutdown()
        self.server.server_close()
        answer = self.visit(self.path(self.link, "bank"), "POST")
        self.assertEqual((answer.status_code, self.status(self.link)), (303, "open"))
        self.assertEqual(self.link_now(self.link)["reason"], "provider_unavailable")
        self.assertPaid(self.order, 0)

    def test_an_answer_that_is_lost(self):
        """The page goes on by the same key; nobody pays twice."""
        with patch.object(provider_call, "_created", lambda _connection, _leg: (_ for _ in ()).throw(TimeoutError)):
            self.assertEqual(self.visit(self.path(self.link, "bank"), "POST").status_code, 303)
        self.assertEqual(self.link_now(self.link)["payment"]["state"], "unknown")
        self.tap_bank(self.link)
        self.decide("approve")
        self.assertEqual((self.look(self.link), len(self.bank.payments)), ("paid", 1))
        self.assertPaid(self.order, 1300)

    def test_while_a_till_takes_the_money(self):
        other = self.make(self.order, 600)
        self.tap_bank(other)
        answer = self.visit(self.path(self.link, "bank"), "POST")
        self.assertEqual(answer.status_code, 409)
        self.assertIn('role="alert"', answer.text)
        self.assertEqual((self.status(self.link), len(self.bank.payments)), ("open", 1))

    def test_another_amount_is_not_believed(self):
        for decision in ("other",):
            self.tap_bank(self.link)
            self.decide(decision)
            self.assertEqual(self.look(self.link), "paying")
            payment = self.row_of(self.link).payment_id
            self.assertEqual((payment.state, payment.failure_code), ("unknown", "provider_mismatch"))
            self.assertEqual(self.order_now(self.order)["totals"]["paid"], self.gbp(0))

    def test_a_large_bill_waits_for_the_money(self):
        """Up to £250 the bank's word is enough; above that the order is paid once the money is here."""
        order = self.place(self.line(self.menu.pizza, "26"))
        link = self.make(order, 26_000, complete=True)
        self.tap_bank(link)
        self.bank.behaviour = "stall"
        self.decide("approve")
        self.assertEqual(self.look(link), "paying")
        page = self.visit(self.path(link)).text
        self.assertIn("Your bank has agreed", page)
        self.assertNotIn("another way", page)
        self.assertEqual(self.at(link, ":fallback", status=409)["code"], "payment_in_progress")
        self.let_time_pass(link)
        self.run_job()
        told = self.link_now(link)
        self.assertEqual((told["state"], told["ending"], told["payment"]["state"]),
                         ("paying", "cancelled", "authorised"))  # fmt: skip
        self.payment_at_bank()["status"] = "settled"
        self.assertEqual(self.at(link, ":refresh")["state"], "paid")
        self.assertPaid(order, 26_000)

    def test_news_that_come_again_change_nothing(self):
        self.tap_bank(self.link)
        self.decide("approve")
        payment = self.row_of(self.link).payment_id
        with self.told() as heard:
            for _again in range(3):
                provider_call.look(self.registry, payment.id)
        self.assertEqual([event["state"] for event in heard], ["paid"])
        self.assertPaid(self.order, 1300)

    def test_a_share_of_the_bill(self):
        body = {"by": "even", "share_ids": [uuid7(), uuid7()]}
        shared = self.api("POST", f"/orders/{self.order['id']}:split", body, token=self.token)
        self.assertEqual(shared.status_code, 200, shared.text)
        share = shared.json()["order"]["split"]["shares"][0]
        link = self.make(self.order, share["due"]["amount"], share_id=share["id"])
        self.tap_bank(link)
        self.decide("approve")
        self.assertEqual(self.look(link), "paid")
        shares = self.order_now(self.order)["split"]["shares"]
        self.assertEqual([one["due"]["amount"] for one in shares], [0, 1300 - share["due"]["amount"]])

    # --- time ----------------------------------------------------------------------------

    def test_over_before_it_was_opened(self):
        self.let_time_pass(self.link)
        page = self.visit(self.path(self.link))
        self.assertEqual((page.status_code, "expired" in page.text), (410, True))
        self.assertNotIn("Pay by bank", page.text)
        answer = self.visit(self.path(self.link, "bank"), "POST")
        self.assertEqual((answer.status_code, self.bank.payments), (303, {}))

    def test_a_guest_who_never_decides(self):
        self.tap_bank(self.link)
        self.let_time_pass(self.link)
        self.run_job()
        told = self.link_now(self.link)
        self.assertEqual((told["state"], told["reason"], told["payment"]["state"]),
                         ("expired", "time_over", "expired"))  # fmt: skip
        self.assertEqual(self.payment_at_bank()["failure_reason"], "canceled")
        self.assertPaid(self.order, 0)

    def test_the_open_page_ends_it_itself(self):
        self.tap_bank(self.link)
        self.let_time_pass(self.link)
        self.assertEqual(self.look(self.link), "expired")
        self.assertEqual(self.payment_at_bank()["failure_reason"], "canceled")

    def test_approved_although_it_was_cancelled(self):
        """The bank goes on when the link's time is over: the order is paid, as it still owes the money."""
        self.tap_bank(self.link)
        self.decide("late")
        self.let_time_pass(self.link)
        self.run_job()
        self.assertEqual(self.link_now(self.link)["state"], "paid")
        self.assertEqual(self.order_now(self.order)["state"], "completed")
        self.assertPaid(self.order, 1300)

    def end_at_the_bank(self):
        """The link ends in time, and the bank forgets that it has cancelled the payment."""
        self.tap_bank(self.link)
        self.let_time_pass(self.link)
        expire(self.registry, self.row_of(self.link).id)
        self.assertEqual(self.status(self.link), "expired")
        payment = self.payment_at_bank()
        payment["status"] = "authorization_required"
        self.bank.approve(payment["id"])

    def test_money_after_the_end_while_the_order_is_open(self):
        self.end_at_the_bank()
        with self.told() as heard:
            provider_call.look(self.registry, self.row_of(self.link).payment_id.id)
        self.assertEqual([event["state"] for event in heard], ["paid"])
        self.assertIn("thank you", self.visit(self.path(self.link)).text)
        self.assertPaid(self.order, 1300)

    def test_money_after_the_end_when_it_was_paid_in_cash(self):
        self.end_at_the_bank()
        self.pay_cash(self.order, 1300, complete=True)
        with self.told() as heard:
            provider_call.look(self.registry, self.row_of(self.link).payment_id.id)
        self.assertEqual([(event["state"], event["payment"]["state"]) for event in heard], [("expired", "refund_due")])
        page = self.visit(self.path(self.link))
        self.assertEqual((page.status_code, "sends it back" in page.text), (410, True))
        self.assertPaid(self.order, 1300)

    def test_coming_back_from_nowhere(self):
        for reference in ("", uuid7(), "' OR 1=1", "%00"):
            with self.subTest(reference):
                self.assertEqual(self.visit(f"/pay/back?payment_id={reference}").status_code, 404)
        self.assertEqual(self.visit("/pay/back").status_code, 404)
