"""Checkout Sessions of the simulated Stripe: by stripe's own SDK, and on the page that a guest sees."""

import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from simulators.stripe.server import StripeServer

BACK = "https://tills.example/pay/token/back"


@pytest.fixture
def server() -> Iterator[StripeServer]:
    made = StripeServer(secrets=("whsec_test_only",))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def api(server: StripeServer) -> Any:
    return stripe.StripeClient("sk_test_simulated", base_addresses={"api": server.base}).v1


def wish(**more: Any) -> dict[str, Any]:
    price = {"currency": "gbp", "unit_amount": 1250, "product_data": {"name": "Joe's & <Sons>"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": {"leg_uuid": "leg-1"},
        "payment_intent_data": {"metadata": {"leg_uuid": "leg-1"}},
        "success_url": BACK,
        "cancel_url": BACK,
        **more,
    }


def guest(server: StripeServer, method: str, session: Any, step: str = "") -> tuple[int, str, str | None]:
    """Status, text and way onward of what a phone gets."""
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    line.request(method, urlsplit(session.url).path + step)
    answer = line.getresponse()
    told = answer.status, answer.read().decode(), answer.getheader("Location")
    line.close()
    return told


def test_declined_and_then_paid_on_the_page(server: StripeServer, api: Any) -> None:
    made = api.checkout.sessions.create(wish())
    assert (made.object, made.status, made.payment_status, made.payment_intent) == (
        "checkout.session", "open", "unpaid", None,
    )  # fmt: skip
    assert made.id.startswith("cs_test_") and made.url.startswith(f"{server.base}/c/pay/{made.id}")
    status, page, _onward = guest(server, "GET", made)
    assert status == 200 and "GBP 12.50" in page and "Joe&#x27;s &amp; &lt;Sons&gt;" in page
    status, page, _onward = guest(server, "POST", made, "/decline")
    assert status == 200 and "declined" in page
    assert api.checkout.sessions.retrieve(made.id).status == "open"
    assert guest(server, "POST", made, "/pay")[::2] == (303, BACK)
    paid = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent", "payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.payment_intent.status, paid.payment_intent.amount_received) == ("succeeded", 1250)
    assert paid.payment_intent.latest_charge.metadata.leg_uuid == "leg-1"
    assert "_intent" not in paid and "_label" not in paid
    assert "all done" in guest_after(server, made.url)
    with pytest.raises(stripe.InvalidRequestError):
        api.checkout.sessions.expire(made.id)
    assert [row.id for row in api.checkout.sessions.list({"payment_intent": paid.payment_intent.id}).data] == [made.id]
    told = [event.type for event in api.events.list().data]
    assert told[0] == "checkout.session.completed" and "payment_intent.payment_failed" in told


def guest_after(server: StripeServer, url: str) -> str:
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    line.request("POST", urlsplit(url).path + "/pay")
    text = line.getresponse().read().decode()
    line.close()
    return text


def test_a_page_that_was_ended_takes_no_money(server: StripeServer, api: Any) -> None:
    made = api.checkout.sessions.create(wish())
    guest(server, "POST", made, "/decline")
    ended = api.checkout.sessions.expire(made.id, {"expand": ["payment_intent"]})
    assert (ended.status, ended.payment_intent.status) == ("expired", "canceled")
    assert "all done" in guest_after(server, made.url)
    assert api.charges.list({"limit": 10}).data[0].paid is False
    assert len(api.charges.list().data) == 1
    assert api.events.list().data[0].type == "checkout.session.expired"


def test_a_page_ends_by_its_time(server: StripeServer, api: Any) -> None:
    made = api.checkout.sessions.create(wish(expires_at=int(time.time()) + 1860))
    server.accounts.books().ahead_s = 1900
    assert "all done" in guest_after(server, made.url)
    assert api.checkout.sessions.retrieve(made.id).status == "expired"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "subscription"},
        {"success_url": "javascript:alert(1)"},
        {"line_items": []},
        {"expires_at": 1},
        {"tips": "yes"},
        {"payment_intent_data": {"amount": 1}},
    ],
)
def test_what_stripe_refuses(api: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        api.checkout.sessions.create(wish(**wrong))


def test_money_that_is_held(server: StripeServer, api: Any) -> None:
    made = api.checkout.sessions.create(wish(payment_intent_data={"capture_method": "manual"}))
    assert guest(server, "POST", made, "/pay")[0] == 303
    held = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (held.status, held.payment_status, held.payment_intent.status) == ("complete", "unpaid", "requires_capture")
