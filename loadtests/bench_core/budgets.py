"""The performance budget of the menu and the hottest reads, as ratios of one run."""

from collections.abc import Mapping, Sequence

from loadtests.bench_core.reads import MENU, MENU_KNOWN, STOCK_ALL, STOCK_MENU
from loadtests.budget import Budget
from loadtests.contest import Contestant


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
