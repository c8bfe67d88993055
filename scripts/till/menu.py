"""The menu as the till offers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Modifier:
    """One answer to a group's question; ``price`` in minor units."""

    id: str
    name: str
    price: int
    available: bool


@dataclass(frozen=True, slots=True)
class ModifierGroup:
    """A question to the guest; without ``max`` any number of answers will do."""

    id: str
    name: str
    min: int
    max: int | None
    modifiers: tuple[Modifier, ...]

    @property
    def can_be_answered(self) -> bool:
        return self.min == 0 or any(modifier.available for modifier in self.modifiers)


@dataclass(frozen=True, slots=True)
class Choice:
    """One part of a combo, of which the guest takes exactly one variant."""

    id: str
    name: str
    variant_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What an order line names: a product in one size."""

    id: str
    name: str
    price: int
    available: bool


@dataclass(frozen=True, slots=True)
class Product:
    """What a guest may order."""

    id: str
    name: str
    available: bool
    is_sold_alone: bool
    has_open_price: bool
    variants: tuple[Variant, ...]
    groups: tuple[ModifierGroup, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Menu:
    """All that a till needs to take an order, at one version of the catalogue."""

    version: int
    currency: str
    business_date: str
    products: tuple[Product, ...]
    presets: Mapping[str, str]  # kind by id
    table_ids: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Menu":
        """Read what ``GET /menu`` answered."""
        groups = {group["id"]: _group(group) for group in document["modifier_groups"]}
        combos = {combo["id"]: _choices(combo) for combo in document["combos"]}
        return cls(
            version=document["version"],
            currency=document["currency"],
            business_date=document["business_date"],
            products=tuple(_product(product, groups, combos) for product in document["products"]),
            presets={preset["id"]: preset["kind"] for preset in document["presets"]},
            table_ids=tuple(table["id"] for floor in document["floors"] for table in floor["tables"]),
        )

    @cached_property
    def by_variant(self) -> Mapping[str, tuple[Product, Variant]]:
        """Product and variant by the variant's id."""
        return {variant.id: (product, variant) for product in self.products for variant in product.variants}

    def offers(self, variant_id: str) -> bool:
        """Whether this variant can be ordered now."""
        found = self.by_variant.get(variant_id)
        if found is None:
            return False
        product, variant = found
        return product.available and variant.available and self._can_be_made(product)

    def on_offer(self) -> list[tuple[Product, Variant]]:
        """What a till shows: sold by itself, at a fixed price, and there."""
        return [
            (product, variant)
            for product, variant in self.by_variant.values()
            if product.is_sold_alone and not product.has_open_price and self.offers(variant.id)
        ]

    def _can_be_made(self, product: Product) -> bool:
        return all(group.can_be_answered for group in product.groups) and all(
            any(self.offers(variant_id) for variant_id in choice.variant_ids) for choice in product.choices
        )


def without(document: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The menu's document after the event that a product, a size or a modifier has run out."""
    if change["modifier_id"]:
        things = [modifier for group in document["modifier_groups"] for modifier in group["modifiers"]]
    elif change["variant_id"]:
        things = [variant for product in document["products"] for variant in product["variants"]]
    else:
        things = document["products"]
    wanted = change["modifier_id"] or change["variant_id"] or change["product_id"]
    for thing in things:
        if thing["id"] == wanted:
            thing["available"] = False
    return document


def _group(group: Mapping[str, Any]) -> ModifierGroup:
    modifiers = tuple(
        Modifier(modifier["id"], modifier["name"], modifier["price"]["amount"], modifier["available"])
        for modifier in group["modifiers"]
    )
    return ModifierGroup(group["id"], group["name"], group["min"], group["max"], modifiers)


def _choices(combo: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(Choice(choice["id"], choice["name"], tuple(choice["variant_ids"])) for choice in combo["choices"])


def _product(
    product: Mapping[str, Any], groups: Mapping[str, ModifierGroup], combos: Mapping[str, tuple[Choice, ...]]
) -> Product:
    return Product(
        id=product["id"],
        name=product["name"],
        available=product["available"],
        is_sold_alone=product.get("sold_alone", True),
        has_open_price=product.get("open_price", False),
        variants=tuple(
            Variant(variant["id"], variant["name"], variant["price"]["amount"], variant["available"])
            for variant in product["variants"]
        ),
        groups=tuple(groups[group_id] for group_id in product["modifier_group_ids"] if group_id in groups),
        choices=combos.get(product["combo"], ()) if product["combo"] else (),
    )
