"""The X and Z reports on the wire."""

from datetime import date
from typing import Literal
from uuid import UUID

from ..rest.shapes import MoneyView, NameView, QueryShape, View, WireMoment


class ReportQuery(QueryShape):
    kind: Literal["x", "z"] = "x"


class OrderCountsView(View):
    """The span of numbers covers every order of the session, cancelled ones too."""

    completed: int
    cancelled: int
    open: int
    guests: int
    first_number: str | None
    last_number: str | None


class SalesView(View):
    net: MoneyView
    tax: MoneyView
    gross: MoneyView


class TaxSalesView(SalesView):
    name: str
    rate_bp: int


class CategorySalesView(View):
    id: UUID | None
    name: str
    quantity: str
    net: MoneyView
    gross: MoneyView


class TenderView(View):
    method: str
    kind: Literal["cash", "bank", "pay_later"]
    count: int
    amount: MoneyView


class TallyView(View):
    count: int
    amount: MoneyView


class MovementTallyView(TallyView):
    kind: str


class DrawerView(View):
    float: MoneyView
    expected: MoneyView
    counted: MoneyView
    over_short: MoneyView
    note: str | None


class TillReportView(View):
    """``number`` and ``cash`` come with the Z report alone: an X report must not spoil a blind count."""

    kind: Literal["x", "z"]
    number: int | None
    till_session: NameView
    location: NameView
    business_date: date | None
    opened_at: WireMoment | None
    closed_at: WireMoment | None
    made_at: WireMoment
    orders: OrderCountsView
    refunds: TallyView
    sales: SalesView
    by_tax: list[TaxSalesView]
    by_category: list[CategorySalesView]
    payments: list[TenderView]
    tips: MoneyView
    rounding: MoneyView
    service_charge: MoneyView
    surcharges: MoneyView | None = None
    discounts: TallyView
    comps: TallyView
    voids: TallyView
    cash_movements: list[MovementTallyView]
    cash: DrawerView | None
