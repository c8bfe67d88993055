"""Shapes of pay links and of what a bank payment costs."""

from typing import Annotated, Literal
from uuid import UUID

from odoo.addons.fynlo_pos_core.rest.shapes import Id, MoneyShape, MoneyView, QueryShape, Shape, View, WireMoment
from odoo.addons.fynlo_pos_core.tools.money import MINOR_MAX
from pydantic import Field

from ..models.pay_link_states import PAY_LINK_STATES
from ..models.payment import PAYMENT_STATES
from .fee_shapes import RankedView

LinkState = Literal[tuple(PAY_LINK_STATES)]


class PayLinkShape(Shape):
    """A payment that the guest makes on the own phone. The same ``id`` asked for again is the same link."""

    id: Id
    order_id: Id
    amount: MoneyShape
    tip: MoneyShape | None = None
    share_id: Id | None = None
    complete: bool = False


class LinkPaymentView(View):
    id: UUID
    method: str
    state: Literal[tuple(PAYMENT_STATES)]


class QrView(View):
    """Paths of the code as a picture."""

    svg: str
    png: str


class PayLinkView(View):
    """``url`` and ``qr`` are there while the link can be paid, and in no event: the address is a secret.

    ``reason`` tells why the link is over, or why the last payment came to nothing. ``ending`` is what the
    link becomes as soon as the payment under way is ended at its provider.
    """

    id: UUID
    order_id: UUID
    state: LinkState
    reason: str | None
    ending: LinkState | None
    amount: MoneyView
    tip: MoneyView
    share_id: UUID | None
    complete: bool
    payment: LinkPaymentView | None
    expires_at: WireMoment
    created_at: WireMoment
    updated_at: WireMoment
    version: int
    url: str | None
    qr: QrView | None


class BankFeesQuery(QueryShape):
    """What is to be paid, in the smallest unit of the location's currency."""

    bill: Annotated[int, Field(ge=0, le=MINOR_MAX, examples=[1250])]
    tip: Annotated[int, Field(ge=0, le=MINOR_MAX)] = 0


class BankFeesView(View):
    """What the bank payment costs, and the dearest tender that it would save the restaurant."""

    bank: RankedView
    dearest: RankedView
