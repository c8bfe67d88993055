"""The performance budget of orders and payments against stock Odoo, as ratios of one run."""

from collections.abc import Mapping
from typing import Any

from loadtests.bench_orders.throughput import Throughput
from loadtests.budget import Budget
from loadtests.contest import Contestant
from loadtests.figures import percentile
from loadtests.races.outcome import Outcome

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
    for edit in ("add a line", "change a quantity"):
        ours, stock = contestants[f"ours: {edit}"], contestants[f"stock: {edit}"]
        budgets += [
            Budget(f"{edit}: CPU against stock", ours.cpu_ms / stock.cpu_ms, 0.2, 0.1, "×"),
            Budget(f"{edit}: queries", ours.queries, 14, 10),
        ]
    pay = contestants[PAY]
    real_time, closing = contestants["stock: pay, real-time stock"], contestants["stock: pay, stock at closing"]
    return [
        *budgets,
        Budget("pay + complete: CPU against stock, default", pay.cpu_ms / real_time.cpu_ms, 0.08, 0.04, "×"),
        Budget("pay + complete: CPU against stock, at closing", pay.cpu_ms / closing.cpu_ms, 0.15, 0.08, "×"),
        Budget("pay + complete: queries", pay.queries, 16, 12),
    ]


def pricing_budgets(priced: Mapping[str, Any], baskets: int) -> list[Budget]:
    """CPU of one process, from what the till asks for to the priced order."""
    return [
        Budget("price a basket of 6 lines: CPU", priced["median_ms"], 2, 0.1, " ms"),
        Budget(f"lines that Odoo prices otherwise, of {baskets} baskets", priced["differ"], 0),
    ]


def contention_budgets(edits: Outcome, retries: int) -> list[Budget]:
    p95 = percentile([reply.took_s for reply in edits.replies], 0.95) * 1000
    return [
        Budget(f"{edits.name}: failures", len(edits.faults), 0),
        Budget(f"{edits.name}: p95", p95, 100, 55, " ms"),
        Budget("conflicts that reached Odoo's own retry", retries, 0),
    ]


def throughput_budgets(ours: Throughput, stock: Throughput) -> list[Budget]:
    return [Budget("saturated throughput against stock", ours.rate / stock.rate, 6, 9, "×", more_is_better=True)]
