"""The performance budget of orders, payments, menu and reads, as ratios of one run."""

from collections.abc import Mapping, Sequence

from loadtests.bench_core.contest import Contestant
from loadtests.bench_core.reads import MENU, MENU_KNOWN, STOCK_ALL, STOCK_MENU
from loadtests.budget import Budget

PAY = "ours: pay + complete, one request"


def order_budgets(contestants: Mapping[str, Contestant]) -> list[Budget]:
    """CPU is that of Odoo, PostgreSQL and Redis together."""
    budgets = []
    for lines in ("3 lines", "10 lines"):
        ours, stock = contestants[f"ours: create, {lines}"], contestants[f"stock: create, {lines}"]
        budgets += [
            Budget(f"create, {lines}: CPU against stock", ours.cpu_ms / stock.cpu_ms, 0.3, 0.2, "×"),
            Budget(f"create, {lines}: queries", ours.queries, 14, 10),
        ]
    ours, stock = contestants["ours: add a line"], contestants["stock: add a line"]
    budgets += [
        Budget("add a line: CPU against stock", ours.cpu_ms / stock.cpu_ms, 0.2, 0.1, "×"),
        Budget("add a line: queries", ours.queries, 14, 10),
    ]
    pay = contestants[PAY]
    real_time, closing = contestants["stock: pay, real-time stock"], contestants["stock: pay, stock at closing"]
    return [
        *budgets,
        Budget("pay + complete: CPU against stock, default", pay.cpu_ms / real_time.cpu_ms, 0.08, 0.04, "×"),
        Budget("pay + complete: CPU against stock, at closing", pay.cpu_ms / closing.cpu_ms, 0.15, 0.08, "×"),
        Budget("pay + complete: queries", pay.queries, 16, 12),
    ]


def menu_budgets(contestants: Mapping[str, Contestant], empty: Contestant) -> list[Budget]:
    """``empty`` is the cheapest authenticated route of the run."""
    menu, known, floor = contestants[MENU], contestants[MENU_KNOWN], empty.wall_p50_ms
    return [
        Budget(f"menu, 200: p50 against '{empty.name}'", menu.wall_p50_ms / floor, 1.6, 1.2, "×"),
        Budget(f"menu, 304: p50 against '{empty.name}'", known.wall_p50_ms / floor, 1.6, 1.2, "×"),
        _cheaper("load_data of the same menu: CPU against ours", contestants[STOCK_MENU], menu),
        _cheaper("load_data of everything: CPU against our menu", contestants[STOCK_ALL], menu),
    ]


def read_budgets(contestants: Sequence[Contestant]) -> list[Budget]:
    return [Budget(f"read, {read.name}: p50", read.wall_p50_ms, 10, 4.3, " ms") for read in contestants]


def _cheaper(name: str, stock: Contestant, ours: Contestant) -> Budget:
    return Budget(name, stock.cpu_ms / ours.cpu_ms, 50, 150, "×", more_is_better=True)
