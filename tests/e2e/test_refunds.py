"""Refunds by providers outside, with the real processes: twenty at once, and kill -9 at each point."""

import contextlib
import http.client
import threading
from collections import Counter as Count
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import uuid4

import pytest

from scripts.local.end_to_end import LiveRestaurant
from tests.e2e.charges import Bank, Counter, Simulator, Stripe, _json, until
from tests.e2e.test_charges import BLOCKED, _beside, _kill_workers, _locked

ROUNDS, AT_ONCE = 5, 20
SENT = "SELECT count(*) FROM fynlo_refund WHERE fynlo_uuid = '{}'"
STATE = "SELECT state FROM fynlo_refund WHERE fynlo_uuid = '{}'"
#: What a tender of the order still holds by the ledger.
HELD = """SELECT coalesce(sum(entry.amount), 0) FROM fynlo_payment_entry entry
            JOIN fynlo_payment payment ON payment.id = entry.payment_id
            JOIN pos_order placed ON placed.id = payment.order_id
           WHERE placed.uuid = '{}' AND entry.account LIKE 'tender:%'"""


class Refunder(Simulator, Protocol):
    def refunds(self, order_id: str) -> list[int]:
        """The refunds that the provider knows of the order, in minor units."""


class RefundingBank(Bank):
    def refunds(self, order_id: str) -> list[int]:
        known = [_json(self._base, "GET", f"/v3/payments/{one['id']}/refunds")["items"] for one in self._of(order_id)]
        return [refund["amount_in_minor"] for refunds in known for refund in refunds if refund["status"] == "executed"]


class RefundingStripe(Stripe):
    def refunds(self, order_id: str) -> list[int]:
        paths = [f"/v1/refunds?limit=100&payment_intent={one['id']}" for one in self._of(order_id)]
        known = [_json(self._base, "GET", path, key=self._key)["data"] for path in paths]
        return [refund["amount"] for refunds in known for refund in refunds if refund["status"] == "succeeded"]

    def _fault(self, kind: str) -> None:
        _json(self._base, "POST", "/_sim/faults", {"add": [{"pattern": "^POST /v1/refunds$", "do": kind}]})


REFUNDERS: dict[str, Callable[[LiveRestaurant], Refunder]] = {"bank": RefundingBank, "stripe": RefundingStripe}


@pytest.fixture(scope="module")
def counter(restaurant: LiveRestaurant) -> Counter:
    return Counter.open(restaurant)


@pytest.fixture(params=REFUNDERS)
def refunder(request: pytest.FixtureRequest, restaurant: LiveRestaurant) -> Iterator[Refunder]:
    made = REFUNDERS[request.param](restaurant)
    yield made
    made.release()


def test_twenty_refunds_of_everything_give_it_back_once(counter: Counter, refunder: Refunder) -> None:
    with ThreadPoolExecutor(AT_ONCE) as tills:
        for _round in range(ROUNDS):
            order, gate = _sold(counter, refunder), threading.Barrier(AT_ONCE)
            replies = [tills.submit(_refund, counter, order, gate) for _till in range(AT_ONCE)]
            codes = Count(reply.result() for reply in replies)
            assert codes["given"] == 1, codes
            assert set(codes) <= {"given", "nothing_to_refund", "refund_exceeds_paid"}, codes
            _assert_given_once(counter, refunder, order)


@pytest.mark.parametrize("moment", ["before it is given", "after it is given", "before it is applied"])
def test_killed_while_the_provider_is_asked(
    counter: Counter, restaurant: LiveRestaurant, refunder: Refunder, moment: str
) -> None:
    order, wish = _sold(counter, refunder), _wish()
    (refunder.hang_after if moment == "after it is given" else refunder.hang_before)()
    with _asking(counter, order, wish):
        until(lambda: restaurant.sql(SENT.format(wish["id"])) != "0", "the refund is sent")
        if moment == "before it is applied":
            with _locked(restaurant, order):
                refunder.release()
                until(lambda: restaurant.sql(BLOCKED) != "0", "the answer waits for the order")
                _kill_workers(restaurant)
        else:
            if moment == "after it is given":
                until(lambda: refunder.refunds(order["id"]), "the provider has given the money back")
            _kill_workers(restaurant)
    refunder.release()
    restaurant.await_ready()
    _assert_given_once(counter, refunder, order)
    assert restaurant.sql(STATE.format(wish["id"])) == "succeeded"


def _sold(counter: Counter, refunder: Refunder) -> dict[str, Any]:
    """A completed order that the provider has taken the money of."""
    order = counter.order()
    assert counter.pay(order, {**counter.wish(order, refunder), "complete": True}, str(uuid4())).status in (201, 202)
    until(lambda: counter.captured(order), "the provider tells that the guest has paid")
    assert counter.read(order)["state"] == "completed"
    return counter.read(order)


def _wish() -> dict[str, Any]:
    return {"id": str(uuid4()), "reason": "cold"}


def _refund(counter: Counter, order: Mapping[str, Any], gate: threading.Barrier) -> str:
    gate.wait()
    reply = counter.manager("POST", f"/orders/{order['id']}/refunds", _wish())
    return "given" if reply.status in (201, 202) else str(reply.body["code"])


@contextlib.contextmanager
def _asking(counter: Counter, order: Mapping[str, Any], wish: Mapping[str, Any]) -> Iterator[None]:
    """A manager who refunds meanwhile; what the till hears, if anything, does not matter."""

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            counter.manager("POST", f"/orders/{order['id']}/refunds", wish)

    with _beside(ask):
        yield


def _assert_given_once(counter: Counter, refunder: Refunder, order: Mapping[str, Any]) -> None:
    """The provider, the ledger and the order agree: all of it went back, once."""
    total = order["totals"]["total"]["amount"]
    until(lambda: _recovered(counter, order), "the job learns what became of the refund")
    assert refunder.refunds(order["id"]) == [total]
    totals = counter.read(order)["totals"]
    assert totals["refunded"]["amount"] == totals["paid"]["amount"] == total, totals


def _recovered(counter: Counter, order: Mapping[str, Any]) -> bool:
    """Time goes by for refunds that nobody told of, and the job asks after them."""
    if counter.restaurant.sql(HELD.format(order["id"])) != "0":
        counter.restaurant.sql(
            """UPDATE fynlo_refund SET next_look_at = now() AT TIME ZONE 'UTC', sent_at = sent_at - interval '5 min'
                WHERE state IN ('sent', 'unknown')"""
        )
        counter.restaurant.call("fynlo.refund", "_cron_recover")
    return counter.restaurant.sql(HELD.format(order["id"])) == "0"
