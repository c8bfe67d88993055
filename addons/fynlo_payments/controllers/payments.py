"""Payments of an order, for tills. Rules live in ``models/payment_service.py``."""

from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.addons.fynlo_pos_core.controllers.order_shapes import OrderView
from odoo.addons.fynlo_pos_core.rest import Answer, api_route, current_identity
from odoo.addons.fynlo_pos_core.rest.shapes import Id, MoneyShape, MoneyView, PageQuery, Shape, View, WireMoment
from odoo.http import request
from pydantic import Field

from ..models.payment import PAYMENT_STATES

State = Literal[tuple(PAYMENT_STATES)]
Tender = Annotated[str, Field(pattern=r"^[a-z_]{1,30}$", examples=["cash"])]


class PaymentShape(Shape):
    """``amount`` goes to the order; ``tendered`` (cash) is what the guest handed over.

    ``share_id`` names the share that is paid of a bill that several people share.
    """

    id: Id
    method: Tender
    amount: MoneyShape
    tip: MoneyShape | None = None
    tendered: MoneyShape | None = None
    share_id: Id | None = None
    details: dict = {}
    complete: bool = False


class ProviderView(View):
    name: str
    reference: str | None
    livemode: bool


class FailureView(View):
    code: str
    message: str
    retryable: bool


class PaymentView(View):
    id: UUID
    order_id: UUID
    method: str
    state: State
    amount: MoneyView
    tip: MoneyView
    fee: MoneyView
    surcharge: MoneyView
    tendered: MoneyView
    change: MoneyView
    refunded: MoneyView
    provider: ProviderView
    card: dict | None
    failure: FailureView | None
    action: dict | None
    created_at: WireMoment
    updated_at: WireMoment
    version: int


class TakenPaymentView(PaymentView):
    """A payment just taken, with the order as it is now."""

    order: OrderView


class PaymentQuery(PageQuery):
    """Payments of the location, the newest first."""

    order_id: UUID | None = None
    state: State | None = None
    method: Tender | None = None


class PaymentPageView(View):
    items: list[PaymentView]
    next_cursor: str | None


class PaymentsController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>/payments",
        method="POST",
        permission="payment.take",
        summary="Take a payment for an order",
        tag="payments",
        body=PaymentShape,
        returns=TakenPaymentView,
        status=201,
        errors=(
            "not_found",
            "illegal_transition",
            "amount_exceeds_due",
            "not_payable_in_cash",
            "payment_declined",
            "payment_method_unavailable",
            "charge_out_of_range",
            "tip_unavailable",
            "amount_due",
            "unknown_item",
            "no_open_session",
        ),
        budget="money",
    )
    def take_payment(self, order_id, body):
        payment = request.env["fynlo.payment.service"]._take(current_identity(), order_id, body)
        return Answer(payment, resource=("payment", payment["id"]))

    @api_route(
        "/payments",
        method="GET",
        permission="payment.read",
        summary="Payments of the location, the newest first",
        tag="payments",
        query=PaymentQuery,
        returns=PaymentPageView,
    )
    def list_payments(self, query):
        return request.env["fynlo.payment.service"]._page(current_identity(), query)

    @api_route(
        "/payments/<uuid:payment_id>",
        method="GET",
        permission="payment.read",
        summary="One payment",
        tag="payments",
        returns=PaymentView,
        errors=("not_found",),
    )
    def get_payment(self, payment_id):
        return request.env["fynlo.payment.service"]._read(current_identity(), payment_id)
