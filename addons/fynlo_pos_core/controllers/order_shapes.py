"""What tills send and get for orders (CONTRACT "Order")."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..engine.basket import LINES_MAX
from ..rest.shapes import (
    Counter,
    Day,
    Id,
    Moment,
    MoneyShape,
    MoneyView,
    NameView,
    Note,
    PageQuery,
    Quantity,
    Shape,
    Text,
    View,
    WireMoment,
)

Count = Annotated[int, Field(ge=1, le=99)]
#: Whose tab it is, where there is no table.
TabName = Annotated[Text, Field(min_length=1, max_length=64)]


class ModifierShape(Shape):
    modifier_id: Id
    quantity: Count = 1


class ComboPartShape(Shape):
    choice_id: Id
    variant_id: Id
    modifiers: Annotated[list[ModifierShape], Field(max_length=50)] = []


class LineShape(Shape):
    """A line to add. Prices come from the server; ``open_price`` only where product and role allow it."""

    id: Id
    variant_id: Id
    quantity: Quantity
    modifiers: Annotated[list[ModifierShape], Field(max_length=50)] = []
    combo: Annotated[list[ComboPartShape], Field(max_length=20)] = []
    halves: Annotated[list[Id], Field(min_length=2, max_length=2)] | None = None
    note: Note = ""
    course: Annotated[int, Field(ge=1, le=20)] = 1
    seat: Annotated[int, Field(ge=1, le=200)] | None = None
    open_price: MoneyShape | None = None


class DiscountShape(Shape):
    id: Id
    discount_id: Id
    line_id: Id | None = None
    reason: Note = ""


class OrderShape(Shape):
    """A new order. The client chooses the ids of the order and of its lines (UUIDv7 advised)."""

    id: Id
    client_created_at: Moment | None = None
    preset_id: Id | None = None
    table_id: Id | None = None
    guests: Annotated[int, Field(ge=0, le=500)] = 0
    note: Note = ""
    tab_name: TabName | None = None
    catalogue_version: Counter | None = None
    expected_total: MoneyShape | None = None
    lines: Annotated[list[LineShape], Field(json_schema_extra={"maxItems": LINES_MAX})] = []
    discounts: Annotated[list[DiscountShape], Field(max_length=20)] = []


class OrderQuery(PageQuery):
    """Orders of the location, the newest first."""

    state: Literal["open", "completed", "cancelled"] | None = None
    business_date: Day | None = None
    table_id: UUID | None = None
    number: Annotated[str, Field(max_length=20)] | None = None
    tab: Annotated[bool, Field(description="Only tabs, or only orders that are none.")] | None = None
    server_id: Annotated[UUID, Field(description="Only the orders that this employee serves.")] | None = None


class ModifierView(View):
    modifier_id: UUID
    name: str
    quantity: int
    price: MoneyView


class ComboPartView(View):
    choice_id: UUID
    variant_id: UUID
    name: str
    unit_price: MoneyView
    modifiers: list[ModifierView]


class HalfView(View):
    variant_id: UUID
    name: str


class LineTaxView(View):
    tax_id: UUID
    rate_bp: int
    amount: MoneyView


class LineView(View):
    id: UUID
    variant_id: UUID
    product_id: UUID
    name: str
    quantity: str
    unit_price: MoneyView
    modifiers: list[ModifierView]
    combo: list[ComboPartView]
    halves: list[HalfView]
    discount: MoneyView
    subtotal: MoneyView
    tax: MoneyView
    total: MoneyView
    taxes: list[LineTaxView]
    note: str
    course: int
    seat: int | None
    state: Literal["active", "voided"]
    sent_quantity: str
    void: dict | None
    wasted: str
    catalogue_version: int


class OrderDiscountView(View):
    id: UUID
    discount_id: UUID | None
    name: str
    line_id: UUID | None
    line_ids: Annotated[list[UUID], Field(description="The lines it covers; null: the line of line_id, or all.")] | None
    amount: MoneyView
    reason: str


class TotalsView(View):
    """``subtotal`` is without tax; ``total`` = ``subtotal`` + ``tax``; ``due`` is never negative.

    ``tip`` and ``surcharge`` (what guests paid for how they paid) are on top of it. ``rounding`` is what payments
    in cash were rounded by so far; ``cash_due`` is ``due`` in the coins in use.
    """

    subtotal: MoneyView
    discount: MoneyView
    service_charge: MoneyView
    tax: MoneyView
    tip: MoneyView
    surcharge: MoneyView
    total: MoneyView
    rounding: MoneyView
    paid: MoneyView
    refunded: MoneyView
    reserved: MoneyView
    due: MoneyView
    cash_due: MoneyView


class PriceDriftView(View):
    expected: MoneyView
    actual: MoneyView
    difference: MoneyView


class CustomerView(View):
    id: UUID
    name: str


class CourseView(View):
    course: int
    fired_at: WireMoment | None
    held_at: WireMoment | None
    by: NameView


class ShareView(View):
    """What one of several people pays of the bill; payments that name it pay it."""

    id: UUID
    amount: MoneyView
    paid: MoneyView
    due: MoneyView
    payment_ids: list[UUID]


class SharesView(View):
    kind: Literal["even", "amount"]
    shares: list[ShareView]


class OrderLinkView(View):
    id: UUID
    number: str | None


class ShortageView(View):
    """What an order was promised beyond what there was: the last portion went twice, or stock ran below nothing."""

    product_id: UUID | None
    variant_id: UUID | None
    modifier_id: UUID | None
    name: str
    missing: str


class OrderView(View):
    id: UUID
    number: str | None
    version: int
    state: Literal["open", "completed", "cancelled"]
    fulfilment: Literal["new", "sent", "preparing", "ready", "served"]
    payment: Literal["unpaid", "partly_paid", "paid", "partly_refunded", "refunded"]
    business_date: date
    location_id: UUID
    device_id: UUID | None
    created_by: NameView
    client_created_at: WireMoment | None
    created_at: WireMoment
    updated_at: WireMoment
    table: NameView | None
    guests: int
    customer: CustomerView | None
    note: str
    tab_name: str | None
    server: NameView
    courses: list[CourseView]
    preset_id: UUID | None
    lines: list[LineView]
    discounts: list[OrderDiscountView]
    service_charge: MoneyView
    totals: TotalsView
    payments: list[dict]
    split: SharesView | None
    split_from: OrderLinkView | None
    merged_into: OrderLinkView | None
    price_drift: PriceDriftView | None
    late_arrival: bool
    shortages: list[ShortageView]
    livemode: bool


class OrderPageView(View):
    items: list[OrderView]
    next_cursor: str | None
