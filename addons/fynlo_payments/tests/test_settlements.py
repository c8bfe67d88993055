"""What Stripe and TrueLayer report of an account, page by page over a real socket; damage is never taken for data."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from odoo.tests import BaseCase, tagged
from odoo.tests.common import _super_send

from ..providers.connection import ProviderUnavailable
from ..providers.settlement import Movement, Payout, ReportsSettlements, ReportUnreadable
from ..providers.stripe_client import StripeConnection, StripeSettings
from ..providers.truelayer_client import Account, TrueLayerConnection, loopback

PRIVATE = (Path(__file__).parent / "truelayer" / "ec512-private.pem").read_bytes()
SINCE = datetime(2026, 6, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
NOON = int((SINCE + timedelta(hours=12)).timestamp())
CHARGE = {
    "id": "txn_1",
    "object": "balance_transaction",
    "amount": 1250,
    "fee": 50,
    "fee_details": [{"type": "stripe_fee", "amount": 38}, {"type": "application_fee", "amount": 12}],
    "net": 1200,
    "currency": "gbp",
    "created": NOON,
    "exchange_rate": None,
    "reporting_category": "charge",
    "type": "charge",
    "source": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "metadata": {"leg_uuid": "leg-1"}},
}
REFUND = CHARGE | {
    "id": "txn_2",
    "amount": -300,
    "fee": 0,
    "fee_details": [],
    "net": -300,
    "reporting_category": "refund",
    "source": {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "metadata": {"refund_uuid": "back-1"}},
}
RECEIVED = {
    "type": "merchant_account_payment",
    "id": "tr-1",
    "status": "settled",
    "amount_in_minor": 1250,
    "currency": "GBP",
    "settled_at": "2026-06-01T12:00:00.5Z",
    "payment_id": "pay-1",
}


class Scripted(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's script; tokens are given without being asked of it."""

    def do_GET(self):
        self.server.asked.append(self.path)
        status, content = self.server.script.pop(0)
        self._send(status, content)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(200, {"access_token": "simulated", "expires_in": 3600})

    def _send(self, status, content):
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args):
        pass


