"""Payments of an order, for tills. Rules live in ``models/payment_service.py``."""

from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.addons.fynlo_pos_core.controllers.order_shapes import OrderView
from odoo.addons.fynlo_pos_core.rest import Answer, api_route, current_identity
from odoo.addons.fynlo_pos_core.rest.shapes import Id, MoneyShape, MoneyView, PageQuery, Shape, View, WireMoment
from odoo.http import request
from pydantic import Field

from ..models import provider_call
from ..models.payment import CLOSED, HOLDING, PAYMENT_STATES
from ..models.payment_conclusion import declined
from .fee_shapes import Channel, Funding

State = Literal[tuple(PAYMENT_STATES)]
Tender = Annotated[str, Field(pattern=r"^[a-z_]{1,30}$", examples=["cash"])]


class PaymentShape(Shape):
    """``amount`` goes to the order; ``tendered`` (cash) is what the guest handed over.

    ``share_id`` names the share that is paid of a bill that several people share. ``funding`` is what is
    known of the card, ``channel`` how it is read; ``pass_fee`` can only switch a surcharge off.
    """

    id: Id
    method: Tender
    amount: MoneyShape
    tip: MoneyShape | None = None
    tendered: MoneyShape | None = None
    share_id: Id | None = None
    funding: Funding = "unknown"
    channel: Channel = "in_person"
    pass_fee: bool = True
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
    refund_due: MoneyView
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


class CaptureShape(Shape):
    """``amount`` is what to capture of what was authorised, tip and surcharge in it; without it, everything."""

    amount: MoneyShape | None = None


class CancelByKeyShape(Shape):
    """``idempotency_key`` is that of the request whose answer the till never got."""

    idempotency_key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")]


class CancelledKeyView(View):
    """``payment`` is ``null`` when no such request came; should it still come, it is refused."""

    payment: TakenPaymentView | None


def sent_or_taken(payment, details):
    """The answer to a till that takes a payment: as it is, or as the provider says after the commit."""
    resource = ("payment", payment["id"])
    if payment["state"] != "sent":
        return Answer(payment, resource=resource)
    registry, payment_id = request.env.registry, _row_id(payment["id"])
    return Answer(
        payment,
        status=202,
        resource=resource,
        afterwards=lambda: told(*provider_call.charge(registry, payment_id, details)),
    )


def _row_id(uuid):
    return request.env["fynlo.payment"].sudo().search([("fynlo_uuid", "=", uuid)]).id


def told(payment, action):
    """What a till is told of a payment that it asked for; a refusal when no money was taken."""
    if payment["state"] in CLOSED:
        failure = payment["failure"] or {}
        attempt = {"failure_code": failure.get("code"), "state": payment["state"]}
        shown = {name: value for name, value in payment.items() if name != "order"}
        raise declined(request.env, attempt, shown)
    return _as_it_is(payment, action)


def _as_it_is(payment, action=None):
    status = 202 if payment["state"] in HOLDING else 201
    return Answer({**payment, "action": action}, status=status)


class PaymentsController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>/payments",
        method="POST",
        permission="payment.take",
        summary="Take a payment for an order",
        tag="payments",
        body=PaymentShape,
        returns=TakenPaymentView,
        may_wait=True,
        status=201,
        errors=(
            "not_found",
            "illegal_transition",
            "amount_exceeds_due",
            "payment_in_progress",
            "provider_unavailable",
            "provider_busy",
            "not_payable_in_cash",
            "payment_declined",
            "too_many_declines",
            "payment_method_unavailable",
            "charge_out_of_range",
            "tip_unavailable",
            "tip_too_large",
            "charge_out_of_range",
            "amount_due",
            "unknown_item",
            "no_open_session",
        ),
        budget="money",
    )
    def take_payment(self, order_id, body):
        payment = request.env["fynlo.payment.service"]._take(current_identity(), order_id, body)
        return sent_or_taken(payment, body.details)

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

    @api_route(
        "/payments/<uuid:payment_id>:cancel",
        method="POST",
        permission="payment.take",
        summary="Cancel a payment that is not over",
        tag="payments",
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "illegal_transition", "provider_unavailable"),
        idempotent=False,  # cancelling again is the same
        budget="money",
    )
    def cancel_payment(self, payment_id):
        wanted = _service()._wish_cancelled(current_identity(), payment_id)
        return _after(provider_call.cancel if wanted else _seen, payment_id)

    @api_route(
        "/payments/<uuid:payment_id>:capture",
        method="POST",
        permission="payment.take",
        summary="Capture an authorised payment, all or part of it",
        tag="payments",
        body=CaptureShape,
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "illegal_transition", "provider_unavailable"),
        idempotent=False,  # the amount is kept with the payment, so capturing again is the same
        budget="money",
    )
    def capture_payment(self, payment_id, body):
        wanted = _service()._wish_captured(current_identity(), payment_id, body)
        return _after(provider_call.capture if wanted else _seen, payment_id)

    @api_route(
        "/payments/<uuid:payment_id>:refresh",
        method="POST",
        permission="payment.take",
        summary="Ask the provider what became of a payment",
        tag="payments",
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "provider_unavailable"),
        idempotent=False,
        budget="money",
    )
    def refresh_payment(self, payment_id):
        open_still = _service()._wish_seen(current_identity(), payment_id)
        return _after(provider_call.look if open_still else _seen, payment_id)

    @api_route(
        "/payments:cancel-by-key",
        method="POST",
        permission="payment.take",
        summary="Cancel what a request began whose answer was lost",
        tag="payments",
        body=CancelByKeyShape,
        returns=CancelledKeyView,
        may_wait=True,
        errors=("not_found", "illegal_transition", "provider_unavailable"),
        idempotent=False,  # cancelling again is the same
        budget="money",
    )
    def cancel_by_key(self, body):
        uuid, wanted = _service()._cancel_by_key(current_identity(), body.idempotency_key)
        if uuid is None:
            return {"payment": None}
        return _after(provider_call.cancel if wanted else _seen, uuid, lambda payment: {"payment": payment})


def _service():
    return request.env["fynlo.payment.service"]


def _after(errand, uuid, shape=lambda payment: payment):
    """Run an errand at the provider once this request's transaction is over; the payment as it then is."""
    registry, payment_id = request.env.registry, _row_id(str(uuid))

    def answer():
        payment, action = errand(registry, payment_id)
        status = 202 if payment["state"] in HOLDING else 200
        return Answer(shape({**payment, "action": action}), status=status)

    return Answer(afterwards=answer)


def _seen(registry, payment_id):
    return provider_call.document(registry, payment_id), None
