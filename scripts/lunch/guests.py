"""Guests: when they come, what they want, and with which notes they pay."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.till.basket import Basket, Part
from scripts.till.menu import Menu, Product, Variant

#: How much busier the peak is than the beginning and the end.
PEAK = 3.0
MOST_LINES = 4
NOTES = (500, 1000, 2000, 5000)
#: This share of guests pays by card; one card in fifteen is declined, and its guest pays in cash.
BY_CARD = 0.5
CARDS = ("pm_card_visa",) * 8 + ("pm_card_mastercard",) * 4 + ("pm_card_amex",) * 2 + ("pm_card_chargeDeclined",)
REMARKS = ("", "", "", "no onions", "well done", "nut allergy")


def arrivals(rate_per_s: float, duration_s: float, dice: random.Random) -> Iterator[float]:
    """Moments from 0 to ``duration_s`` of a Poisson process whose rate peaks in the middle.

    Thinning (Lewis and Shedler 1979): draw at the highest rate, keep each with the rate's share of it.
    """
    highest = rate_per_s * PEAK
    moment = dice.expovariate(highest)
    while moment < duration_s:
        if dice.random() < _rate(moment / duration_s, rate_per_s) / highest:
            yield moment
        moment += dice.expovariate(highest)


def _rate(progress: float, rate_per_s: float) -> float:
    return rate_per_s * (1 + (PEAK - 1) * math.exp(-(((progress - 0.5) / 0.18) ** 2)))


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody at the counter; the seed decides all that follows."""

    number: int
    seed: int

    def wishes(self, menu: Menu) -> Basket:
        """A basket of what is on offer, eat in or takeaway."""
        dice = random.Random(self.seed)  # noqa: S311 - a repeatable lunch, no secret
        preset_id = dice.choice(sorted(menu.presets)) if menu.presets else None
        at_table = preset_id is not None and menu.presets[preset_id] == "eat_in" and menu.table_ids
        basket = Basket(
            menu,
            preset_id=preset_id,
            table_id=dice.choice(menu.table_ids) if at_table else None,
            guests=dice.randint(1, 4),
        )
        for product, variant in dice.choices(menu.on_offer(), k=dice.randint(1, MOST_LINES)):
            _order(basket, menu, product, variant, dice)
        return basket


def _order(basket: Basket, menu: Menu, product: Product, variant: Variant, dice: random.Random) -> None:
    combo = {}
    for choice in product.choices:
        variant_id = dice.choice([candidate for candidate in choice.variant_ids if menu.offers(candidate)])
        combo[choice.id] = Part(variant_id, _extras(menu.by_variant[variant_id][0], dice))
    basket.add(
        variant.id,
        quantity=dice.randint(1, 2),
        modifiers=_extras(product, dice),
        combo=combo,
        note=dice.choice(REMARKS),
    )


def _extras(product: Product, dice: random.Random) -> tuple[str, ...]:
    """Answers to the product's questions, as many as each of them takes."""
    chosen: list[str] = []
    for group in product.groups:
        there = [modifier.id for modifier in group.modifiers if modifier.available]
        most = min(len(there), group.max if group.max is not None else 2)
        chosen += dice.sample(there, dice.randint(min(group.min, most), most))
    return tuple(chosen)


def card(dice: random.Random) -> str | None:
    """The card that the guest holds out, as Stripe's test cards are called; ``None`` who pays in cash."""
    return dice.choice(CARDS) if dice.random() < BY_CARD else None


def tendered(due: int, dice: random.Random) -> int:
    """What the guest hands over: the exact sum, or the next round sum in notes of one kind."""
    if dice.random() < 0.2:
        return due
    note = dice.choice(NOTES)
    return math.ceil(due / note) * note
