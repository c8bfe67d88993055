"""What goes wrong between the three transactions of a payment: repeated transactions, exceptions, foreign clocks."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged
from psycopg2.errors import SerializationFailure

from ..models import provider_call
from ..providers.connection import ProviderState
from .bank import OutsideCase


def failing(times, error, work):
    """``work``, but the first ``times`` calls raise."""
    left = [times]

    def call(*args, **kwargs):
        if left[0]:
            left[0] -= 1
            raise error
        return work(*args, **kwargs)

    return call


@tagged("post_install", "-at_install")
class TestPaymentFailures(OutsideCase):
    def test_transactions_that_are_repeated_ask_the_provider_once(self):
        rows = type(self.env["fynlo.order.rows"])
        for phase, count in (("reserve", 1), ("reserve", 4), ("apply", 1), ("apply", 4)):
            with self.subTest(phase=phase, count=count):
                self.bank.calls.clear()
                self.bank.legs.clear()
                order, target = self.place(), rows._update
                again = failing(count, SerializationFailure("lost"), target)
                calls = []

                def update(model, *args, again=again, target=target, phase=phase, calls=calls, **kwargs):
                    calls.append(1)
                    due = bool(self.bank.legs) == (phase == "apply")
                    return (again if due else target)(model, *args, **kwargs)

                with patch.object(rows, "_update", update):
                    answer = self.pay(order, 1200)
                self.assertEqual(answer.status_code, 201, answer.text)
                self.assertEqual(len(calls), count + 2)
                self.assertEqual(self.bank.calls, ["create"])
                self.assertBooked(order, 1200)

    def test_a_failure_before_the_provider_is_asked(self):
        order, body, key = self.place(), self.wish(1200), uuid7()
        with patch.object(provider_call, "_read", failing(1, RuntimeError("crash"), provider_call._read)):
            self.assertEqual(self.pay(order, 1200, body=body, key=key).status_code, 500)
        self.assertEqual(self.pay(order, 1200, body=body, key=key).status_code, 202)
        self.assertEqual(self.bank.calls, [])
        self.assertEqual(self.look(body).failure_code, "never_arrived")
        self.assertProblem(self.pay(order, 1200, body=body, key=key), "payment_declined", 402)
        self.assertBooked(order, 0)

    def test_a_failure_after_the_provider_was_asked(self):
        order, body, key = self.place(), self.wish(1200), uuid7()
        with patch.object(provider_call, "_apply", failing(1, RuntimeError("crash"), provider_call._apply)):
            self.assertEqual(self.pay(order, 1200, body=body, key=key).status_code, 500)
        self.assertEqual(self.attempt(body).state, "sent")
        self.assertEqual(self.look(body).state, "captured")
        self.assertEqual(self.pay(order, 1200, body=body, key=key).status_code, 201)
        self.assertEqual(self.bank.calls.count("create"), 1)
        self.assertBooked(order, 1200)

    def test_an_undone_reservation_leaves_no_key_behind(self):
        order = self.place()
        keys = set()
        for tip, status in ((-5, 422), (0, 201)):
            self.assertEqual(self.pay(order, 1200, tip=self.money(tip)).status_code, status)
            keys |= set(self.env["fynlo.payment"].search([]).mapped("provider_key"))
        self.assertEqual([leg for leg in self.bank.legs if leg in keys], list(self.bank.legs))
        self.assertEqual(len(self.bank.legs), 1)

    def test_a_provider_whose_answer_cannot_be_understood(self):
        for answer in (AttributeError("'NoneType'"), ValueError("json"), OSError("redirect"), RecursionError()):
            with self.subTest(repr(answer)):
                self.bank.legs.clear()
                order, body = self.place(), self.wish(1200)
                self.bank.answers = [answer]
                self.assertEqual(self.pay(order, 1200, body=body).json()["state"], "unknown")
                self.assertEqual(self.look(body).state, "captured")
                self.assertBooked(order, 1200)

    def test_a_state_that_is_no_word_of_ours(self):
        order, body = self.place(), self.wish(1200)
        self.bank.answers = [ProviderState("teleported")]
        self.assertEqual(self.pay(order, 1200, body=body).json()["state"], "sent")
        self.bank.becomes("captured")
        self.assertEqual(self.look(body).state, "captured")

    def test_clocks_of_tills_decide_nothing(self):
        for ahead in (timedelta(hours=1), timedelta(hours=-1)):
            with self.subTest(str(ahead)):
                self.bank.legs.clear()
                moment = (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
                line = {"id": uuid7(), "variant_id": self.dish.fynlo_uuid, "quantity": "2"}
                wish = {"id": uuid7(), "client_created_at": moment, "lines": [line]}
                order = self.done("POST", "/orders", wish, status=201, token=self.cashier)
                self.bank.answers = ["action_required"]
                body = self.wish(1200)
                self.pay(order, 1200, body=body)
                attempt = self.attempt(body)
                lasts = attempt.expires_at - attempt.create_date
                self.assertEqual(lasts, timedelta(minutes=15))
                self.bank.becomes("captured")
                self.assertEqual(self.look(body).state, "captured")

    def test_all_kinds_of_tender_pay_one_order(self):
        gift = {"id": uuid7(), "code": "FIVE-TENDERS-1", "amount": self.money(200), "reason": "Sorry"}
        self.done("POST", "/gift-cards", gift, status=201)
        order = self.place()
        tenders = [
            {"method": "cash", "amount": self.money(300), "tendered": self.money(500)},
            {"method": "gift_card", "amount": self.money(200), "details": {"code": "FIVE-TENDERS-1"}},
            {"method": "manual", "amount": self.money(400), "details": {"reference": "AUTH 0042"}},
            {"method": "open_banking", "amount": self.money(250)},
            {"method": "cash", "amount": self.money(50)},
        ]
        for tender in tenders:
            wish = {"id": uuid7(), **tender}
            taken = self.done("POST", f"/orders/{order['id']}/payments", wish, status=201, token=self.cashier)
            self.assertEqual(taken["state"], "captured")
        self.assertEqual(self.order(order)["totals"]["due"], self.money(0))
        machine = next(one for one in self.order(order)["payments"] if one["method"] == "manual")
        self.assertEqual(machine["provider"]["reference"], "AUTH 0042")
        done = self.done("POST", f"/orders/{order['id']}:complete")
        self.assertEqual(done["state"], "completed")
        self.assertBooked(order, 1200)

    def test_what_a_machine_prints(self):
        order = self.place()
        for printed in (5, "", "x" * 41, "<b>", ["a"]):
            wish = {"id": uuid7(), "method": "manual", "amount": self.money(1200), "details": {"reference": printed}}
            refused = self.api("POST", f"/orders/{order['id']}/payments", wish, token=self.cashier)
            self.assertProblem(refused, "validation_failed", 422)
        self.assertBooked(order, 0)

    def test_amounts_that_are_none(self):
        order = self.place()
        for amount in (0, -1, 1201, 10**12, 1.5, "1200", None, True):
            wish = {"id": uuid7(), "method": "open_banking", "amount": {"amount": amount, "currency": self.currency()}}
            refused = self.api("POST", f"/orders/{order['id']}/payments", wish, token=self.cashier)
            self.assertIn(refused.status_code, (409, 422), amount)
        for wish in (
            self.wish(1200, tip=self.money(-1)),
            self.wish(1200, tip=self.money(12001)),
            self.wish(1200, amount={"amount": 1200, "currency": "JPY"}),
            self.wish(1200, method="carrier_pigeon"),
            self.wish(1200, tendered=self.money(2000)),
        ):
            refused = self.api("POST", f"/orders/{order['id']}/payments", wish, token=self.cashier)
            self.assertEqual(refused.status_code, 422, refused.text)
        self.assertEqual(self.bank.calls, [])
        self.assertBooked(order, 0)
