"""A service, a closing under fire and the twin books in some seconds each: a full day's promises in every test run."""

import random
from typing import Any
from uuid import uuid4

import pytest

from loadtests.bench_orders.one_order import edit_together
from loadtests.books import close_till, session_books
from loadtests.closing.killing import post_under_fire
from loadtests.closing.sales import sell
from loadtests.exchange import expect
from loadtests.load_till import LoadTill
from loadtests.odoo_shell import ask_odoo
from loadtests.service.shift import serve
from loadtests.stock_books.twins import compare_books
from scripts.local.end_to_end import LiveRestaurant

ORDERS = 40


@pytest.fixture(autouse=True)
def fresh_till(tills: list[LoadTill], restaurant: LiveRestaurant) -> None:
    """Every test begins with an open drawer in which nothing was sold, and without an open order."""
    till = tills[0]
    while open_orders := expect(till.read("/orders?state=open&limit=100"), 200).body["items"]:
        for order in open_orders:
            _abandon(till, order)
    session = till.read("/till-sessions/current")
    if session.status == 200:
        close_till(till, session_books(restaurant, session.body["id"]).paid)
    till.ensure_session()


def _abandon(till: LoadTill, order: dict[str, Any]) -> None:
    """Cancel an order that another test left, and give back what was paid of it."""
    reason = {"reason": "Left by another test"}
    if order["payment"] != "unpaid":
        expect(till.write(f"/orders/{order['id']}:rollback-payments", {"id": str(uuid4()), **reason}), 200, 201)
    expect(till.write(f"/orders/{order['id']}:cancel", reason), 200)


def test_tills_orders_payments_and_journal_agree(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    shift = serve(restaurant, tills, location["dishes"], seconds=4)
    assert shift.faults == []
    assert shift.orders > 10


def test_the_books_survive_the_death_of_the_posting_worker(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    taken = sell(tills[:4], location["dishes"], ORDERS)
    session, _reply = close_till(tills[0], taken)
    killing = post_under_fire(restaurant, restaurant, session["id"], kills=1, dice=random.Random(1))
    assert killing.state == "closed"
    assert session_books(restaurant, session["id"]).faults(ORDERS, taken) == []


def test_four_tills_edit_one_order_and_lose_nothing(tills: list[LoadTill], location: dict[str, Any]) -> None:
    assert edit_together(tills[:4], location["dishes"], edits=8).faults == []


def test_the_books_are_those_of_stock_odoo(restaurant: LiveRestaurant, tills: list[LoadTill]) -> None:
    def shell(script: str, function: str, **arguments: object) -> Any:
        return ask_odoo(restaurant.environment, restaurant.database, script, function, **arguments)

    twins = compare_books(restaurant, shell, tills[0], orders=25, seed=3)
    assert twins.faults == []
    assert twins.orders == 25