class Served(BaseCase):
    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of tests takes ``timeout`` for one number; ours are a pair."""
        assert request.url.startswith("http://127.0.0.1:"), request.url
        return _super_send(session, request, **options)

    def setUp(self):
        super().setUp()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        self.server.asked, self.server.script = [], []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def queries(self):
        return [parse_qs(urlsplit(path).query) for path in self.server.asked]


def listed(*rows, more=False):
    return (200, {"object": "list", "data": list(rows), "has_more": more})


@tagged("post_install", "-at_install")
class TestStripeSettlements(Served):
    def setUp(self):
        super().setUp()
        connection = StripeConnection(StripeSettings("sk_test_only_for_tests", False, (), "acct_1", api_base=self.base))
        self.assertIsInstance(connection, ReportsSettlements)
        self.report = connection.settlements()

    def moved(self, *script):
        self.server.script = list(script)
        return list(self.report.movements(SINCE, UNTIL))

    def test_a_charge_with_the_fees_kept_of_it(self):
        (charge,) = self.moved(listed(CHARGE))
        at = SINCE + timedelta(hours=12)
        expected = Movement("txn_1", "charge", 1250, 1200, "GBP", at, 50, 12, "pi_1", None, "leg-1")
        self.assertEqual(charge, expected)
        (asked,) = self.queries()
        self.assertEqual(asked["created[gte]"], [str(int(SINCE.timestamp()))])
        self.assertEqual(asked["created[lt]"], [str(int(UNTIL.timestamp()))])
        self.assertEqual(asked["expand[0]"], ["data.source"])
        self.assertTrue(self.report.takes_platform_fee)

    def test_refunds_name_themselves(self):
        (refund,) = self.moved(listed(REFUND))
        self.assertEqual((refund.kind, refund.amount, refund.reference), ("refund", -300, "pi_1"))
        self.assertEqual(refund.refund_reference, "re_1")
        self.assertEqual(refund.refund_uuid, "back-1")

    def test_pages_are_followed_to_the_end(self):
        rows = [CHARGE | {"id": f"txn_{number}"} for number in range(5)]
        found = self.moved(listed(*rows[:2], more=True), listed(*rows[2:4], more=True), listed(rows[4]))
        self.assertEqual([movement.id for movement in found], [row["id"] for row in rows])
        self.assertEqual([asked.get("starting_after") for asked in self.queries()], [None, ["txn_1"], ["txn_3"]])

    def test_what_each_category_is(self):
        kinds = {
            "partial_capture_reversal": "release",
            "refund_failure": "refund_failed",
            "dispute": "dispute",
            "dispute_reversal": "dispute",
            "fee": "fee",
            "network_cost": "fee",
            "payout": "payout",
            "other_adjustment": "adjustment",
            "a_word_of_the_future": "adjustment",
        }
        rows = [CHARGE | {"id": name, "reporting_category": name} for name in kinds]
        self.assertEqual({movement.id: movement.kind for movement in self.moved(listed(*rows))}, kinds)

    def test_another_currency_is_told_as_the_guest_paid_it(self):
        source = REFUND["source"] | {"amount": 350, "currency": "usd"}
        (refund,) = self.moved(listed(REFUND | {"exchange_rate": 0.857, "source": source}))
        self.assertEqual((refund.charged, refund.charged_currency, refund.currency), (-350, "USD", "GBP"))

    def test_currencies_that_stripe_counts_otherwise(self):
        own = StripeConnection(
            StripeSettings("sk_test_only_for_tests", False, (), "acct_1", api_base=self.base, digits=0)
        )
        row = CHARGE | {"currency": "isk", "amount": 130_000, "net": 130_000, "fee": 0, "fee_details": []}
        self.server.script = [listed(row)]
        (charge,) = own.settlements().movements(SINCE, UNTIL)
        self.assertEqual((charge.amount, charge.currency), (1300, "ISK"))
        self.server.script = [listed(row | {"amount": 130_050})]
        with self.assertRaises(ReportUnreadable):
            list(own.settlements().movements(SINCE, UNTIL))

    def test_damage_is_no_data(self):
        endless = listed(CHARGE, more=True)
        for script in (
            [listed({"id": "txn_1"})],
            [listed(CHARGE | {"amount": "12.50"})],
            [listed(CHARGE | {"amount": True})],
            [(200, {"object": "list", "data": 7})],
            [(200, {"object": "list", "data": [], "has_more": True})],
            [endless, endless],
        ):
            with self.subTest(script), self.assertRaises(ReportUnreadable):
                self.moved(*script)

    def test_no_answer_and_refusal(self):
        for status in (500, 403, 400):
            error = {"error": {"type": "invalid_request_error" if status == 400 else "api_error"}}
            with self.subTest(status), self.assertRaises(ProviderUnavailable):
                self.moved(*[(status, error)] * 20)

    def test_what_was_read_before_a_failure_is_good(self):
        self.server.script = [listed(CHARGE, more=True), *[(500, {"error": {"type": "api_error"}})] * 20]
        found = []
        with self.assertRaises(ProviderUnavailable):
            for movement in self.report.movements(SINCE, UNTIL):
                found.append(movement.id)
        self.assertEqual(found, ["txn_1"])

    def test_payouts_and_what_is_in_them(self):
        payout = {"id": "po_1", "amount": 900, "currency": "gbp", "status": "canceled", "created": NOON}
        self.server.script = [listed(payout | {"arrival_date": NOON, "automatic": True})]
        at = SINCE + timedelta(hours=12)
        self.assertEqual(
            list(self.report.payouts(SINCE, UNTIL)), [Payout("po_1", 900, "GBP", "cancelled", at, at.date())]
        )
        paid_out = REFUND | {"id": "txn_9", "reporting_category": "payout", "source": "po_1"}
        self.server.script = [listed(paid_out, CHARGE, REFUND)]
        found = list(self.report.movements_of("po_1"))
        self.assertEqual([(one.id, one.payout) for one in found], [("txn_1", "po_1"), ("txn_2", "po_1")])
        self.assertEqual(self.queries()[-1]["payout"], ["po_1"])

    def test_whose_account_a_key_without_one_opens(self):
        own = StripeConnection(StripeSettings("sk_test_only_for_tests", False, api_base=self.base)).settlements()
        self.server.script = [(200, {"id": "acct_own", "object": "account"})]
        self.assertEqual([own.account(), own.account()], ["acct_own", "acct_own"])
        self.assertEqual((self.server.asked, own.takes_platform_fee), (["/v1/account"], False))


@tagged("post_install", "-at_install")
class TestTrueLayerSettlements(Served):
    def setUp(self):
        super().setUp()
        account = Account("id", "hidden", "kid", PRIVATE, "m-1", "pay@example.com", "https://pay.example/back")
        connection = TrueLayerConnection(loopback(self.base), account)
        self.assertIsInstance(connection, ReportsSettlements)
        self.report = connection.settlements()

    def moved(self, *pages, hours=6):
        self.server.script = [(200, page) for page in pages]
        return list(self.report.movements(SINCE + timedelta(hours=12), SINCE + timedelta(hours=12 + hours)))

    def test_payments_refunds_and_money_from_elsewhere(self):
        refund = RECEIVED | {"type": "refund", "id": "tr-2", "status": "executed", "refund_id": "back-1"}
        refund |= {"executed_at": "2026-06-01T13:00:00+00:00", "settled_at": None}
        other = RECEIVED | {"type": "external_payment", "id": "tr-3"}
        payout = refund | {"type": "payout", "id": "po-1", "payout_id": "po-1"}
        found = self.moved({"items": [RECEIVED, refund, other, payout]})
        self.assertEqual(
            [(one.id, one.kind, one.amount, one.reference, one.refund_reference) for one in found],
            [
                ("tr-1", "charge", 1250, "pay-1", None),
                ("tr-2", "refund", -1250, "pay-1", "back-1"),
                ("tr-3", "adjustment", 1250, None, None),
                ("po-1", "payout", -1250, None, None),
            ],
        )
        self.assertEqual(found[0].at, SINCE + timedelta(hours=12, milliseconds=500))

    def test_pending_is_no_money_yet(self):
        self.assertEqual(self.moved({"items": [RECEIVED | {"type": "refund", "status": "pending"}]}), [])

    def test_a_long_time_is_asked_for_in_parts_and_pages(self):
        second = RECEIVED | {"id": "tr-2"}
        found = self.moved(
            {"items": [RECEIVED], "pagination": {"next_cursor": "a+b"}},
            {"items": [second], "pagination": {}},
            {"items": []},
            hours=9,
        )
        self.assertEqual([one.id for one in found], ["tr-1", "tr-2"])
        first, following, last = self.queries()
        self.assertEqual((first.get("cursor"), following["cursor"]), (None, ["a+b"]))
        self.assertEqual((first["to"], last["from"]), (["2026-06-01T18:00:00.000000Z"],) * 2)

    def test_what_both_parts_hold_is_told_once(self):
        edge = RECEIVED | {"settled_at": "2026-06-01T21:00:00Z"}
        self.assertEqual(
            self.moved({"items": [RECEIVED]}, {"items": [edge]}, hours=9)[-1].at,
            SINCE.replace(hour=12, microsecond=500_000),
        )

    def test_damage_is_no_data(self):
        for page in (
            {"items": None},
            {"items": ["text"]},
            {"items": [RECEIVED | {"type": "levitation"}]},
            {"items": [RECEIVED | {"amount_in_minor": 12.5}]},
            {"items": [RECEIVED | {"settled_at": "2026-06-01T12:00:00"}]},
            {"items": [RECEIVED | {"payment_id": None}]},
        ):
            with self.subTest(page), self.assertRaises(ReportUnreadable):
                self.moved(page)
        with self.assertRaises(ReportUnreadable):
            self.moved(*[{"items": [], "pagination": {"next_cursor": "same"}}] * 2)

    def test_refused(self):
        self.server.script = [(404, {}), (404, {})]
        with self.assertRaises(ProviderUnavailable):
            list(self.report.movements(SINCE, SINCE + timedelta(hours=1)))

    def test_payouts_are_not_itemised(self):
        payout = RECEIVED | {"type": "payout", "status": "executed", "payout_id": "po-1", "id": "po-1"}
        payout |= {"executed_at": "2026-06-01T02:00:00Z"}
        self.server.script = [(200, {"items": [payout]})]
        (made,) = self.report.payouts(SINCE, SINCE + timedelta(hours=6))
        self.assertEqual((made.id, made.amount, made.state, made.itemised), ("po-1", 1250, "paid", False))
        self.assertEqual((made.arrives_on, list(self.report.movements_of("po-1"))), (date(2026, 6, 1), []))
        self.assertEqual(self.queries()[0]["type"], ["payout"])
