"""What the data does not say of a past order: where, how, by whom and paid with what; the same in every run."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID, uuid5

from . import pizzaplace

NAMESPACE = UUID("5f1a7a52-6f1e-5c0b-9a55-6f6f2f6c6d01")
SOHO_PERCENT = 58
TAKEAWAY_PERCENT = 35
CASH_PERCENT = 22
PIZZAS_PER_GUEST = 0.8


@dataclass(frozen=True, slots=True)
class Service:
    """One past order with all that a restaurant would know of it."""

    uuid: str
    number: str
    order: pizzaplace.Order
    location: str
    kind: str
    tender: str
    guests: int
    draw: int

    def pick(self, choices: list[int]) -> int:
        """One of ``choices``, e.g. the server or the table."""
        return choices[self.draw % len(choices)]


def days() -> Iterator[tuple[date, list[Service]]]:
    """Every trading day with its orders, oldest first. The shop closes before midnight, so a day is a date."""
    for day, orders in groupby(pizzaplace.orders(), lambda order: order.local_time.date()):
        yield day, [serve(order) for order in orders]


def serve(order: pizzaplace.Order) -> Service:
    """The service of an order. Its choices are drawn from a hash of its id, so every run makes the same ones."""
    digest = hashlib.blake2b(order.id.encode(), digest_size=16).digest()
    location, kind, tender = (byte * 100 // 256 for byte in digest[:3])
    eats_in = kind >= TAKEAWAY_PERCENT
    return Service(
        uuid=str(uuid5(NAMESPACE, order.id)),
        number=f"H-{order.id.rpartition('-')[2]}",
        order=order,
        location="Soho" if location < SOHO_PERCENT else "Camden",
        kind="eat_in" if eats_in else "takeaway",
        tender="cash" if tender < CASH_PERCENT else "card",
        guests=max(1, round(len(order.pizzas) * PIZZAS_PER_GUEST)) if eats_in else 0,
        draw=int.from_bytes(digest[8:], "big"),
    )
