"""Payments by a provider outside this server, over real HTTP: each way a call can end, and what the till is told."""

from datetime import timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from ..models import provider_call
from ..providers.connection import ProviderState, ProviderUnavailable
from .bank import OutsideCase


@tagged("post_install", "-at_install")
class TestPaymentsOutside(OutsideCase):
    def test_captured_at_once(self):
        order = self.place()
        answer = self.pay(order, 1200, complete=True, details={"payment_method": "pm_1"})
        self.assertEqual(answer.status_code, 201, answer.text)
        taken = answer.json()
        self.assertEqual((taken["state"], taken["card"]), ("captured", {"brand": "visa", "last4": "4242"}))
        self.assertEqual((taken["order"]["state"], taken["order"]["payment"]), ("completed", "paid"))
        self.assertEqual(self.bank.details, {"payment_method": "pm_1"})
        self.assertBooked(order, 1200)

    def test_a_tip_is_on_top(self):
        order = self.place()
        taken = self.pay(order, 1200, tip=self.money(150), complete=True).json()
        self.assertEqual(taken["order"]["totals"]["tip"], self.money(150))
        (leg,) = self.bank.legs.values()
        self.assertEqual(leg.amount, 1350)
        self.assertBooked(order, 1350)

    def test_nothing_is_open_while_the_provider_is_asked(self):
        order = self.place()
        seen = []

        def create(leg):
            payment = self.env.registry.cursor()
            with payment as cr:
                cr.execute("SELECT state FROM fynlo_payment WHERE fynlo_uuid = %s", (leg.uuid,))
                seen.append(cr.fetchone())
            return type(self.bank).create(self.bank, leg)

        asked = patch.object(provider_call, "_created", lambda _connection, leg: create(leg))
        inline = patch.object(provider_call, "_pool", lambda: Inline())
        with asked, inline:
            self.assertEqual(self.pay(order, 1200).status_code, 201)
        self.assertEqual(seen, [("sent",)])

    def test_declined(self):
        order = self.place()
        self.bank.answers = [ProviderState("failed", failure_code="insufficient_funds")]
        key, body = uuid7(), self.wish(1200)
        answer = self.pay(order, 1200, key=key, body=body)
        self.assertProblem(answer, "payment_declined", 402)
        self.assertEqual(answer.json()["reason"], "insufficient_funds")
        self.assertEqual(answer.json()["payment"]["state"], "failed")
        again = self.pay(order, 1200, key=key, body=body)
        self.assertProblem(again, "payment_declined", 402)
        self.assertEqual(again.headers["Content-Type"], "application/problem+json")
        self.assertEqual(self.bank.calls.count("create"), 1)
        self.assertBooked(order, 0)
        self.assertEqual(self.pay(order, 1200).status_code, 201)
        self.assertBooked(order, 1200)

    def test_a_provider_that_was_not_asked(self):
        order = self.place()
        self.bank.answers, self.bank.executed = [ProviderUnavailable("provider_unavailable")], False
        body, key = self.wish(1200), uuid7()
        for _again in range(2):
            answer = self.pay(order, 1200, body=body, key=key)
            self.assertProblem(answer, "provider_unavailable", 503)
            self.assertFalse(answer.json()["retryable"])  # under this key that is the answer, however often it is sent
        self.assertEqual(self.bank.calls, ["create"])
        self.assertBooked(order, 0)

    def test_an_answer_that_is_lost(self):
        order = self.place()
        self.bank.answers = [TimeoutError("read")]
        key, body = uuid7(), self.wish(1200, complete=True)
        answer = self.pay(order, 1200, key=key, body=body)
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "unknown"))
        self.assertEqual(answer.json()["order"]["totals"]["reserved"], self.money(1200))
        self.assertEqual(self.pay(order, 1200, key=key, body=body).status_code, 202)
        other = self.pay(order, 600)
        self.assertProblem(other, "payment_in_progress", 409)
        self.assertEqual(self.look(body).state, "captured")
        again = self.pay(order, 1200, key=key, body=body)
        self.assertEqual((again.status_code, again.json()["state"]), (201, "captured"))
        self.assertEqual(again.json()["order"]["state"], "completed")
        self.assertEqual(self.bank.calls.count("create"), 1)
        self.assertBooked(order, 1200)

    def test_a_request_that_never_arrived(self):
        order = self.place()
        self.bank.answers, self.bank.executed = [ConnectionError("reset")], False
        body = self.wish(1200)
        self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
        self.assertEqual(self.look(body).failure_code, "never_arrived")
        self.assertBooked(order, 0)

    def test_a_slow_provider_does_not_hold_the_till(self):
        order, body = self.place(), self.wish(1200)
        with patch.object(provider_call, "_pool", lambda: Never()):
            answer = self.pay(order, 1200, body=body)
        self.assertEqual((answer.status_code, answer.json()["state"]), (202, "sent"))
        self.bank.create(self.attempt(body)._at_provider()[0])
        self.assertEqual(self.look(body).state, "captured")
        self.assertBooked(order, 1200)

    def test_the_guest_has_to_act(self):
        order, body = self.place(), self.wish(1200)
        secret = {"type": "redirect", "url": "https://bank.example/#token=very-secret"}
        self.bank.answers = [ProviderState("action_required", action=secret)]
        answer = self.pay(order, 1200, body=body)
        self.assertEqual((answer.status_code, answer.json()["action"]), (202, secret))
        self.env.cr.execute("""SELECT count(*) FROM fynlo_idempotency WHERE body LIKE '%very-secret%'""")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.bank.becomes("captured")
        seen = self.done("POST", f"/payments/{body['id']}:refresh", key=False, status=200)
        self.assertEqual((seen["state"], seen["action"]), ("captured", None))
        self.assertBooked(order, 1200)

    def test_an_idle_guest(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = ["action_required"]
        self.pay(order, 1200, body=body)
        self.attempt(body).expires_at = now() - timedelta(seconds=1)
        self.env.flush_all()
        self.assertEqual(self.look(body).state, "expired")
        self.assertIn("cancel", self.bank.calls)
        self.assertBooked(order, 0)

    def test_money_that_comes_too_late(self):
        for paid_otherwise, state in ((False, "captured"), (True, "refund_due")):
            with self.subTest(state):
                self.bank.legs.clear()
                order, body = self.place(), self.wish(1200)
                self.bank.answers = ["action_required"]
                self.pay(order, 1200, body=body)
                self.done("POST", f"/payments/{body['id']}:cancel", key=False)
                if paid_otherwise:
                    cash = {"id": uuid7(), "method": "cash", "amount": self.money(1200), "complete": True}
                    self.done("POST", f"/orders/{order['id']}/payments", cash)
                self.bank.becomes("captured")
                attempt = self.attempt(body)
                provider_call.look(self.registry, attempt.id)
                self.assertEqual(self.attempt(body).state, state)
                self.assertBooked(order, 1200)
        entries = self.env["fynlo.payment.entry"].search([("payment_id", "=", self.attempt(body).id)])
        self.assertEqual({entry.account: entry.amount for entry in entries},
                         {"tender:open_banking": 1200, "refund_due": -1200})  # fmt: skip

    def test_other_money_than_was_asked_for(self):
        for said in ({"amount": 1300}, {"currency": "EUR"}, {"amount_captured": 1199, "state": "captured"}):
            with self.subTest(said):
                self.bank.legs.clear()
                order, body = self.place(), self.wish(1200)
                self.bank.answers = [ProviderState(**{"state": "captured", **said})]
                self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
                attempt = self.attempt(body)
                self.assertEqual((attempt.state, attempt.failure_code), ("unknown", "provider_mismatch"))
                self.assertFalse(attempt.next_look_at)
                self.assertEqual(self.order(order)["totals"]["paid"], self.money(0))
                stuck = {reading.config_id: reading.note for reading in self.env["fynlo.health"]._payments_stuck()}
                self.assertIn(body["id"], stuck[self.location.id])

    def test_old_news_changes_nothing(self):
        order, body = self.place(), self.wish(1200)
        self.pay(order, 1200, body=body)
        attempt = self.attempt(body)
        for state in ("action_required", "authorised", "unknown", "failed", "cancelled", "captured", "nonsense"):
            with self.subTest(state):
                said = ProviderState(state, amount=1200, amount_captured=1200 if state == "captured" else 0)
                self.env["fynlo.payment.service"]._conclude(attempt.id, said)
                self.env.cr.flush()
                self.assertEqual(self.attempt(body).state, "captured")
        self.assertBooked(order, 1200)

    def test_the_bill_stands_still_meanwhile(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = ["action_required"]
        self.pay(order, 1200, body=body)
        line = {"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": "1"}
        edit = {"base_version": 1, "operations": [{"op_id": uuid7(), "type": "add_line", "line": line}]}
        result = self.done("POST", f"/orders/{order['id']}/operations", edit, token=self.cashier)
        self.assertEqual(result["results"][0]["code"], "payment_in_progress")
        note = {"base_version": 1, "operations": [{"op_id": uuid7(), "type": "set_note", "note": "Window"}]}
        result = self.done("POST", f"/orders/{order['id']}/operations", note, token=self.cashier)
        self.assertEqual(result["results"][0]["result"], "applied", result)
        cancel = self.api("POST", f"/orders/{order['id']}:cancel", {"reason": "Left"}, token=self.manager)
        self.assertProblem(cancel, "payment_in_progress", 409)
        self.assertProblem(self.api("POST", f"/orders/{order['id']}:complete", {}, token=self.manager),
                           "amount_due", 409)  # fmt: skip
        merge = {"order_ids": [self.place()["id"]]}
        self.assertProblem(self.api("POST", f"/orders/{order['id']}:merge", merge, token=self.manager),
                           "payment_in_progress", 409)  # fmt: skip
        self.done("POST", f"/payments/{body['id']}:cancel", key=False)
        result = self.done("POST", f"/orders/{order['id']}/operations",
                           {**edit, "operations": [{**edit["operations"][0], "op_id": uuid7()}]},
                           token=self.cashier)  # fmt: skip
        self.assertEqual(result["results"][0]["result"], "applied", result)

    def test_the_rest_can_be_paid_in_cash_meanwhile(self):
        order, body = self.place(), self.wish(700)
        self.bank.answers = ["action_required"]
        self.pay(order, 700, body=body)
        cash = {"method": "cash", "id": uuid7(), "amount": self.money(600)}
        refused = self.api("POST", f"/orders/{order['id']}/payments", cash, token=self.cashier)
        self.assertProblem(refused, "payment_in_progress", 409)
        self.assertEqual(refused.json()["due"], self.money(500))
        self.done("POST", f"/orders/{order['id']}/payments", {**cash, "amount": self.money(500)})
        self.bank.becomes("captured")
        self.done("POST", f"/payments/{body['id']}:refresh", key=False)
        self.assertBooked(order, 1200)
        self.assertEqual(self.order(order)["totals"]["due"], self.money(0))

    def test_authorised_and_captured_in_part(self):
        order, body = self.place(), self.wish(1200, tip=self.money(100), details={"manual_capture": True})
        self.bank.answers = ["authorised"]
        self.assertEqual(self.pay(order, 1200, body=body).status_code, 202)
        path = f"/payments/{body['id']}:capture"
        for amount in (1301, 100, 0):
            refused = self.api("POST", path, {"amount": self.money(amount)}, token=self.cashier, key=False)
            self.assertProblem(refused, "validation_failed", 422)
        taken = self.done("POST", path, {"amount": self.money(800)}, key=False, status=200)
        self.assertEqual((taken["state"], taken["amount"]), ("captured", self.money(700)))
        self.assertEqual(self.done("POST", path, {"amount": self.money(800)}, key=False)["state"], "captured")
        self.assertEqual(self.bank.calls.count("capture 800"), 1)
        self.assertBooked(order, 800)
        self.assertEqual(self.order(order)["totals"]["due"], self.money(500))

    def test_an_authorisation_about_to_lapse_is_captured(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [ProviderState("authorised")]
        self.pay(order, 1200, body=body)
        attempt = self.attempt(body)
        self.assertEqual(self.look(body).state, "authorised")
        attempt.capture_before = now() + timedelta(hours=1)
        self.env.flush_all()
        self.assertEqual(self.look(body).state, "captured")
        self.assertBooked(order, 1200)

    def test_cancelling(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = ["action_required"]
        self.pay(order, 1200, body=body)
        for _again in range(2):
            ended = self.done("POST", f"/payments/{body['id']}:cancel", key=False, status=200)
            self.assertEqual(ended["state"], "cancelled")
        self.assertBooked(order, 0)
        self.assertEqual(self.order(order)["payments"], [])

    def test_cancelling_too_late(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = ["action_required"]
        self.pay(order, 1200, body=body)
        self.bank.becomes("captured")
        self.assertEqual(self.done("POST", f"/payments/{body['id']}:cancel", key=False)["state"], "captured")
        refused = self.api("POST", f"/payments/{body['id']}:cancel", token=self.cashier, key=False)
        self.assertProblem(refused, "illegal_transition", 409)
        self.assertBooked(order, 1200)

    def test_cancelling_by_key(self):
        order, key, body = self.place(), uuid7(), self.wish(1200)
        self.bank.answers = [TimeoutError("read")]
        self.pay(order, 1200, key=key, body=body)
        self.bank.becomes("action_required")
        answer = self.done("POST", "/payments:cancel-by-key", {"idempotency_key": key}, token=self.cashier, key=False)
        self.assertEqual(answer["payment"]["state"], "cancelled")
        self.assertBooked(order, 0)

    def test_cancelling_a_request_that_has_not_come_yet(self):
        order, key = self.place(), uuid7()
        for _again in range(2):
            wish = {"idempotency_key": key}
            answer = self.api("POST", "/payments:cancel-by-key", wish, token=self.cashier, key=False)
            if not _again:
                self.assertEqual(answer.json(), {"payment": None})
        self.assertProblem(self.pay(order, 1200, key=key), "idempotency_key_reused", 422)
        self.assertEqual(self.bank.calls, [])

    def test_other_locations_and_roles(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = ["action_required"]
        self.pay(order, 1200, body=body)
        stranger, cook = self.sign_in("manager", self.other_location), self.sign_in("kitchen")
        for verb in ("cancel", "refresh", "capture"):
            path = f"/payments/{body['id']}:{verb}"
            sent = {} if verb == "capture" else None
            self.assertProblem(self.api("POST", path, sent, token=stranger, key=False), "not_found", 404)
            self.assertProblem(self.api("POST", path, sent, token=cook, key=False), "permission_denied", 403)
        self.assertEqual(self.attempt(body).state, "action_required")

    def test_a_tender_that_is_not_set_up(self):
        order = self.place()
        provider = type(self.env["fynlo.provider.open_banking"])

        def missing(_provider, _location):
            raise ProviderUnavailable("provider_unavailable")

        with patch.object(provider, "_connection", missing):
            self.assertProblem(self.pay(order, 1200), "provider_unavailable", 503)
        self.assertFalse(self.env["fynlo.payment"].search([("order_id.uuid", "=", order["id"])]))

    def test_a_failed_leg_is_ended_before_its_money_is_free(self):
        order = self.place()
        self.bank.answers = [ProviderState("failed", failure_code="declined")]
        self.pay(order, 1200)
        self.assertEqual(self.bank.calls, ["create", "cancel"])

    def test_the_job_asks_less_and_less_often(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [TimeoutError("read")]
        self.pay(order, 1200, body=body)
        self.bank.becomes("action_required")
        attempt = self.attempt(body)
        attempt.next_look_at = now()
        self.env.flush_all()
        claimed = self.env["fynlo.payment"]._claim_due()
        self.assertIn(attempt.id, claimed)
        self.assertNotIn(attempt.id, self.env["fynlo.payment"]._claim_due())
        pause = self.attempt(body).next_look_at - now()
        self.assertLess(timedelta(seconds=2), pause)
        self.assertLess(pause, timedelta(seconds=6))


class Inline:
    """Runs a call where it is asked for."""

    def submit(self, work, *given):
        return Done(work(*given))


class Done:
    def __init__(self, value):
        self.value = value

    def result(self, timeout=None):
        return self.value


class Never:
    """A provider that takes longer than anybody waits."""

    def submit(self, work, *given):
        return self

    def result(self, timeout=None):
        raise TimeoutError

    def add_done_callback(self, callback):
        self.callback = callback
