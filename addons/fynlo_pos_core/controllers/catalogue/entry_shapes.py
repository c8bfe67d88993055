"""Shapes of the catalogue's entries as managers send and see them."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from ...rest.shapes import Id, MoneyShape, MoneyView, Name, Note, PageQuery, Shape, Text, View

Ids = Annotated[list[Annotated[Id, Field(strict=False)]], Field(max_length=100)]
OptionalId = Annotated[Id, Field(strict=False)] | None
Code = Annotated[Text, Field(min_length=1, max_length=64)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=100)]
Colour = Literal[
    "#F06050", "#F4A460", "#F7CD1F", "#6CC1ED", "#814968", "#EB7E7F", "#2C8397", "#475577", "#D6145F", "#30C381",
    "#9365B8",
]  # fmt: skip
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["17:30"])]
Allergens = Annotated[list[Code], Field(max_length=50)]


class EntryQuery(PageQuery):
    """Which entries: by a part of the name, in use or archived."""

    search: Annotated[str, Field(max_length=100)] | None = None
    active: bool = True


class EntryShape(Shape):
    """A field that is left out stays as it is; ``null`` empties it, where it may be empty."""

    may_be_empty: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _refuse_null(self) -> Self:
        for name in self.model_fields_set - self.may_be_empty:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class ProductChange(EntryShape):
    """The fields that change; a price is that of the cheapest size."""

    may_be_empty = frozenset({"sku", "barcode"})

    name: Name | None = None
    price: MoneyShape | None = None
    description: Note | None = None
    category_ids: Ids | None = None
    tax_ids: Ids | None = None
    allergens: Allergens | None = None
    modifier_group_ids: Ids | None = None
    sku: Code | None = None
    barcode: Code | None = None
    position: Position | None = None
    open_price: bool | None = None
    active: bool | None = None


class ProductShape(ProductChange):
    """A new product of one size. Without ``tax_ids`` it carries the company's default sales tax."""

    id: OptionalId = None
    name: Name
    price: MoneyShape


class CatalogueVariantView(View):
    id: UUID
    name: str
    sku: str | None
    barcode: str | None
    price: MoneyView


class CatalogueProductView(View):
    id: UUID
    name: str
    description: str
    category_ids: list[UUID]
    tax_ids: list[UUID]
    allergens: list[str]
    modifier_group_ids: list[UUID]
    price: MoneyView
    open_price: bool
    position: int
    on_tills: bool
    active: bool
    variants: list[CatalogueVariantView]
    version: int


class ProductPage(View):
    items: list[CatalogueProductView]
    next_cursor: str | None


class CategoryChange(EntryShape):
    may_be_empty = frozenset({"parent_id", "colour"})
    name: Name | None = None
    parent_id: OptionalId = None
    position: Position | None = None
    colour: Colour | None = None


class CategoryShape(CategoryChange):
    id: OptionalId = None
    name: Name


class CatalogueCategoryView(View):
    id: UUID
    name: str
    parent_id: UUID | None
    position: int
    colour: Colour | None
    version: int


class CategoryPage(View):
    items: list[CatalogueCategoryView]
    next_cursor: str | None


class ModifierShape(Shape):
    """A modifier of the group: with its ``id`` when the group has it already."""

    id: OptionalId = None
    name: Name
    price: MoneyShape


class ModifierGroupChange(EntryShape):
    """The fields that change; ``modifiers`` replaces the whole list."""

    may_be_empty = frozenset({"max"})

    name: Name | None = None
    position: Position | None = None
    min: Count | None = None
    max: Annotated[Count | None, Field(description="null: as many as the guest likes.")] = None
    free: Count | None = None
    modifiers: Annotated[list[ModifierShape], Field(max_length=100)] | None = None
    active: bool | None = None


class ModifierGroupShape(ModifierGroupChange):
    id: OptionalId = None
    name: Name


class CatalogueModifierView(View):
    id: UUID
    name: str
    price: MoneyView


