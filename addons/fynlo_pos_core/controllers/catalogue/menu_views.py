"""The shapes of the menu, for the documentation and the contract tests."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ...rest.shapes import Currency, MoneyView, View


class CategoryView(View):
    """A page of the menu."""

    id: UUID
    name: str
    parent_id: UUID | None
    position: int
    colour: Annotated[str, Field(pattern="^#[0-9A-F]{6}$", examples=["#F06050"])] | None


class VariantView(View):
    """A product in one size or kind: what an order line names."""

    id: UUID
    name: Annotated[str, Field(description="The size or kind; empty for a product of one kind.", examples=["L"])]
    sku: str | None
    barcode: str | None
    price: MoneyView
    available: bool
    stock: Annotated[int, Field(description="Portions left, where they are counted.")] | None


class ProductView(View):
    """What a guest may order."""

    id: UUID
    category_ids: list[UUID]
    name: str
    description: str
    image_url: str | None
    allergens: Annotated[list[str], Field(examples=[["milk", "gluten"]])]
    position: int
    available: bool
    stock: int | None
    sold_alone: Annotated[bool, Field(description="False for what is sold as part of a combo only.")]
    open_price: Annotated[bool, Field(description="The till states the price, with the permission for it.")]
    modifier_group_ids: list[UUID]
    tax_ids: list[UUID]
    variants: list[VariantView]
    combo: Annotated[UUID, Field(description="The combo that this product is.")] | None


class ModifierView(View):
    """One answer to the question of its group."""

    id: UUID
    name: str
    price: MoneyView
    available: bool


class ModifierGroupView(View):
    """A question to the guest, and how many answers it takes."""

    id: UUID
    name: str
    min: int
    max: Annotated[int, Field(description="null: as many as the guest likes.")] | None
    free: Annotated[int, Field(description="How many of the cheapest chosen cost nothing.")]
    modifiers: list[ModifierView]


class ChoiceView(View):
    """One part of a combo, of which the guest chooses."""

    id: UUID
    name: str
    max: int
    free: int
    variant_ids: list[UUID]
    extra_price: Annotated[MoneyView, Field(description="What the cheapest of the variants adds to the combo's price.")]
    extra_prices: Annotated[dict[UUID, MoneyView], Field(description="What each variant adds.")]


class ComboView(View):
    """A product made of choices; it has the id of its product."""

    id: UUID
    choices: list[ChoiceView]


class TaxView(View):
    id: UUID
    name: str
    rate_bp: Annotated[int, Field(description="In basis points: 2000 is 20 percent.")]
    included: Annotated[bool, Field(description="The prices on the menu have it in them.")]


class PresetView(View):
    """A way of serving."""

    id: UUID
    name: str
    kind: Literal["eat_in", "takeaway", "delivery"]


class DiscountView(View):
    id: UUID
    name: str
    kind: Literal["percent", "amount"]
    value_bp: int | None
    amount: MoneyView | None
    scope: Literal["order", "line"]
    permission: str


class TableView(View):
    """A table and its place on the floor, in pixels of the plan."""

    id: UUID
    name: str
    seats: int
    x: int
    y: int
    width: int
    height: int
    shape: Literal["square", "round"]


class FloorView(View):
    id: UUID
    name: str
    tables: list[TableView]


class MenuView(View):
    """All that a till needs to take an order, at one version of the catalogue."""

    version: int
    currency: Currency
    prices_include_tax: bool
    business_date: date
    categories: list[CategoryView]
    products: list[ProductView]
    modifier_groups: list[ModifierGroupView]
    combos: list[ComboView]
    taxes: list[TaxView]
    presets: list[PresetView]
    discounts: list[DiscountView]
    floors: list[FloorView]
