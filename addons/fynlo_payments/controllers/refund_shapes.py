"""What tills send and get for refunds."""

from typing import Annotated, Literal
from uuid import UUID

from odoo.addons.fynlo_pos_core.controllers.operation_shapes import Reason
from odoo.addons.fynlo_pos_core.controllers.order_shapes import OrderView
from odoo.addons.fynlo_pos_core.rest.shapes import (
    Id,
    MoneyShape,
    MoneyView,
    NameView,
    PageQuery,
    Quantity,
    Shape,
    View,
    WireMoment,
)
from pydantic import Field, model_validator

from ..models.refund import REFUND_STATES
from .payments import FailureView, ProviderView, Tender

State = Literal[tuple(REFUND_STATES)]


class RefundLineShape(Shape):
    """``quantity`` left out: all that is left of the line. Food is thrown away unless ``restock``."""

    line_id: Id
    quantity: Quantity | None = None
    restock: bool = False


class TowardsShape(Shape):
    """``to_method`` gives the money back by another tender than took it (``cash``, ``gift_card``, ``store_credit``).

    ``details`` names the gift card by its ``code``, or the customer of a credit by ``customer_id``.
    """

    to_method: Tender | None = None
    details: dict = {}
    approval_id: Id | None = None


class PaymentRefundShape(TowardsShape):
    """What goes back: ``lines``, or an ``amount``, with or without a ``tip``; nothing named: all that is left."""

    id: Id
    lines: Annotated[list[RefundLineShape], Field(min_length=1, max_length=500)] | None = None
    amount: MoneyShape | None = None
    tip: MoneyShape | None = None
    restock: bool = False
    reason: Reason

    @model_validator(mode="after")
    def _consistent(self):
        if self.lines is not None and self.amount is not None:
            raise ValueError("a refund is of lines or of an amount")
        if self.lines is not None and len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("each line is named once")
        return self


class RefundShape(PaymentRefundShape):
    """Of an order: the latest payments are given back first unless ``payment_id`` names one."""

    payment_id: Id | None = None


class RepeatShape(TowardsShape):
    """Without ``to_method``: by the tender that took the money, as before. ``reason`` left out: that of before."""

    id: Id
    reason: Reason | None = None


class RollbackShape(Shape):
    """``payment_ids`` left out: every payment of the order. The same ``id`` again goes on where it stopped."""

    id: Id
    payment_ids: Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    reason: Reason


class RefundQuery(PageQuery):
    """Refunds of the location, the newest first. ``owed``: only those whose money the guest still has to get."""

    order_id: UUID | None = None
    state: State | None = None
    owed: bool | None = None


class RefundLineView(View):
    """``quantity`` is ``null`` where only money went back."""

    line_id: UUID
    name: str
    quantity: str | None
    amount: MoneyView
    restocked: bool


class RefundView(View):
    id: UUID
    kind: Literal["refund", "rollback", "repeat", "late"]
    state: State
    order_id: UUID
    payment_id: UUID
    number: str | None
    method: str
    amount: MoneyView
    tip: MoneyView
    surcharge: MoneyView
    owed: MoneyView
    repeat_of: UUID | None
    reason: str
    approved_by: str | None
    lines: list[RefundLineView]
    till_session_id: UUID | None
    employee: NameView | None
    device_id: UUID | None
    provider: ProviderView
    failure: FailureView | None
    created_at: WireMoment
    updated_at: WireMoment
    version: int


class RefundPageView(View):
    items: list[RefundView]
    next_cursor: str | None


class RefundsView(View):
    """One refund for each payment that gave money back, and the order as it is now."""

    refunds: list[RefundView]
    order: OrderView
