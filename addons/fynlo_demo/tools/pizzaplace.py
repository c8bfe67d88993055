"""The synthetic year of a pizza shop (data/README.md): its menu and its orders."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "data" / "pizzaplace.csv.gz"
SIZES = ("S", "M", "L", "XL", "XXL")
#: A multiple of seven: 2015 becomes the year that ends in November 2026, and the weekdays stay.
SHIFT = timedelta(days=3976)


@dataclass(frozen=True, slots=True)
class Order:
    """One order: its id in the data, its moment by the shop's clock, and the (name, size) of each pizza."""

    id: str
    local_time: datetime
    pizzas: tuple[tuple[str, str], ...]


def prices() -> dict[str, dict[str, Decimal]]:
    """The price of every pizza by size, sizes in their order."""
    found: dict[tuple[str, str], Decimal] = {}
    for row in _rows():
        found.setdefault((row["name"], row["size"]), Decimal(row["price"]))
    menu: dict[str, dict[str, Decimal]] = {}
    for name, size in sorted(found, key=lambda sku: (sku[0], SIZES.index(sku[1]))):
        menu.setdefault(name, {})[size] = found[name, size]
    return menu


def orders() -> Iterator[Order]:
    """Every order, oldest first, with its date moved by ``SHIFT``."""
    for order_id, rows in groupby(_rows(), itemgetter("id")):
        lines = list(rows)
        moment = datetime.fromisoformat(f"{lines[0]['date']} {lines[0]['time']}") + SHIFT
        yield Order(order_id, moment, tuple((line["name"], line["size"]) for line in lines))


def _rows() -> Iterator[dict[str, str]]:
    with gzip.open(SOURCE, "rt", encoding="utf-8", newline="") as packed:
        yield from csv.DictReader(packed)
