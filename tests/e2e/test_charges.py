"""Money by providers outside, with the real processes: races of tills, repeated requests, and kill -9 at each point."""

import contextlib
import http.client
import os
import signal
import threading
from collections import Counter as Count
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from scripts.local.end_to_end import LiveRestaurant
from tests.e2e.charges import SIMULATORS, Counter, Simulator, until

ROUNDS, TILLS, REPEATS = 40, 4, 50
SENT = "SELECT count(*) FROM fynlo_payment WHERE fynlo_uuid = '{}'"
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture(scope="module")
def counter(restaurant: LiveRestaurant) -> Counter:
    return Counter.open(restaurant)


@pytest.fixture(params=SIMULATORS)
def simulator(request: pytest.FixtureRequest, restaurant: LiveRestaurant) -> Iterator[Simulator]:
    made = SIMULATORS[request.param](restaurant)
    yield made
    made.release()


def test_an_order_is_charged_once_however_many_tills_charge_it(counter: Counter, simulator: Simulator) -> None:
    with ThreadPoolExecutor(TILLS) as tills:
        for _round in range(ROUNDS):
            order, gate = counter.order(), threading.Barrier(TILLS)
            replies = [tills.submit(_charge, counter, order, simulator, gate) for _till in range(TILLS)]
            codes = Count(reply.result() for reply in replies)
            assert codes["taken"] == 1, codes
            assert set(codes) <= {"taken", "payment_in_progress", "amount_exceeds_due"}, codes
            until(lambda order=order: counter.captured(order), "the provider tells that the guest has paid")
            assert counter.settled(order, simulator) == order["totals"]["total"]["amount"]
            assert simulator.asked(order["id"]) == 1


def test_a_request_that_is_sent_fifty_times_charges_once(counter: Counter, simulator: Simulator) -> None:
    order, key = counter.order(), str(uuid4())
    wish, gate = counter.wish(order, simulator), threading.Barrier(REPEATS)

    def send() -> str:
        gate.wait()
        while (reply := counter.pay(order, wish, key)).status == 409 and reply.body["code"] == "operation_in_progress":
            continue
        return str(reply.body["id"])

    with ThreadPoolExecutor(REPEATS) as senders:
        answers = {sent.result() for sent in [senders.submit(send) for _repeat in range(REPEATS)]}
    assert answers == {wish["id"]}
    until(lambda: counter.captured(order), "the provider tells that the guest has paid")
    assert counter.pay(order, wish, key).body["state"] == "captured"
    assert simulator.asked(order["id"]) == 1
    assert counter.settled(order, simulator) == order["totals"]["total"]["amount"]


def test_killed_before_anything_was_written(counter: Counter, restaurant: LiveRestaurant, simulator: Simulator) -> None:
    order, key = counter.order(), str(uuid4())
    wish = counter.wish(order, simulator)
    with _locked(restaurant, order), _asking(counter, order, wish, key):
        until(lambda: restaurant.sql(BLOCKED) != "0", "the payment waits for the order")
        _kill_workers(restaurant)
    assert restaurant.sql(SENT.format(wish["id"])) == "0"
    assert counter.settled(order, simulator) == 0
    restaurant.await_ready()
    assert counter.pay(order, wish, key).status in (201, 202)
    until(lambda: counter.captured(order), "the provider tells that the guest has paid")
    assert counter.settled(order, simulator) == order["totals"]["total"]["amount"]


@pytest.mark.parametrize("moment", ["before it is charged", "after it is charged", "before it is applied"])
def test_killed_while_the_provider_is_asked(
    counter: Counter, restaurant: LiveRestaurant, simulator: Simulator, moment: str
) -> None:
    order, key = counter.order(), str(uuid4())
    wish = counter.wish(order, simulator)
    (simulator.hang_after if moment == "after it is charged" else simulator.hang_before)()
    with _asking(counter, order, wish, key):
        until(lambda: restaurant.sql(SENT.format(wish["id"])) != "0", "the payment is sent")
        if moment == "before it is applied":
            with _locked(restaurant, order):
                simulator.release()
                until(lambda: restaurant.sql(BLOCKED) != "0", "the answer waits for the order")
                _kill_workers(restaurant)
        else:
            if moment == "after it is charged":
                until(lambda: simulator.charged(order["id"]), "the provider has charged the guest")
            _kill_workers(restaurant)
    simulator.release()
    restaurant.await_ready()
    counter.recover()
    paid = counter.settled(order, simulator)
    total = order["totals"]["total"]["amount"]
    assert paid in {0, total}
    assert paid == total or moment == "before it is charged"
    assert counter.pay(order, wish, key).status == (201 if paid else 402)


def _charge(counter: Counter, order: dict[str, Any], simulator: Simulator, gate: threading.Barrier) -> str:
    gate.wait()
    reply = counter.pay(order, counter.wish(order, simulator), str(uuid4()))
    return "taken" if reply.status in (201, 202) else str(reply.body["code"])


@contextlib.contextmanager
def _asking(counter: Counter, order: dict[str, Any], wish: dict[str, Any], key: str) -> Iterator[None]:
    """A till that asks for a payment meanwhile; what it hears, if anything, does not matter."""

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            counter.pay(order, wish, key)

    with _beside(ask):
        yield


@contextlib.contextmanager
def _locked(restaurant: LiveRestaurant, order: dict[str, Any]) -> Iterator[None]:
    """Somebody else writes the order meanwhile."""
    name = f"holder {uuid4()}"
    query = f"""SET application_name = '{name}'; BEGIN; SELECT id FROM pos_order WHERE uuid = '{order["id"]}' FOR UPDATE;
                SELECT pg_sleep(120)"""
    held = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND wait_event = 'PgSleep'"
    hold: Callable[[], Any] = partial(_quietly, partial(restaurant.sql, query))
    with _beside(hold):
        until(lambda: restaurant.sql(held) != "0", "the order is locked")
        try:
            yield
        finally:
            restaurant.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")


def _quietly(act: Callable[[], Any]) -> None:
    with contextlib.suppress(Exception):  # its connection is cut when it is no longer needed
        act()


@contextlib.contextmanager
def _beside(act: Callable[[], Any]) -> Iterator[None]:
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _kill_workers(restaurant: LiveRestaurant) -> None:
    for pid in restaurant.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
