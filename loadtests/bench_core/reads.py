"""The menu against what stock's till loads, and the reads that tills do most."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loadtests.contest import Contestant
from loadtests.exchange import Reply, expect
from loadtests.load_till import LoadTill, Wish
from loadtests.stock_till import StockTill, check

MENU = "ours: menu, 200"
MENU_KNOWN = "ours: menu, 304"
STOCK_MENU = "stock: load_data, the menu's models"
STOCK_ALL = "stock: load_data, everything"
#: What takes stock seconds is done more seldom.
SELDOM = 5


def menu_contestants(till: LoadTill, stock: StockTill) -> list[Contestant]:
    etag = till.read("/menu").headers["ETag"]
    return [
        Contestant(MENU, _reading(till, "/menu", 200)),
        Contestant(MENU_KNOWN, _reading(till, "/menu", 304, **{"If-None-Match": etag})),
        Contestant(STOCK_MENU, lambda: lambda: check(stock.load_menu()), every=SELDOM),
        Contestant(STOCK_ALL, lambda: lambda: check(stock.load_data()), every=SELDOM),
    ]


def read_contestants(till: LoadTill, dishes: Sequence[Mapping[str, Any]]) -> list[Contestant]:
    """With the two of the menu these are the ten hottest reads."""
    wishes: list[Wish] = [(dish, 1) for dish in dishes[:3]]
    order = expect(till.create_order(wishes), 201).body
    paid = expect(till.create_order(wishes), 201).body
    payment = expect(till.pay_cash(paid["id"], paid["totals"]["due"]), 201).body
    paths = {
        "one order": f"/orders/{order['id']}",
        "open orders, 20": "/orders?state=open&limit=20",
        "orders by number": f"/orders?number={order['number']}",
        "orders of the day, 20": f"/orders?business_date={order['business_date']}&limit=20",
        "one payment": f"/payments/{payment['id']}",
        "till session": "/till-sessions/current",
        "floors": "/floors",
        "who am I": "/auth/me",
    }
    return [Contestant(f"ours: {name}", _reading(till, path, 200)) for name, path in paths.items()]


def cheapest(contestants: Sequence[Contestant]) -> Contestant:
    """The nearest there is to an empty authenticated route."""
    return min(contestants, key=lambda contestant: contestant.wall_p50_ms)


def _reading(till: LoadTill, path: str, status: int, **headers: str) -> Callable[[], Callable[[], Reply]]:
    return lambda: lambda: expect(till.read(path, **headers), status)
