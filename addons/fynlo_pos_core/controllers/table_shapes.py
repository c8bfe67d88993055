"""What tills send and get for tables, and for bills that are split, merged and handed over."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel, model_validator

from ..rest.shapes import Id, MoneyShape, MoneyView, NameView, Quantity, Shape, View, WireMoment
from .order_shapes import OrderView

Guests = Annotated[int, Field(ge=0, le=500)]
ORDERS_MAX = 20


class TablePatchShape(Shape):
    """``seated`` begins a party, ``bill`` notes that it asks for the bill, ``free`` clears the table."""

    state: Literal["seated", "bill", "free"] | None = None
    guests: Guests | None = None
    server_id: Id | None = None


class JoinShape(Shape):
    table_ids: Annotated[list[Id], Field(min_length=1, max_length=ORDERS_MAX)]


class MoveShape(Shape):
    to_table_id: Id


class TransferShape(Shape):
    server_id: Id | None = None
    table_id: Id | None = None


class MergeShape(Shape):
    order_ids: Annotated[list[Id], Field(min_length=1, max_length=ORDERS_MAX)]

    @model_validator(mode="after")
    def _once_each(self):
        return _require_once_each(self, self.order_ids)


class PortionShape(Shape):
    """A line that goes, or so much of it; then ``id`` is that of the new line."""

    line_id: Id
    quantity: Quantity | None = None
    id: Id | None = None


class ItemPartShape(Shape):
    id: Id
    lines: Annotated[list[PortionShape], Field(min_length=1, max_length=500)]
    guests: Guests = 0


class SeatPartShape(Shape):
    """The lines of some seats; ``guests`` are as many as the seats unless said."""

    id: Id
    seats: Annotated[list[Annotated[int, Field(ge=1, le=200)]], Field(min_length=1, max_length=200)]
    guests: Guests | None = None


class AmountShareShape(Shape):
    """A share; the one without an amount is the rest."""

    id: Id
    amount: MoneyShape | None = None


class ItemSplitShape(Shape):
    by: Literal["item"]
    orders: Annotated[list[ItemPartShape], Field(min_length=1, max_length=ORDERS_MAX)]

    @model_validator(mode="after")
    def _once_each(self):
        return _require_once_each(self, [part.id for part in self.orders])


class SeatSplitShape(Shape):
    by: Literal["seat"]
    orders: Annotated[list[SeatPartShape], Field(min_length=1, max_length=ORDERS_MAX)]

    @model_validator(mode="after")
    def _once_each(self):
        return _require_once_each(self, [part.id for part in self.orders])


class EvenSplitShape(Shape):
    by: Literal["even"]
    share_ids: Annotated[list[Id], Field(min_length=2, max_length=100)]

    @model_validator(mode="after")
    def _once_each(self):
        return _require_once_each(self, self.share_ids)


class AmountSplitShape(Shape):
    by: Literal["amount"]
    shares: Annotated[list[AmountShareShape], Field(min_length=2, max_length=100)]

    @model_validator(mode="after")
    def _once_each(self):
        return _require_once_each(self, [share.id for share in self.shares])


class WholeShape(Shape):
    by: Literal["whole"]


class SplitShape(RootModel):
    """How an order is split; ``by`` says which of these it is."""

    root: Annotated[
        ItemSplitShape | SeatSplitShape | EvenSplitShape | AmountSplitShape | WholeShape, Field(discriminator="by")
    ]


class TableOrderView(View):
    """An open order of a table, in short."""

    id: UUID
    number: str
    version: int
    server: NameView
    tab_name: str | None
    guests: int
    fulfilment: Literal["new", "sent", "preparing", "ready", "served"]
    payment: Literal["unpaid", "partly_paid", "paid", "partly_refunded", "refunded"]
    total: MoneyView
    due: MoneyView
    created_at: WireMoment
    first_sent_at: WireMoment | None


class TableStatusView(View):
    """A table as it stands. What belongs to a party of several tables is told once, at the first of them."""

    id: UUID
    name: str
    floor: NameView
    seats: int
    version: int
    state: Literal["free", "seated", "ordered", "sent", "ready", "served", "bill", "paid"]
    guests: int
    server: NameView | None
    joined_to: NameView | None
    joined: list[NameView]
    orders: list[TableOrderView]
    total: MoneyView
    due: MoneyView
    seated_at: WireMoment | None
    ordered_at: WireMoment | None
    first_sent_at: WireMoment | None
    last_change: WireMoment | None


class TableStatusListView(View):
    items: list[TableStatusView]
    next_cursor: str | None


class SplitView(View):
    """``difference`` is what all parts together cost more than the order did; see ``docs/tables.md``."""

    order: OrderView
    orders: list[OrderView]
    difference: MoneyView


def _require_once_each(shape, ids):
    if len(set(ids)) != len(ids):
        raise ValueError("each one needs an id of its own")
    return shape
