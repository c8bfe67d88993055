"""Stripe for tills: what they need to speak with it themselves, and card payments under Stripe's own words.

A PaymentIntent here is a payment with the tender ``stripe``; the routes lead to those of payments, so there is
one set of rules.
"""

from odoo import http
from odoo.addons.fynlo_pos_core.rest import Answer, NotFound, Problem, api_route, current_identity
from odoo.addons.fynlo_pos_core.tools.clock import wire
from odoo.http import request

from ..models import provider_call
from ..models.payment import HOLDING
from ..models.stripe_health import ask_health
from ..providers.connection import ProviderUnavailable
from .payments import CaptureShape, PaymentsController, PaymentShape, PaymentView, TakenPaymentView, told
from .refund_shapes import PaymentRefundShape, RefundsView
from .refunds import ERRORS as REFUND_ERRORS
from .refunds import EXAMPLE as REFUND_EXAMPLE
from .refunds import RefundsController
from .stripe_shapes import (
    ConfirmShape,
    ConnectionTokenView,
    IntentShape,
    StripeConfigView,
    StripeHealthView,
    chargeable,
)

TENDER = "stripe"
PAYMENTS, REFUNDS = PaymentsController(), RefundsController()
CARD = "pm_1NVChw2eZvKYlo2CHxiM5E2E"
INTENT_EXAMPLE = {
    "id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77",
    "order_id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a78",
    "amount": {"amount": 1250, "currency": "GBP"},
    "payment_method": CARD,
    "complete": True,
}
TAKING = (
    "not_found",
    "illegal_transition",
    "amount_exceeds_due",
    "payment_in_progress",
    "provider_unavailable",
    "provider_busy",
    "payment_declined",
    "too_many_declines",
    "payment_method_unavailable",
    "tip_unavailable",
    "tip_too_large",
    "charge_out_of_range",
    "amount_due",
    "unknown_item",
    "no_open_session",
)


