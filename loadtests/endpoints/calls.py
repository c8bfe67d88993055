"""The requests that tills make most, each as something that can be sent again and again at any rate."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill, Wish, order_of
from loadtests.pacing import Send

#: Orders that edits go round: tills work on different orders, and one order takes one edit at a time.
EDITED = 24


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request and the status it must have."""

    name: str
    send: Send
    status: int


def reads(tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]]) -> list[Endpoint]:
    """Nine reads; the tills take turns."""
    turn = itertools.cycle(tills)
    order = expect(tills[0].create_order(_wishes(dishes)), 201).body
    session = expect(tills[0].read("/till-sessions/current"), 200).body
    last_seq = expect(tills[0].read("/changes?after=latest"), 200).body["last_seq"]
    paths = {
        "GET /menu": "/menu",
        "GET /orders": "/orders?state=open&limit=20",
        "GET /orders/{id}": f"/orders/{order['id']}",
        "GET /tables/status": "/tables/status",
        "GET /kitchen/tickets": "/kitchen/tickets?limit=20",
        "GET /till-sessions/current": "/till-sessions/current",
        "GET /till-sessions/{id}/report": f"/till-sessions/{session['id']}/report?kind=x",
        "GET /auth/me": "/auth/me",
        "GET /changes": f"/changes?after={max(0, last_seq - 50)}&limit=50",
    }
    return [Endpoint(name, _reading(turn, path), 200) for name, path in paths.items()]


def writes(tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], payments: int) -> list[Endpoint]:
    """Price, create, edit and pay; so many orders are made beforehand for the payments."""
    turn, wishes = itertools.cycle(tills), _wishes(dishes)
    edited = itertools.cycle([expect(next(turn).create_order(wishes), 201).body for _ in range(EDITED)])
    unpaid = iter([expect(next(turn).create_order(wishes), 201).body for _ in range(payments)])

    def edit() -> Any:
        order = next(edited)
        return next(turn).change_quantity(order, order["lines"][0]["id"], 1)

    def pay() -> Any:
        order = next(unpaid)
        return next(turn).pay_cash(order["id"], order["totals"]["due"])

    return [
        Endpoint("POST /orders:calculate", lambda: next(turn).write("/orders:calculate", order_of(wishes)), 200),
        Endpoint("POST /orders", lambda: next(turn).create_order(wishes), 201),
        Endpoint("POST /orders/{id}/operations", edit, 200),
        Endpoint("POST /orders/{id}/payments", pay, 201),
    ]


def _reading(turn: Iterator[LoadTill], path: str) -> Send:
    return lambda: next(turn).read(path)


def _wishes(dishes: Sequence[Mapping[str, Any]]) -> list[Wish]:
    return [(dish, 1) for dish in dishes[:3]]
