"""The simulated Stripe, driven by stripe's own SDK: what it answers is what the SDK understands."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from simulators.stripe.control import behave
from simulators.stripe.server import StripeServer

SECRET = "whsec_test_only"
RESTAURANT = "acct_restaurant"


@pytest.fixture
def server() -> Iterator[StripeServer]:
    made = StripeServer(secrets=(SECRET,))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.faults.clear()
    made.shutdown()
    made.server_close()


def client(server: StripeServer, key: str = "sk_test_simulated", account: str | None = None) -> Any:
    made = stripe.StripeClient(
        key, stripe_account=account, base_addresses={"api": server.base}, http_client=stripe.RequestsClient(timeout=20)
    )
    return made.v1


def wish(method: str | None = "pm_card_visa", **more: Any) -> dict[str, Any]:
    paid = {"payment_method": method, "confirm": True} if method else {}
    return {"amount": 1250, "currency": "gbp", "payment_method_types": ["card"], **paid, **more}


def sim(server: StripeServer, path: str, **values: Any) -> dict[str, Any]:
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    line.request("POST", f"/_sim/{path}", json.dumps(values))
    answer: dict[str, Any] = json.loads(line.getresponse().read())
    line.close()
    return answer


def test_a_payment_a_partial_refund_and_what_the_account_holds(server: StripeServer) -> None:
    api = client(server)
    paid = api.payment_intents.create(wish(metadata={"leg_uuid": "leg-1"}, expand=["latest_charge"]))
    assert (paid.status, paid.amount_received, paid.livemode) == ("succeeded", 1250, False)
    assert paid.latest_charge.payment_method_details.card.last4 == "4242"
    refund = api.refunds.create({"payment_intent": paid.id, "amount": 250})
    assert (refund.status, api.charges.retrieve(paid.latest_charge.id).amount_refunded) == ("succeeded", 250)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": paid.id, "amount": 1001})
    assert refused.value.code == "amount_too_large"
    moved = {row.type: (row.amount, row.fee, row.net) for row in api.balance_transactions.list().data}
    assert moved == {"charge": (1250, 39, 1211), "refund": (-250, 0, -250)}
    assert [(row.amount, row.currency) for row in api.balance.retrieve().available] == [(961, "gbp")]


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_intent_may_be_paid_with_another_card(
    server: StripeServer, method: str, code: str, decline_code: str
) -> None:
    api = client(server)
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(wish(method))
    error = declined.value.json_body["error"]
    assert (error["code"], error["decline_code"]) == (code, decline_code)
    intent = error["payment_intent"]["id"]
    assert api.payment_intents.retrieve(intent).status == "requires_payment_method"
    assert api.payment_intents.confirm(intent, {"payment_method": "pm_card_mastercard"}).status == "succeeded"


def test_the_bank_asks_the_guest(server: StripeServer) -> None:
    api = client(server)
    for passed, status in ((True, "succeeded"), (False, "requires_payment_method")):
        asked = api.payment_intents.create(wish("pm_card_threeDSecure2Required"))
        assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")
        sim(server, f"payment_intents/{asked.id}/authenticate", passed=passed)
        assert api.payment_intents.retrieve(asked.id).status == status
    back = api.payment_intents.create(wish("pm_card_threeDSecure2Required", return_url="https://pay.example/back"))
    assert back.next_action.redirect_to_url.return_url == "https://pay.example/back"


def test_held_money_is_captured_in_part_or_expires(server: StripeServer) -> None:
    api = client(server)
    held = api.payment_intents.create(wish(capture_method="manual", expand=["latest_charge"]))
    assert (held.status, held.amount_capturable) == ("requires_capture", 1250)
    assert held.latest_charge.payment_method_details.card.capture_before > time.time() + 6 * 86_400
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.capture(held.id, {"amount_to_capture": 1251})
    captured = api.payment_intents.capture(held.id, {"amount_to_capture": 1000})
    assert (captured.status, captured.amount_received, captured.amount) == ("succeeded", 1000, 1250)
    rows = api.balance_transactions.list().data
    assert [(row.reporting_category, row.amount) for row in rows] == [
        ("partial_capture_reversal", -250),
        ("charge", 1250),
    ]
    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.create({"payment_intent": held.id, "amount": 1001})
    assert api.refunds.create({"payment_intent": held.id, "amount": 1000}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as late:
        api.payment_intents.cancel(held.id)
    assert late.value.code == "payment_intent_unexpected_state"
    other = api.payment_intents.create(wish(capture_method="manual"))
    sim(server, f"payment_intents/{other.id}/expire")
    assert (status := api.payment_intents.retrieve(other.id)).status == "canceled"
    assert status.cancellation_reason == "automatic"


def test_a_reader_presents_the_card(server: StripeServer) -> None:
    api = client(server)
    token = api.terminal.connection_tokens.create({"location": "tml_1"})
    assert token.secret.startswith("pst_test_")
    made = api.payment_intents.create(wish(None, payment_method_types=["card_present"], capture_method="manual"))
    sim(server, f"payment_intents/{made.id}/present", payment_method="pm_card_visa_debit")
    held = api.payment_intents.retrieve(made.id, {"expand": ["latest_charge"]})
    assert (held.status, held.latest_charge.payment_method_details.type) == ("requires_capture", "card_present")


def test_a_key_has_one_answer_even_if_that_is_an_error(server: StripeServer) -> None:
    api = client(server)
    first = api.payment_intents.create(wish(), {"idempotency_key": "k1"})
    again = api.payment_intents.create(wish(), {"idempotency_key": "k1"})
    assert (first.id, again.last_response.headers["Idempotent-Replayed"]) == (again.id, "true")
    with pytest.raises(stripe.IdempotencyError):
        api.payment_intents.create(wish() | {"amount": 99_00}, {"idempotency_key": "k1"})
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            api.payment_intents.create(wish("pm_card_chargeDeclined"), {"idempotency_key": "k2"})
    with server.faults.script(("POST /v1/payment_intents", "error_after", 1)):
        for _ in range(2):  # done once, and 500 for as long as the key lives
            with pytest.raises(stripe.APIError):
                api.payment_intents.create(wish(), {"idempotency_key": "k3", "max_network_retries": 0})
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(wish(amount=0), {"idempotency_key": "k4"})
    assert api.payment_intents.create(wish(), {"idempotency_key": "k4"}).status == "succeeded"  # nothing was kept
    other = client(server, account=RESTAURANT).payment_intents.create(wish(), {"idempotency_key": "k1"})
    assert other.id != first.id
    assert len(api.payment_intents.list({"limit": 100}).data) == 4


def test_a_running_twin_is_refused(server: StripeServer) -> None:
    api, answers = client(server), []

    def slow() -> None:
        answers.append(api.payment_intents.create(wish(), {"idempotency_key": "twin"}))

    server.faults.add("POST /v1/payment_intents", "wait_after")
    first = threading.Thread(target=slow)
    first.start()
    until(lambda: server.accounts.books().kept["payment_intent"])
    with pytest.raises(stripe.APIError) as refused:
        api.payment_intents.create(wish(), {"idempotency_key": "twin", "max_network_retries": 0})
    assert (refused.value.http_status, refused.value.json_body["error"]["code"]) == (409, "idempotency_key_in_use")
    server.faults.clear()
    first.join(20)
    assert answers[0].status == "succeeded"


def test_twenty_at_once_under_one_key_are_one_payment(server: StripeServer) -> None:
    def pay(_turn: int) -> str:
        try:
            made = client(server).payment_intents.create(wish(), {"idempotency_key": "crowd", "max_network_retries": 0})
            return str(made.id)
        except stripe.APIError as busy:
            assert busy.http_status == 409
            return "busy"

    with ThreadPoolExecutor(20) as crowd:
        answers = set(crowd.map(pay, range(20)))
    assert len(answers - {"busy"}) == 1
    assert len(client(server).payment_intents.list().data) == 1


def test_lost_on_the_way(server: StripeServer) -> None:
    api = client(server)
    for fault, made in (("drop_before", 0), ("error_before", 0), ("drop_after", 1)):
        before = len(api.payment_intents.list({"limit": 100}).data)
        with server.faults.script(("POST /v1/payment_intents", fault, 1)):
            with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
                api.payment_intents.create(wish(), {"idempotency_key": fault, "max_network_retries": 0})
            assert len(api.payment_intents.list({"limit": 100}).data) - before == made
            assert api.payment_intents.create(wish(), {"idempotency_key": fault}).status == "succeeded"
        assert len(api.payment_intents.list({"limit": 100}).data) - before == 1
    with server.faults.script(("GET /v1/balance", "busy", 1)), pytest.raises(stripe.RateLimitError):
        api.balance.retrieve({}, {"max_network_retries": 0})


def test_refunds_that_take_their_time(server: StripeServer) -> None:
    api = client(server)
    for method, first in (("pm_card_pendingRefund", "pending"), ("pm_card_refundFail", "succeeded")):
        for fails, last in ((False, "succeeded"), (True, "failed")):
            paid = api.payment_intents.create(wish(method))
            refund = api.refunds.create({"payment_intent": paid.id})
            assert refund.status == first
            sim(server, f"refunds/{refund.id}/finish", fails=fails)
            assert api.refunds.retrieve(refund.id).status == last
            charge = api.charges.retrieve(paid.latest_charge)
            assert charge.amount_refunded == (0 if fails else 1250)
    waiting = api.refunds.create({"payment_intent": api.payment_intents.create(wish("pm_card_pendingRefund")).id})
    assert api.refunds.cancel(waiting.id).status == "canceled"
    everything = api.refunds.list({"limit": 100}).data
    assert [row.id for row in api.refunds.list({"payment_intent": waiting.payment_intent}).data] == [waiting.id]
    assert len(everything) == 5


def test_accounts_and_modes_are_apart(server: StripeServer) -> None:
    own, theirs = client(server), client(server, account=RESTAURANT)
    paid = theirs.payment_intents.create(wish(application_fee_amount=12))
    assert paid.application_fee_amount == 12
    with pytest.raises(stripe.InvalidRequestError):
        own.payment_intents.retrieve(paid.id)
    with pytest.raises(stripe.InvalidRequestError):
        own.payment_intents.create(wish(application_fee_amount=12))
    (row,) = theirs.balance_transactions.list().data
    assert {each.type: each.amount for each in row.fee_details} == {"stripe_fee": 39, "application_fee": 12}
    assert [(each.type, each.amount) for each in own.balance_transactions.list().data] == [("application_fee", 12)]
    live = client(server, "sk_live_simulated")
    assert (live.payment_intents.create(wish()).livemode, live.balance.retrieve().livemode) == (True, True)
    assert len(own.payment_intents.list().data) == 0


def test_keys_are_checked(server: StripeServer) -> None:
    sim(server, "refuse", keys=["rk_test_old"], accounts=["acct_gone"])
    for key in ("nonsense", "rk_test_old"):
        with pytest.raises(stripe.AuthenticationError):
            client(server, key).balance.retrieve()
    with pytest.raises(stripe.PermissionError):
        client(server, account="acct_gone").balance.retrieve()
    made = client(server).payment_intents.create(wish(None))
    browser = client(server, "pk_test_simulated")
    with pytest.raises(stripe.PermissionError):
        browser.balance.retrieve()
    with pytest.raises(stripe.AuthenticationError):
        browser.payment_intents.retrieve(made.id, {"client_secret": "guessed"})
    confirmed = browser.payment_intents.confirm(
        made.id, {"client_secret": made.client_secret, "payment_method": "pm_card_visa"}
    )
    assert confirmed.status == "succeeded"


def test_lists_page_and_filter(server: StripeServer) -> None:
    api = client(server)
    made = [api.payment_intents.create(wish(None, metadata={"leg_uuid": f"leg-{n}"})).id for n in range(7)]
    first = api.payment_intents.list({"limit": 3})
    assert ([row.id for row in first.data], first.has_more) == (made[:3:-1], True)
    assert [row.id for row in first.auto_paging_iter()] == made[::-1]
    newer = api.payment_intents.list({"limit": 2, "ending_before": made[3]})
    assert [row.id for row in newer.data] == made[5:3:-1]
    now = int(time.time())
    assert api.payment_intents.list({"created": {"lt": now - 60}}).data == []
    assert len(api.payment_intents.list({"created": {"gte": now - 60, "lte": now + 60}}).data) == 7
    found = api.payment_intents.search({"query": "metadata['leg_uuid']:'leg-3'"})
    assert [row.id for row in found.data] == [made[3]]
    for bad in ({"limit": 101}, {"starting_after": "pi_other"}, {"colour": "red"}):
        with pytest.raises(stripe.InvalidRequestError):
            api.payment_intents.list(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": "12.50"},
        {"amount": 29},
        {"amount": 100_000_000},
        {"currency": "xxx"},
        {"currency": "kwd", "amount": 1255},
        {"currency": "isk", "amount": 1250},
        {"payment_method": "pm_card_nobody"},
        {"colour": "red"},
    ],
)
def test_nonsense_is_refused_and_makes_nothing(server: StripeServer, bad: dict[str, Any]) -> None:
    api = client(server)
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(wish() | bad)
    assert api.payment_intents.list().data == []


def test_unknown_paths_answer_in_stripes_words(server: StripeServer) -> None:
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client(server).customers.list()
    assert (unknown.value.http_status, unknown.value.code) == (404, "url_invalid")


def test_payouts_and_disputes(server: StripeServer) -> None:
    api = client(server)
    paid = api.payment_intents.create(wish())
    payout = sim(server, "payouts")
    rows = api.balance_transactions.list({"payout": payout["id"], "expand": ["data.source"]}).data
    assert sum(row.net for row in rows) == 0
    assert {row.type: row.source.id for row in rows} == {"payout": payout["id"], "charge": paid.latest_charge}
    assert [row.id for row in api.payouts.list().data] == [payout["id"]]
    api.payment_intents.create(wish("pm_card_createDispute"))
    (disputed,) = api.disputes.list().data
    sim(server, f"disputes/{disputed.id}/close", status="won")
    moved = [row.amount for row in api.disputes.retrieve(disputed.id).balance_transactions]
    assert moved == [-1250, 1250]
    kinds = [event.type for event in api.events.list({"limit": 100}).data]
    for kind in ("created", "funds_withdrawn", "funds_reinstated", "closed"):
        assert kinds.count(f"charge.dispute.{kind}") == 1


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET)
        self.server.heard.append((event.id, event.type))  # type: ignore[attr-defined]
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_args: Any) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    made.heard, made.statuses = [], []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def until(true: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_notifications_are_signed_repeated_reordered_and_late(server: StripeServer, receiver: Any) -> None:
    api = client(server)
    server.notifier.address = f"http://127.0.0.1:{receiver.server_port}/hooks"
    order = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    for behaviour, expected in (("normal", order), ("out_of_order", order[::-1]), ("duplicate", order * 3)):
        receiver.heard.clear()
        behave(server, behaviour)
        api.payment_intents.create(wish())
        until(lambda: receiver.heard and server.notifier.settled())
        assert [kind for _id, kind in receiver.heard] == expected
    receiver.heard.clear()
    behave(server, "webhook_first")
    api.payment_intents.create(wish())
    assert [kind for _id, kind in receiver.heard] == order  # before the answer came
    receiver.heard.clear()
    behave(server, "late")
    api.payment_intents.create(wish())
    assert receiver.heard == []
    assert sim(server, "release") == {"released": 3}
    until(lambda: len(receiver.heard) == 3)


def test_a_notification_that_is_not_taken_comes_again(server: StripeServer, receiver: Any) -> None:
    server.notifier.address = f"http://127.0.0.1:{receiver.server_port}/hooks"
    receiver.statuses = [500, 200]
    sim(server, "behaviour", name="normal")
    made = client(server).payment_intents.create(wish(None))
    until(lambda: len(receiver.heard) == 2)
    assert len({event for event, _kind in receiver.heard}) == 1
    event = client(server).events.list().data[0]
    assert event.data.object.id == made.id
    sim(server, f"events/{event.id}/resend")
    until(lambda: len(receiver.heard) == 3)
