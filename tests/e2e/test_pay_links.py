"""Pay links with the real processes: phones that tap at once, tills that take the money meanwhile, and kill -9."""

import contextlib
import http.client
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from scripts.local.end_to_end import LiveRestaurant
from tests.e2e.charges import Bank, Counter, until

ROUNDS, PHONES = 10, 4
LEAVES_FOR = re.compile(r'content="0; url=([^"]+)"')
SENT = """SELECT count(*) FROM fynlo_payment payment JOIN fynlo_pay_link link ON link.id = payment.pay_link_id
           WHERE link.fynlo_uuid = '{}' AND payment.state != 'reserved'"""
OVERDUE = """UPDATE fynlo_pay_link SET expires_at = now() AT TIME ZONE 'UTC' WHERE fynlo_uuid = '{}'"""


@pytest.fixture(scope="module")
def counter(restaurant: LiveRestaurant) -> Counter:
    return Counter.open(restaurant)


@pytest.fixture
def bank(restaurant: LiveRestaurant) -> Iterator[Bank]:
    made = Bank(restaurant)
    made.behave("manual")
    yield made
    made.release()


def test_phones_that_tap_at_once_pay_once(counter: Counter, bank: Bank) -> None:
    with ThreadPoolExecutor(PHONES) as phones:
        for _round in range(ROUNDS):
            order = counter.order()
            link, gate = _link(counter, order), threading.Barrier(PHONES)
            pages = set(phones.map(lambda _phone, link=link, gate=gate: _tap(link, gate), range(PHONES)))
            assert len(pages) == 1
            assert bank.asked(order["id"]) == 1
            _decide(pages.pop())
            assert {_view(link, "look", "POST") for _phone in range(PHONES)} == {"paid"}
            assert counter.settled(order, bank) == order["totals"]["total"]["amount"]


def test_a_till_that_takes_the_money_meanwhile(counter: Counter, bank: Bank) -> None:
    """Either the guest or the till pays; the other is told so, and nobody pays what the other has."""
    for _round in range(ROUNDS):
        order, gate = counter.order(), threading.Barrier(2)
        link = _link(counter, order)
        with ThreadPoolExecutor(2) as both:
            phone, till = both.submit(_tap, link, gate), both.submit(_pay_cash, counter, order, gate)
            page, paid = phone.result(), till.result()
        assert (page is None) == (paid == 201), (page, paid)
        if page:
            assert counter.cashier("POST", f"/open-banking/payments/{link['id']}:fallback").body["state"] == "cancelled"
            assert _pay_cash(counter, order) == 201
        totals = counter.read(order)["totals"]
        assert (totals["paid"], totals["reserved"]["amount"]) == (order["totals"]["total"], 0)
        assert bank.charged(order["id"]) == 0


def test_killed_while_the_bank_is_asked(counter: Counter, restaurant: LiveRestaurant, bank: Bank) -> None:
    order = counter.order()
    link = _link(counter, order)
    bank.hang_before()
    with _beside(link):
        until(lambda: restaurant.sql(SENT.format(link["id"])) != "0", "the payment is sent")
        for pid in restaurant.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    bank.release()
    bank.behave("manual")
    restaurant.await_ready()
    page = _tap(link)
    assert page and bank.asked(order["id"]) == 1
    _decide(page)
    assert _view(link, "look", "POST") == "paid"
    assert counter.settled(order, bank) == order["totals"]["total"]["amount"]


def test_time_is_over_by_the_scheduled_action(counter: Counter, restaurant: LiveRestaurant, bank: Bank) -> None:
    order = counter.order()
    links = [_link(counter, order) for _number in range(2)]
    assert _tap(links[0])
    for link in links:
        restaurant.sql(OVERDUE.format(link["id"]))
    restaurant.call("fynlo.pay.link", "_cron_expire")
    assert [_view(link, "status", "GET") for link in links] == ["expired", "expired"]
    assert counter.settled(order, bank) == 0
    assert _pay_cash(counter, order) == 201


# --- phones and tills ----------------------------------------------------------------


def _link(counter: Counter, order: dict[str, Any]) -> dict[str, Any]:
    wish = {"id": str(uuid4()), "order_id": order["id"], "amount": order["totals"]["due"], "complete": True}
    made = counter.cashier("POST", "/open-banking/payments", wish)
    assert made.status == 201, made.body
    return dict(made.body)


def _ask(url: str, method: str, **headers: str) -> tuple[int, str]:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    try:
        connection.request(method, place.path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _tap(link: dict[str, Any], gate: threading.Barrier | None = None) -> str | None:
    """Tap *Pay by bank*; the bank's page, ``None`` when there is nothing to pay any more."""
    if gate:
        gate.wait()
    _status, page = _ask(f"{link['url']}/bank", "POST")
    found = LEAVES_FOR.search(page)
    return found[1].replace("&amp;", "&") if found else None


def _decide(page: str | None) -> None:
    """The guest agrees on the bank's page."""
    place = urlsplit(str(page))
    wish = parse_qs(place.fragment)
    url = f"{place.scheme}://{place.netloc}/hosted/{wish['payment_id'][0]}/approve"
    assert _ask(url, "POST", X_Resource_Token=wish["resource_token"][0])[0] == 200


def _view(link: dict[str, Any], step: str, method: str) -> str:
    status, told = _ask(f"{link['url']}/{step}", method, Accept="application/json")
    assert status == 200, told
    return str(json.loads(told)["view"])


def _pay_cash(counter: Counter, order: dict[str, Any], gate: threading.Barrier | None = None) -> int:
    if gate:
        gate.wait()
    wish = {"id": str(uuid4()), "method": "cash", "amount": order["totals"]["total"]}
    return counter.cashier("POST", f"/orders/{order['id']}/payments", wish).status


@contextlib.contextmanager
def _beside(link: dict[str, Any]) -> Iterator[None]:
    """A phone that taps meanwhile; what it hears, if anything, does not matter."""

    def tap() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            _tap(link)

    thread = threading.Thread(target=tap)
    thread.start()
    try:
        yield
    finally:
        thread.join()
