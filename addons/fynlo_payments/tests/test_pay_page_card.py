"""Cards on the pay page over HTTP: the way to Stripe's page and back, and every way it can end."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from simulators.stripe import checkout
from simulators.stripe.control import behave

from ..models import provider_call
from ..providers.connection import ProviderUnavailable
from .card_pages import CardPageCase

HOOK = "/api/v1/stripe/webhook"


@tagged("post_install", "-at_install")
class TestPayPageCard(CardPageCase):
    def setUp(self):
        super().setUp()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        self.link = self.make(self.order, 1300, complete=True)

    def payment(self, link=None):
        return self.row_of(link or self.link).payment_id

    # --- offered -------------------------------------------------------------------------

    def test_offered_where_cards_are_taken_online(self):
        page = self.visit(self.path(self.link)).text
        self.assertLess(page.index("Pay by bank"), page.index("Pay by card"))
        self.location.fynlo_stripe_mode = False
        self.assertNotIn("Pay by card", self.visit(self.path(self.link)).text)

    def test_not_offered_online(self):
        self.env["fynlo.tender.offer"].create(
            {"config_id": self.location.id, "method": "stripe", "channel": "in_person"}
        )
        self.assertNotIn("Pay by card", self.visit(self.path(self.link)).text)
        answer = self.visit(self.path(self.link, "card"), "POST")
        self.assertNotEqual(answer.status_code, 200)
        self.assertEqual((self.status(self.link), self.sessions()), ("open", []))

    def test_nothing_but_stripes_address_is_added(self):
        answer = self.visit(self.path(self.link, "card"), "POST")
        self.assertIn("To the card page", answer.text)
        self.assertNotIn("http", answer.headers["Content-Security-Policy"])
        self.assertNotIn("<script", answer.text)
        self.assertEqual(self.visit(self.path(self.link, "card")).status_code, 405)
        self.assertEqual(self.visit(f"/pay/{'A' * 22}/card", "POST").status_code, 404)

    # --- paying --------------------------------------------------------------------------

    def test_paid(self):
        link = self.make(self.place(self.line(self.menu.pizza)), 1000, tip=self.gbp(100), complete=True)
        with self.told() as heard:
            page = self.tap_card(link)
            (session,) = self.sessions()
            self.assertEqual((session["amount_total"], session["currency"]), (1100, "gbp"))
            self.assertEqual(self.status(link), "paying")
            back = urlsplit(self.guest(page)).path
            self.assertEqual(back, self.path(link, "back"))
            self.assertEqual(self.visit(back).status_code, 200)
            self.assertEqual(self.look(link), "paid")
        states = [(event["state"], event["payment"] and event["payment"]["state"]) for event in heard]
        self.assertEqual(states, [("paying", "sent"), ("paying", "action_required"), ("paid", "captured")])
        payment = self.payment(link)
        self.assertEqual((payment.provider_reference, payment.card_last4), (session["id"], "4242"))
        self.assertEqual(payment.provider_alias, session["payment_intent"])
        self.assertEqual(self.order_now({"id": link["order_id"]})["state"], "completed")
        self.assertPaid({"id": link["order_id"]}, 1100)
        self.assertEqual(self.captured(), [1100])

    def test_declined_and_then_paid(self):
        page = self.tap_card(self.link)
        self.assertIsNone(self.guest(page, "decline"))
        self.assertEqual(self.look(self.link), "paying")
        self.guest(page)
        self.assertEqual(self.look(self.link), "paid")
        self.assertPaid(self.order, 1300)
        self.assertEqual(self.captured(), [1300])

    def test_two_phones_one_payment(self):
        pages = {self.tap_card(self.link) for _phone in range(3)}
        self.assertEqual((len(pages), len(self.sessions())), (1, 1))
        (page,) = pages
        for _phone in range(2):
            self.guest(page)
        self.assertEqual({self.look(self.link) for _phone in range(2)}, {"paid"})
        again = self.visit(self.path(self.link, "card"), "POST")
        self.assertEqual((again.status_code, len(self.sessions())), (303, 1))
        self.assertPaid(self.order, 1300)
        self.assertEqual(self.captured(), [1300])

    def test_a_bank_payment_is_under_way(self):
        self.tap_bank(self.link)
        self.assertEqual(self.visit(self.path(self.link, "card"), "POST").status_code, 303)
        self.assertEqual((self.status(self.link), self.sessions()), ("paying", []))

    def test_back_without_paying_and_on_again(self):
        page = self.tap_card(self.link)
        shown = self.visit(self.path(self.link, "back")).text
        self.assertIn(f'action="{self.path(self.link, "card")}"', shown)
        self.assertEqual(self.tap_card(self.link), page)
        self.assertEqual(len(self.sessions()), 1)

    def test_the_guest_pays_by_bank_instead(self):
        page = self.tap_card(self.link)
        self.visit(self.path(self.link, "other"), "POST")
        self.assertEqual((self.status(self.link), self.sessions()[0]["status"]), ("open", "expired"))
        self.assertIsNone(self.guest(page))
        self.tap_bank(self.link)
        self.decide("approve")
        self.assertEqual(self.look(self.link), "paid")
        self.assertPaid(self.order, 1300)
        self.assertEqual(self.captured(), [])

    def test_changing_the_mind_too_late(self):
        self.guest(self.tap_card(self.link))
        self.visit(self.path(self.link, "other"), "POST")
        self.assertEqual(self.status(self.link), "paid")
        self.assertPaid(self.order, 1300)

    def test_the_till_takes_cash_instead(self):
        page = self.tap_card(self.link)
        self.assertEqual(self.at(self.link, ":fallback")["state"], "cancelled")
        self.pay_cash(self.order, 1300, complete=True)
        self.assertIsNone(self.guest(page))
        self.assertPaid(self.order, 1300)
        self.assertEqual(self.captured(), [])

    def test_the_till_is_too_late(self):
        self.guest(self.tap_card(self.link))
        told = self.at(self.link, ":fallback", status=409)
        self.assertEqual((told["code"], told["current_state"]), ("pay_link_over", "paid"))
        self.assertPaid(self.order, 1300)

    def test_an_answer_that_is_lost(self):
        with patch.object(provider_call, "_created", lambda _connection, _leg: (_ for _ in ()).throw(TimeoutError)):
            self.assertEqual(self.visit(self.path(self.link, "card"), "POST").status_code, 303)
        self.assertEqual(self.payment().state, "unknown")
        self.assertIn(f'action="{self.path(self.link, "card")}"', self.visit(self.path(self.link)).text)
        self.guest(self.tap_card(self.link))
        self.assertEqual((self.look(self.link), len(self.sessions())), ("paid", 1))
        self.assertPaid(self.order, 1300)

    def test_stripe_is_away(self):
        with patch("odoo.addons.fynlo_payments.providers.stripe_client.checkout.ask",
                   side_effect=ProviderUnavailable("provider_unavailable")):  # fmt: skip
            answer = self.visit(self.path(self.link, "card"), "POST")
        self.assertEqual((answer.status_code, self.status(self.link)), (303, "open"))
        self.assertPaid(self.order, 0)

    def test_another_amount_is_not_believed(self):
        page = self.tap_card(self.link)
        behave(self.stripe, "other_amount")
        self.guest(page)
        self.assertEqual(self.look(self.link), "paying")
        payment = self.payment()
        self.assertEqual((payment.state, payment.failure_code), ("unknown", "provider_mismatch"))
        self.assertEqual(self.order_now(self.order)["totals"]["paid"], self.gbp(0))

    def test_a_place_that_takes_cards_alone(self):
        self.env["fynlo.tender.offer"].create(
            {"config_id": self.location.id, "method": "open_banking", "offered": False}
        )
        link = self.make(self.place(self.line(self.menu.pizza)), 1000)
        self.assertNotIn("Pay by bank", self.visit(self.path(link)).text)
        self.guest(self.tap_card(link))
        self.assertEqual(self.look(link), "paid")

    # --- time ----------------------------------------------------------------------------

    def test_a_guest_who_never_pays(self):
        page = self.tap_card(self.link)
        self.let_time_pass(self.link)
        self.run_job()
        told = self.link_now(self.link)
        self.assertEqual((told["state"], told["reason"], told["payment"]["state"]),
                         ("expired", "time_over", "expired"))  # fmt: skip
        self.assertEqual(self.sessions()[0]["status"], "expired")
        self.assertIsNone(self.guest(page))
        self.assertPaid(self.order, 0)

    def test_paid_in_the_last_moment(self):
        self.guest(self.tap_card(self.link))
        self.let_time_pass(self.link)
        self.run_job()
        self.assertEqual(self.link_now(self.link)["state"], "paid")
        self.assertPaid(self.order, 1300)

    # --- news ----------------------------------------------------------------------------

    def hear(self, kind):
        """Stripe tells twice what has happened of a kind, and the scheduled action handles it."""
        event = next(row for row in self.books.kept["event"].values() if row["type"] == kind)
        body = json.dumps(event).encode()
        for _twice in range(2):
            headers = self.stripe.notifier.headers(body)
            answer = self.url_open(HOOK, data=body, headers=headers, method="POST", timeout=30)
            self.assertEqual(answer.status_code, 200, answer.text)
        self.env.cr.flush()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()
        return self.env["fynlo.payment.notification"].search([("event_id", "=", event["id"])])

    def test_stripes_word_is_enough(self):
        self.guest(self.tap_card(self.link))
        told = self.hear("checkout.session.completed")
        self.assertEqual((told.state, told.payment_id), ("done", self.payment()))
        self.assertEqual(self.status(self.link), "paid")
        self.assertPaid(self.order, 1300)

    def test_a_page_that_was_ended_before_its_time_does_not_end_the_link(self):
        self.tap_card(self.link)
        with self.stripe.request(), self.books.lock:
            checkout.expire(self.books, self.sessions()[0])
        self.hear("checkout.session.expired")
        self.assertEqual((self.payment().state, self.status(self.link)), ("cancelled", "open"))

    def test_a_dispute_finds_its_payment(self):
        """Stripe's disputes know the PaymentIntent alone."""
        self.paid_by("pm_card_createDispute")
        told = self.hear("charge.dispute.created")
        self.assertFalse(told.leg_uuid)
        self.assertEqual((told.state, told.payment_id), ("done", self.payment()))
        disputes = self.env["fynlo.payment.dispute"].search([("payment_id", "=", self.payment().id)])
        self.assertEqual(len(disputes), 1)

    # --- afterwards ----------------------------------------------------------------------

    def paid_by(self, card="pm_card_visa"):
        with patch("simulators.stripe.page.CARDS", {"pay": card}):
            self.guest(self.tap_card(self.link))
        self.assertEqual(self.look(self.link), "paid")

    def test_given_back(self):
        self.paid_by()
        body = {"id": uuid7(), "reason": "cold", "amount": self.gbp(300)}
        path, manager = f"/orders/{self.order['id']}/refunds", self.sign_in("manager")
        answer = self.api("POST", path, body, token=manager)
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(answer.json()["refunds"][0]["state"], "succeeded")
        (given,) = self.books.kept["refund"].values()
        self.assertEqual((given["amount"], given["payment_intent"]), (300, self.payment().provider_alias))

    def test_reports_of_stripe_find_the_payment(self):
        """The charge bears our own id, the dispute the PaymentIntent's alone."""
        self.paid_by("pm_card_createDispute")
        self.env.cr.flush()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            ((account, report),) = [
                found for found in env["fynlo.settlement.account"]._discover() if found[0].provider == "stripe"
            ]
            now = datetime.now(UTC)
            told = list(report.movements(now - timedelta(hours=1), now + timedelta(hours=1)))
            movements = env["fynlo.settlement.movement"]
            movements._keep(account, told)
            movements._link(account)
            kept = {one.kind: one.payment_id.id for one in movements.search([("account_id", "=", account.id)])}
        payment = self.payment()
        self.assertEqual({one.kind: one.leg_uuid for one in told}, {"charge": payment.fynlo_uuid, "dispute": None})
        self.assertEqual(kept, {"charge": payment.id, "dispute": payment.id})
