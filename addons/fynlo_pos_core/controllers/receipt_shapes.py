"""Shapes of receipts, of their prints and of the mails that carry them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..rest.shapes import Id, MoneyView, Note, QueryShape, Shape, View, WireMoment
from .identity.auth import Email


class ReceiptQuery(QueryShape):
    """In which form; without ``format`` the ``Accept`` header decides."""

    format: Literal["json", "html", "pdf"] | None = None


class PrintShape(Shape):
    """A print to count: made by the till itself, or to be made on the location's receipt printer."""

    id: Id
    printer: Literal["till", "location"] = "till"


class SendShape(Shape):
    """``remember``: the guest agrees that the address is kept with their name, if the order has a customer."""

    id: Id
    email: Email
    remember: bool = False


class RevokeShape(Shape):
    reason: Annotated[Note, Field(min_length=1)]


class BusinessView(View):
    """Who trades: the company, and the location under whose name guests know it."""

    name: str
    location: str
    address: list[str]
    country: str | None
    tax_number: str | None
    company_number: str | None
    phone: str | None
    email: str | None
    website: str | None


class BrandingView(View):
    header: str
    footer: str
    colour: str


class ReceiptGuestView(View):
    name: str
    address: list[str]
    tax_number: str | None


class ReceiptDetailView(View):
    kind: Literal["half", "modifier", "part"]
    name: str
    quantity: int
    price: MoneyView | None


class ReceiptDiscountView(View):
    name: str
    comp: bool
    amount: MoneyView


class ReceiptLineView(View):
    """``gross`` is at menu prices, ``total`` after the line's share of all discounts, with tax."""

    id: UUID
    name: str
    quantity: str
    unit_price: MoneyView
    gross: MoneyView
    details: list[ReceiptDetailView]
    discounts: list[ReceiptDiscountView]
    net: MoneyView
    tax: MoneyView
    total: MoneyView
    tax_ids: list[UUID]


class ReceiptTaxView(View):
    """All that a tax, or a rate of VAT, applies to; ``code`` is the letter that marks its lines."""

    tax_ids: list[UUID]
    code: str | None
    name: str | None
    rate_bp: int
    net: MoneyView
    tax: MoneyView
    gross: MoneyView


class ReceiptTotalsView(View):
    """``subtotal`` − ``discount`` + ``service_charge`` + ``added_tax`` = ``total`` = ``net`` + ``tax``;
    ``total`` + ``tip`` + ``surcharge`` + ``rounding`` = ``to_pay``. ``cash_due`` is ``due`` in the coins in use."""

    subtotal: MoneyView
    discount: MoneyView
    service_charge: MoneyView
    added_tax: MoneyView
    net: MoneyView
    tax: MoneyView
    total: MoneyView
    tip: MoneyView
    surcharge: MoneyView
    rounding: MoneyView
    to_pay: MoneyView
    paid: MoneyView
    change: MoneyView
    refunded: MoneyView
    due: MoneyView
    cash_due: MoneyView


class ReceiptPaymentView(View):
    method: str
    charged: MoneyView
    tip: MoneyView
    surcharge: MoneyView
    tendered: MoneyView
    change: MoneyView
    refunded: MoneyView
    card: dict | None
    reference: str | None
    at: WireMoment


class ReceiptRefundView(View):
    number: str
    amount: MoneyView
    at: WireMoment


class TipSuggestionView(View):
    rate_bp: int
    amount: MoneyView


class ReceiptLinkView(View):
    url: str
    expires_at: WireMoment


class ReceiptView(View):
    """``copy`` is 0 while no receipt of the kind was printed, then the number of the copy that a print would be."""

    order_id: UUID
    number: str
    receipt_number: str
    kind: Literal["bill", "receipt", "refund", "cancelled"]
    copy_: Annotated[int, Field(alias="copy")]
    tax_regime: Literal["vat", "sales_tax", "none"]
    tax_document: Literal["simplified_invoice", "modified_invoice", "invoice", "credit_note"] | None
    currency: str
    language: str
    time_zone: str
    issued_at: WireMoment
    business_date: date
    business: BusinessView
    branding: BrandingView
    server: str | None
    table: str | None
    guests: int
    serving: str | None
    customer: ReceiptGuestView | None
    lines: list[ReceiptLineView]
    discounts: list[ReceiptDiscountView]
    taxes: list[ReceiptTaxView]
    totals: ReceiptTotalsView
    payments: list[ReceiptPaymentView]
    refund_of: list[str]
    refunds: list[ReceiptRefundView]
    tip_suggestions: list[TipSuggestionView]
    link: ReceiptLinkView | None


class ReceiptPrintView(View):
    id: UUID
    order_id: UUID
    kind: Literal["bill", "receipt", "refund", "cancelled"]
    copy_: Annotated[int, Field(alias="copy")]
    printer: Literal["till", "location"]
    state: Literal["waiting", "printing", "printed", "failed", "unknown"]
    failure: str | None
    printed_at: WireMoment | None
    receipt: ReceiptView


class ReceiptMessageView(View):
    id: UUID
    order_id: UUID
    email: str
    state: Literal["queued", "sent", "failed"]
    failure: str | None
    sent_at: WireMoment | None