class StripeController(http.Controller):
    @api_route(
        "/stripe/config",
        method="GET",
        permission="payment.take",
        summary="What a till may know to speak with Stripe itself",
        tag="stripe",
        returns=StripeConfigView,
        errors=("provider_unavailable",),
        cache_control="no-store",
    )
    def config(self):
        try:
            return request.env["fynlo.stripe.connection"]._public(_location())
        except ProviderUnavailable as away:
            raise _unavailable(away) from None

    @api_route(
        "/stripe/health",
        method="GET",
        permission="settings.read",
        summary="Whether Stripe can be used at this location; asks Stripe, at most once a minute",
        tag="stripe",
        returns=StripeHealthView,
        fresh=True,
        cache_control="no-store",
        budget="money",
    )
    def health(self):
        stripe, location = request.env["fynlo.stripe.connection"], _location()
        known = stripe._known(location)
        try:
            connection = stripe._connection(location)
        except ProviderUnavailable:
            detail = request.env._("It is not set up: a mode, a key of this mode, or the file of the key is missing.")
            return {**known, "usable": False, "detail": detail, "checked_at": None}
        here = request.db, location.id
        return Answer(afterwards=lambda: Answer({**known, **_as_told(ask_health(*here, connection))}))

    @api_route(
        "/stripe/connection-tokens",
        method="POST",
        permission="payment.take",
        summary="A key for a reader of this location, or for Tap to Pay",
        tag="stripe",
        returns=ConnectionTokenView,
        errors=("provider_unavailable", "location_not_ready"),
        idempotent=False,  # a secret is kept nowhere, and another one does no harm
        budget="money",
    )
    def connection_token(self):
        location = _location()
        place = location.fynlo_stripe_terminal_location
        if not place:
            raise Problem("location_not_ready", request.env._("The location has no Stripe location for its readers."))
        try:
            connection = request.env["fynlo.stripe.connection"]._connection(location)
        except ProviderUnavailable as away:
            raise _unavailable(away) from None
        return Answer(afterwards=lambda: _token(connection, place))

    @api_route(
        "/stripe/payment-intents",
        method="POST",
        permission="payment.take",
        summary="Take a card payment for an order: with a card, or one that a reader or the till's own page collects",
        tag="stripe",
        body=IntentShape,
        example=INTENT_EXAMPLE,
        returns=TakenPaymentView,
        may_wait=True,
        status=201,
        errors=TAKING,
        budget="money",
    )
    def create_intent(self, body):
        wish = PaymentShape(
            id=body.id,
            method=TENDER,
            amount=body.amount,
            tip=body.tip,
            share_id=body.share_id,
            details=body.details(),
            complete=body.complete,
        )
        return PAYMENTS.take_payment(str(body.order_id), wish)

    @api_route(
        "/stripe/payment-intents/<uuid:payment_id>",
        method="GET",
        permission="payment.read",
        summary="One card payment",
        tag="stripe",
        returns=PaymentView,
        errors=("not_found",),
    )
    def get_intent(self, payment_id):
        return _card_payment(payment_id)

    @api_route(
        "/stripe/payment-intents/<uuid:payment_id>:confirm",
        method="POST",
        permission="payment.take",
        summary="Charge a card payment that waits for a card",
        tag="stripe",
        body=ConfirmShape,
        example={"payment_method": CARD},
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "payment_declined", "too_many_declines", "provider_unavailable", "provider_busy"),
        idempotent=False,  # an intent is charged once
        budget="money",
    )
    def confirm_intent(self, payment_id, body):
        _card_payment(payment_id)
        row_id = request.env["fynlo.payment.service"]._wish_seen(current_identity(), payment_id)
        if row_id is None:  # it is over: told as it is
            return PAYMENTS.refresh_payment(payment_id)
        order = request.env["fynlo.payment"].sudo().browse(row_id).order_id
        request.env["fynlo.decline.guard"]._check(current_identity(), order.id)
        registry, details = request.env.registry, chargeable(body)
        return Answer(afterwards=lambda: _confirmed(registry, row_id, details))

    @api_route(
        "/stripe/payment-intents/<uuid:payment_id>:capture",
        method="POST",
        permission="payment.take",
        summary="Capture a card payment that was authorised, all or part of it",
        tag="stripe",
        body=CaptureShape,
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "illegal_transition", "provider_unavailable"),
        idempotent=False,  # the amount is kept with the payment, so capturing again is the same
        budget="money",
    )
    def capture_intent(self, payment_id, body):
        _card_payment(payment_id)
        return PAYMENTS.capture_payment(payment_id, body)

    @api_route(
        "/stripe/payment-intents/<uuid:payment_id>:cancel",
        method="POST",
        permission="payment.take",
        summary="Cancel a card payment that is not over",
        tag="stripe",
        returns=TakenPaymentView,
        may_wait=True,
        errors=("not_found", "illegal_transition", "provider_unavailable"),
        idempotent=False,  # cancelling again is the same
        budget="money",
    )
    def cancel_intent(self, payment_id):
        _card_payment(payment_id)
        return PAYMENTS.cancel_payment(payment_id)

    @api_route(
        "/stripe/payment-intents/<uuid:payment_id>:refund",
        method="POST",
        permission="payment.refund",
        summary="Give back a card payment of a completed order, all or part of it",
        tag="stripe",
        body=PaymentRefundShape,
        example=REFUND_EXAMPLE,
        returns=RefundsView,
        may_wait=True,
        status=201,
        errors=REFUND_ERRORS,
        budget="money",
    )
    def refund_intent(self, payment_id, body):
        _card_payment(payment_id)
        return REFUNDS.refund_payment(payment_id, body)


def _location():
    """The location of the sign-in; a till never names another."""
    return request.env["pos.config"].sudo().browse(current_identity().location_id)


def _card_payment(payment_id):
    """The document of a payment of this location with the tender. Raises ``not_found``."""
    payment = request.env["fynlo.payment.service"]._read(current_identity(), payment_id)
    if payment["method"] != TENDER:
        raise NotFound(request.env._("There is no such card payment at this location."))
    return payment


def _token(connection, place):
    try:
        return Answer({"secret": connection.connection_token(place), "terminal_location": place})
    except ProviderUnavailable as away:
        raise _unavailable(away) from None


def _confirmed(registry, row_id, details):
    payment, action = provider_call.confirm(registry, row_id, details)
    answer = told(payment, action)
    answer.status = 202 if payment["state"] in HOLDING else 200
    return answer


def _as_told(said):
    return {"usable": said.health.usable, "detail": said.health.detail, "checked_at": wire(said.at)}


def _unavailable(away):
    return Problem(
        "provider_unavailable",
        request.env._("Stripe cannot be asked, or is not set up at this location."),
        headers={"Retry-After": str(away.retry_after)},
    )
