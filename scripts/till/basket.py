"""A guest's wishes on their way to an order: checked against the menu before they are sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .identifiers import uuid7
from .menu import Menu, Product


class ImpossibleChoice(Exception):
    """The menu does not allow this; the sentence is for the person at the till."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the guest takes for one choice of a combo."""

    variant_id: str
    modifiers: tuple[str, ...] = ()


class Basket:
    """Lines to order. Prices are the server's business: none is ever sent."""

    def __init__(
        self, menu: Menu, *, preset_id: str | None = None, table_id: str | None = None, guests: int = 0, note: str = ""
    ) -> None:
        self.order_id = uuid7()
        self._menu = menu
        self._head = {"preset_id": preset_id, "table_id": table_id, "guests": guests, "note": note}
        self._made_at = datetime.now(UTC)
        self._lines: list[dict[str, Any]] = []

    def add(
        self,
        variant_id: str,
        *,
        quantity: int = 1,
        modifiers: Iterable[str] = (),
        combo: Mapping[str, Part] | None = None,
        note: str = "",
    ) -> str:
        """Add a line and return its id. ``combo`` has a part for each choice's id.

        Raises ``ImpossibleChoice`` when something has run out or the choices do not fit.
        """
        if not self._menu.offers(variant_id):
            raise ImpossibleChoice("This is not on offer.")
        product, _variant = self._menu.by_variant[variant_id]
        chosen = list(modifiers)
        _check_modifiers(product, chosen)
        line_id = uuid7()
        self._lines.append(
            {
                "id": line_id,
                "variant_id": variant_id,
                "quantity": str(quantity),
                "modifiers": _wire(chosen),
                "combo": self._parts(product, combo or {}),
                "note": note,
            }
        )
        return line_id

    def order(self, expected_total: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The body of ``POST /orders`` and ``/orders:calculate``."""
        return {
            "id": self.order_id,
            "client_created_at": self._made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "catalogue_version": self._menu.version,
            "expected_total": expected_total,
            "lines": self._lines,
            **self._head,
        }

    def _parts(self, product: Product, combo: Mapping[str, Part]) -> list[dict[str, Any]]:
        if set(combo) != {choice.id for choice in product.choices}:
            raise ImpossibleChoice(f"{product.name} needs one item for each choice.")
        for choice in product.choices:
            part = combo[choice.id]
            if part.variant_id not in choice.variant_ids or not self._menu.offers(part.variant_id):
                raise ImpossibleChoice(f"{choice.name} does not offer that.")
            _check_modifiers(self._menu.by_variant[part.variant_id][0], part.modifiers)
        return [
            {"choice_id": choice_id, "variant_id": part.variant_id, "modifiers": _wire(part.modifiers)}
            for choice_id, part in combo.items()
        ]


def fewest_answers(product: Product) -> tuple[str, ...]:
    """As few modifiers as the product's questions demand."""
    return tuple(
        modifier.id
        for group in product.groups
        for modifier in [modifier for modifier in group.modifiers if modifier.available][: group.min]
    )


def fewest_parts(menu: Menu, product: Product) -> dict[str, Part]:
    """For each choice of a combo the first variant on offer."""
    parts = {}
    for choice in product.choices:
        variant_id = next(candidate for candidate in choice.variant_ids if menu.offers(candidate))
        parts[choice.id] = Part(variant_id, fewest_answers(menu.by_variant[variant_id][0]))
    return parts


def _wire(modifiers: Iterable[str]) -> list[dict[str, Any]]:
    return [{"modifier_id": modifier_id, "quantity": 1} for modifier_id in modifiers]


def _check_modifiers(product: Product, chosen: Sequence[str]) -> None:
    on_offer = {modifier.id for group in product.groups for modifier in group.modifiers if modifier.available}
    if not on_offer.issuperset(chosen):
        raise ImpossibleChoice(f"{product.name} has no such modifier, or it has run out.")
    for group in product.groups:
        count = sum(modifier.id in chosen for modifier in group.modifiers)
        if count < group.min or (group.max is not None and count > group.max):
            raise ImpossibleChoice(f"{product.name}: {group.name} takes {group.min} to {group.max or 'any number of'}.")
