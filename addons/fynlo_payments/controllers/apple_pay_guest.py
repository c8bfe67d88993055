"""Apple Pay for guests who hold a pay link: the link is all they have, and all they need."""

from typing import Annotated, Any

from odoo import http
from odoo.addons.fynlo_pos_core.rest import ANYONE, Answer, Problem, api_route, rate_limit
from odoo.addons.fynlo_pos_core.rest.shapes import Shape, View
from odoo.http import request
from pydantic import ConfigDict, Field

from ..apple_pay.merchant_session import ask_session
from ..models import provider_call
from ..models.apple_pay import SHEET_VERSION
from ..models.pay_link_states import LIVE
from ..models.payment import CLOSED, HOLDING
from ..providers.connection import ProviderUnavailable

LinkToken = Annotated[str, Field(min_length=1, max_length=64, description="The last part of the pay link's address.")]
MAX_TOKEN_BODY = 64 * 1024


class LinkShape(Shape):
    link: LinkToken


class MerchantSessionShape(LinkShape):
    """``validation_url`` is what the browser was told; it is not used, since anybody can tell a browser anything."""

    validation_url: Annotated[str, Field(max_length=2000)] | None = None


class TokenShape(LinkShape):
    """``token`` is the id that Stripe gave (``tok_…`` or ``pm_…``). Apple's own token is refused, whatever it holds."""

    model_config = ConfigDict(hide_input_in_errors=True)

    token: Annotated[str, Field(max_length=300)] | dict[str, Any]


class MerchantSessionView(View):
    """Apple's session as it came, for ``completeMerchantValidation``; good for five minutes and once."""

    model_config = ConfigDict(extra="allow")


class TotalView(View):
    label: str
    type: str
    amount: str


class SheetView(View):
    """What ``ApplePaySession`` is made with."""

    countryCode: str
    currencyCode: str
    merchantCapabilities: list[str]
    supportedNetworks: list[str]
    total: TotalView
    applicationData: str


class ProcessorView(View):
    """Where the page takes Apple's token to: Stripe's address, its publishable key and the connected account."""

    url: str
    key: str
    account: str | None


class PaymentRequestView(View):
    """``version`` is that of Apple's interface. ``request`` is for ``ApplePaySession``, unchanged."""

    version: int
    request: SheetView
    processor: ProcessorView


class GuestPaymentView(View):
    """How the payment stands: over, or still with the card processor."""

    state: str


class ApplePayGuestController(http.Controller):
    @api_route(
        "/apple-pay/merchant-sessions",
        method="POST",
        permission=ANYONE,
        summary="A merchant session for the payment sheet of a pay link",
        tag="apple pay",
        body=MerchantSessionShape,
        example={"link": "mJ4sX0c2Qy2k0tq1b6Yx9g"},
        returns=MerchantSessionView,
        errors=("not_found", "pay_link_over", "apple_pay_unavailable", "provider_unavailable"),
        budget="page",
    )
    def ask_merchant_session(self, body):
        link = _live_link(body.link)
        merchant, gateway = request.env["fynlo.apple.pay"]._merchant(link.config_id)
        return Answer(afterwards=lambda: _session(merchant, gateway))

    @api_route(
        "/apple-pay/payment-requests",
        method="POST",
        permission=ANYONE,
        summary="What the payment sheet of a pay link asks for, by the order's own figures",
        tag="apple pay",
        body=LinkShape,
        example={"link": "mJ4sX0c2Qy2k0tq1b6Yx9g"},
        returns=PaymentRequestView,
        errors=("not_found", "pay_link_over", "apple_pay_unavailable"),
        budget="page",
    )
    def make_payment_request(self, body):
        link = _live_link(body.link)
        sheet = request.env["fynlo.apple.pay"]._payment_request(link.config_id, link.amount + link.tip, link.fynlo_uuid)
        processor = request.env["fynlo.apple.pay"]._card_processor(link.config_id)
        return {"version": SHEET_VERSION, "request": sheet, "processor": processor}

    @api_route(
        "/apple-pay/tokens:process",
        method="POST",
        permission=ANYONE,
        summary="Pay a pay link with what the payment sheet gave",
        tag="apple pay",
        body=TokenShape,
        example={"link": "mJ4sX0c2Qy2k0tq1b6Yx9g", "token": "pm_1PgA2xLkdIwHu7ix"},
        returns=GuestPaymentView,
        may_wait=True,
        status=201,
        errors=(
            "not_found",
            "pay_link_over",
            "apple_pay_unavailable",
            "apple_pay_token_refused",
            "apple_pay_processor_missing",
            "payment_declined",
            "payment_in_progress",
            "too_many_declines",
            "provider_unavailable",
        ),
        budget="page",
        max_body=MAX_TOKEN_BODY,
    )
    def process_token(self, body):
        link, service = _live_link(body.link), request.env["fynlo.apple.pay"]
        if not isinstance(body.token, str):
            service._refuse_token(link.config_id, body.token, link.amount + link.tip, link.fynlo_uuid)
        registry, payment_id, details, is_new = request.env.registry, *service._begin(link, body.token)
        if is_new:
            return Answer(afterwards=lambda: _told(*provider_call.charge(registry, payment_id, details)))
        return Answer(afterwards=lambda: _told(*provider_call.look(registry, payment_id)))


def _live_link(token):
    """The link behind the token. Raises ``not_found``, ``rate_limited``, ``pay_link_over``."""
    link = request.env["fynlo.pay.link"]._of_token(token)
    rate_limit.spend("page", f"pay:{link.id}")
    if link._state_now() not in LIVE:
        raise request.env["fynlo.pay.link.service"]._over(link)
    return link


def _session(merchant, gateway):
    try:
        return Answer(ask_session(merchant, gateway))
    except ProviderUnavailable as away:
        waits = {"Retry-After": str(away.retry_after)}
        raise Problem(
            "provider_unavailable", request.env._("Apple does not answer at the moment."), headers=waits
        ) from None


def _told(payment, _action):
    """What a guest is told: never the order, nor how to reach the provider."""
    if payment["state"] in CLOSED:
        failure = payment["failure"] or {}
        raise Problem(
            "payment_declined", request.env._("No money was taken."), reason=failure.get("code") or payment["state"]
        )
    return Answer({"state": payment["state"]}, status=202 if payment["state"] in HOLDING else 201)
