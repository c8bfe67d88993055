"""News of payments reach tills by themselves: the provider tells, nobody asks, and nothing is booked twice."""

from collections.abc import Iterator

import pytest

from scripts.local.end_to_end import LiveRestaurant
from tests.e2e.charges import Bank, Counter, Stripe, until

#: What was told of the payments of an order: rows, different events, rows that are done with.
TOLD = """
    SELECT count(*), count(DISTINCT told.event_id), count(*) FILTER (WHERE told.state = 'done')
      FROM fynlo_payment_notification told
      JOIN fynlo_payment payment ON payment.id = told.payment_id
      JOIN pos_order placed ON placed.id = payment.order_id
     WHERE placed.uuid = '{}'
"""


@pytest.fixture(scope="module")
def counter(restaurant: LiveRestaurant) -> Counter:
    return Counter.open(restaurant)


@pytest.fixture
def bank(restaurant: LiveRestaurant) -> Iterator[Bank]:
    made = Bank(restaurant)
    yield made
    made.release()


def told(restaurant: LiveRestaurant, order_id: str) -> tuple[int, ...]:
    return tuple(int(figure) for figure in restaurant.sql(TOLD.format(order_id)).split("|"))


def captured(counter: Counter, order: dict[str, object]) -> bool:
    """Whether the order's payment is captured; nobody asks the provider for it."""
    return [payment["state"] for payment in counter.read(order)["payments"]] == ["captured"]


@pytest.mark.parametrize("behaviour", ["approve", "duplicate", "webhook_first", "out_of_order"])
def test_a_bank_payment_is_booked_once_when_the_bank_tells(
    counter: Counter, restaurant: LiveRestaurant, bank: Bank, behaviour: str
) -> None:
    bank.behave(behaviour)
    order = counter.order()
    assert counter.pay(order, counter.wish(order, bank), order["id"]).status in (201, 202)
    until(lambda: captured(counter, order), "the till hears that the guest has paid")
    until(lambda: told(restaurant, order["id"])[2] == 2, "both events of the bank are handled")
    assert told(restaurant, order["id"]) == (2, 2, 2)
    assert counter.settled(order, bank) == order["totals"]["total"]["amount"]


def test_stripe_tells_what_the_till_knows_already(counter: Counter, restaurant: LiveRestaurant) -> None:
    stripe = Stripe(restaurant)
    order = counter.order()
    assert counter.pay(order, counter.wish(order, stripe), order["id"]).status == 201
    until(
        lambda: 0 < told(restaurant, order["id"])[0] == told(restaurant, order["id"])[2], "Stripe's events are handled"
    )
    assert counter.settled(order, stripe) == order["totals"]["total"]["amount"]