class CatalogueModifierGroupView(View):
    id: UUID
    name: str
    position: int
    min: int
    max: int | None
    free: int
    active: bool
    modifiers: list[CatalogueModifierView]
    version: int


class ModifierGroupPage(View):
    items: list[CatalogueModifierGroupView]
    next_cursor: str | None


class DiscountChange(EntryShape):
    name: Name | None = None
    position: Position | None = None
    kind: Literal["percent", "amount"] | None = None
    value_bp: Annotated[int, Field(gt=0, le=10_000)] | None = None
    amount: MoneyShape | None = None
    scope: Literal["order", "line"] | None = None
    permission: Code | None = None
    active: bool | None = None


class DiscountShape(DiscountChange):
    """A new discount: ``value_bp`` for the kind percent, ``amount`` for the kind amount."""

    id: OptionalId = None
    name: Name
    kind: Literal["percent", "amount"]


class CatalogueDiscountView(View):
    id: UUID
    name: str
    position: int
    kind: Literal["percent", "amount"]
    value_bp: int | None
    amount: MoneyView | None
    scope: Literal["order", "line"]
    permission: str
    active: bool
    version: int


class DiscountPage(View):
    items: list[CatalogueDiscountView]
    next_cursor: str | None


class PriceItemShape(Shape):
    """One price of the list: for a size, a product, a category, or without any of them for the whole menu.

    Either ``price`` or ``percent_bp`` (basis points off the sales price); with its ``id`` when the list has it already.
    """

    id: OptionalId = None
    variant_id: OptionalId = None
    product_id: OptionalId = None
    category_id: OptionalId = None
    price: MoneyShape | None = None
    percent_bp: Annotated[int, Field(gt=0, le=10_000)] | None = None


class PriceWindowShape(Shape):
    """When the list replaces other prices, by the location's clock; empty ``location_ids`` means all locations.

    A window whose ``end`` is not after its ``start`` runs past midnight and belongs to the day on which it began.
    """

    id: OptionalId = None
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: Clock
    end: Clock
    location_ids: Ids = []


class PriceListChange(EntryShape):
    """The fields that change; each list replaces the whole of what there was."""

    name: Name | None = None
    items: Annotated[list[PriceItemShape], Field(max_length=500)] | None = None
    windows: Annotated[list[PriceWindowShape], Field(max_length=50)] | None = None
    location_ids: Annotated[Ids | None, Field(description="Locations whose menu has these prices.")] = None
    preset_ids: Annotated[Ids | None, Field(description="Presets whose orders have these prices.")] = None
    active: bool | None = None


class PriceListShape(PriceListChange):
    """A new list, in the currency of the company."""

    id: OptionalId = None
    name: Name


class PriceItemView(View):
    id: UUID
    variant_id: UUID | None
    product_id: UUID | None
    category_id: UUID | None
    price: MoneyView | None
    percent_bp: int | None


class PriceWindowView(View):
    id: UUID
    days: list[Weekday]
    start: Clock
    end: Clock
    location_ids: list[UUID]


class CataloguePriceListView(View):
    id: UUID
    name: str
    currency: str
    items: list[PriceItemView]
    other_items: Annotated[int, Field(description="Rules that only the back office can show; a change keeps them.")]
    windows: list[PriceWindowView]
    location_ids: list[UUID]
    preset_ids: list[UUID]
    active: bool
    version: int


class PriceListPage(View):
    items: list[CataloguePriceListView]
    next_cursor: str | None


class AvailabilityShape(Shape):
    """Whether the location has it; ``countdown`` is how many portions are left, if they are counted."""

    available: bool
    variant_id: OptionalId = None
    countdown: Annotated[int, Field(ge=0, le=100_000)] | None = None
    reason: Annotated[Note, Field(max_length=120)] = ""


class ModifierAvailabilityShape(Shape):
    available: bool
    reason: Annotated[Note, Field(max_length=120)] = ""


class AvailabilityView(View):
    product_id: UUID | None
    variant_id: UUID | None
    modifier_id: UUID | None
    location_id: UUID
    available: bool
    stock: int | None
    reason: str | None
