"""What tills and kitchen screens send and get about the kitchen."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..rest.shapes import Id, NameView, PageQuery, QueryShape, Shape, View, WireMoment
from .identity.views import EventLineView
from .operation_shapes import Course
from .order_shapes import OrderView

TicketState = Literal["new", "preparing", "ready", "served", "cancelled"]


class SendShape(Shape):
    """What to send: everything new unless a course or lines are named."""

    course: Course | None = None
    lines: Annotated[list[Id], Field(min_length=1, max_length=500)] | None = None


class TicketQuery(PageQuery):
    """Tickets of a station or of all; without a state the unfinished ones."""

    station: UUID | None = None
    state: TicketState | None = None
    order: UUID | None = None


class SummaryQuery(QueryShape):
    station: UUID | None = None


class TicketModifierView(View):
    name: str
    quantity: int


class TicketLineView(View):
    """``voided_quantity`` of ``quantity`` is not to be made after all."""

    order_line_id: UUID
    kind: Literal["new", "change", "void"]
    quantity: str
    voided_quantity: str
    name: str
    part_of: str | None = Field(description="The combo that this is a part of.")
    modifiers: list[TicketModifierView]
    note: str
    seat: int | None


class TicketOrderView(View):
    id: UUID
    number: str | None


class TicketView(View):
    id: UUID
    version: int
    number: int = Field(description="Begins at 1 every business day of the location.")
    kind: Literal["order", "notice"] = Field(description="A notice tells of voids and changes; `served` means seen.")
    state: TicketState
    station: NameView
    order: TicketOrderView
    table: NameView | None
    preset: NameView | None
    guests: int
    note: str = Field(description="The order's note.")
    course: int
    business_date: date
    sent_by: NameView | None
    sent_at: WireMoment
    started_at: WireMoment | None
    ready_at: WireMoment | None
    served_at: WireMoment | None
    recalls: int
    print: Literal["none", "waiting", "printing", "printed", "failed", "unknown"]
    lines: list[TicketLineView]


class TicketPageView(View):
    items: list[TicketView]
    next_cursor: str | None


class SentView(View):
    order: OrderView
    tickets: list[TicketView]


class StationView(View):
    id: UUID
    name: str
    position: int
    open: bool
    prints: bool
    category_ids: list[UUID]
    fallback_id: UUID | None


class StationsView(View):
    items: list[StationView]
    next_cursor: None


class OutstandingView(View):
    name: str
    quantity: str
    tickets: int


class KitchenTimesView(View):
    """Averages of today's tickets in seconds; ``null`` before the first one."""

    tickets: int = Field(description="Tickets made ready today.")
    waiting_s: int | None = Field(description="From sent to started.")
    preparing_s: int | None = Field(description="From started to ready.")


class SummaryView(View):
    business_date: date
    outstanding: list[OutstandingView]
    times: KitchenTimesView


class DisplayView(View):
    """What a kitchen screen needs before anybody has signed in."""

    device: NameView
    location: NameView
    ws_url: str
    websocket: EventLineView
