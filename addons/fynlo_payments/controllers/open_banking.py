"""Payments that guests make on their own phone, by the QR code that a till shows."""

from odoo import http
from odoo.addons.fynlo_pos_core.rest import Answer, Invalid, Problem, api_route, current_identity
from odoo.addons.fynlo_pos_core.tools.qr_code import png, svg
from odoo.http import request

from ..models import provider_call
from ..models.fee_quote import Wish
from ..models.pay_link_service import BANK
from ..models.pay_link_states import LIVE
from . import open_banking_shapes as shapes
from .fees import _location, _ranked

ONE = "/open-banking/payments/<uuid:link_id>"
OPEN_BANKING = {"tag": "open-banking", "budget": "money"}
ENDING = ("not_found", "pay_link_over", "illegal_transition", "provider_unavailable")


def _service():
    return request.env["fynlo.pay.link.service"]


def _shown(link):
    """A link as tills get it: with its address while it can be paid."""
    document = link._api_values()
    live = document["state"] in LIVE and not document["ending"]
    path = f"/api/v1/open-banking/payments/{document['id']}"
    return {
        **document,
        "url": link._url() if live else None,
        "qr": {"svg": f"{path}/qr.svg", "png": f"{path}/qr.png"} if live else None,
    }


def _now(link_id):
    """The link once more, after others' transactions."""
    request.env.invalidate_all()
    return _shown(_service()._read(current_identity(), link_id))


class OpenBankingController(http.Controller):
    @api_route(
        "/open-banking/payments",
        method="POST",
        permission="payment.take",
        summary="Make a pay link for an order, to be shown as a QR code",
        body=shapes.PayLinkShape,
        returns=shapes.PayLinkView,
        status=201,
        errors=(
            "not_found",
            "illegal_transition",
            "id_taken",
            "amount_exceeds_due",
            "amount_due",
            "payment_in_progress",
            "payment_method_unavailable",
            "charge_out_of_range",
            "tip_unavailable",
            "tip_too_large",
            "unknown_item",
        ),
        idempotent=False,  # the id makes it one, and the address must be kept in no record
        **OPEN_BANKING,
    )
    def make_link(self, body):
        return _shown(_service()._make(current_identity(), body))

    @api_route(
        ONE,
        method="GET",
        permission="payment.read",
        summary="One pay link",
        returns=shapes.PayLinkView,
        errors=("not_found",),
        cache_control="no-store",
        tag="open-banking",
    )
    def get_link(self, link_id):
        return _shown(_service()._read(current_identity(), link_id))

    @api_route(
        f"{ONE}/qr.svg",
        method="GET",
        permission="payment.take",
        summary="The link's QR code as SVG",
        answer_types=("image/svg+xml",),
        errors=("not_found", "pay_link_over"),
        cache_control="no-store",
        fresh=True,
        tag="open-banking",
    )
    def show_svg(self, link_id):
        return Answer(svg(_service()._show(current_identity(), link_id)).encode(), media_type="image/svg+xml")

    @api_route(
        f"{ONE}/qr.png",
        method="GET",
        permission="payment.take",
        summary="The link's QR code as PNG",
        answer_types=("image/png",),
        errors=("not_found", "pay_link_over"),
        cache_control="no-store",
        fresh=True,
        tag="open-banking",
    )
    def show_png(self, link_id):
        return Answer(png(_service()._show(current_identity(), link_id)), media_type="image/png")

    @api_route(
        f"{ONE}:cancel",
        method="POST",
        permission="payment.take",
        summary="Take a pay link back; a payment under way is cancelled",
        returns=shapes.PayLinkView,
        errors=ENDING,
        idempotent=False,  # cancelling again is the same
        **OPEN_BANKING,
    )
    def cancel_link(self, link_id):
        return _end(link_id, "withdrawn")

    @api_route(
        f"{ONE}:fallback",
        method="POST",
        permission="payment.take",
        summary="Give the bank payment up, so that the same order can be paid otherwise",
        returns=shapes.PayLinkView,
        errors=(*ENDING, "payment_in_progress"),
        idempotent=False,  # giving up again is the same
        **OPEN_BANKING,
    )
    def fall_back(self, link_id):
        """Answers only once no money can come by the link any more; until then, and when it came, it refuses."""
        return _end(link_id, "fallback", settled=True)

    @api_route(
        f"{ONE}:refresh",
        method="POST",
        permission="payment.take",
        summary="Ask the bank what became of the payment under way",
        returns=shapes.PayLinkView,
        errors=("not_found", "provider_unavailable"),
        idempotent=False,
        **OPEN_BANKING,
    )
    def refresh_link(self, link_id):
        link = _service()._read(current_identity(), link_id)
        registry, payment_id = request.env.registry, link.state == "paying" and link.payment_id.id

        def look():
            if payment_id:
                provider_call.look(registry, payment_id)
            return Answer(_now(link_id))

        return Answer(None, afterwards=look)

    @api_route(
        "/open-banking/fees",
        method="GET",
        permission="payment.read",
        summary="What a bank payment costs, and what it saves against the dearest tender",
        query=shapes.BankFeesQuery,
        returns=shapes.BankFeesView,
        errors=("payment_method_unavailable",),
        tag="open-banking",
    )
    def bank_fees(self, query):
        location = _location()
        ranked = request.env["fynlo.fees"]._ranked(location, Wish(query.bill, query.tip))
        places = {one.method: _ranked(location, rank, one) for rank, one in enumerate(ranked, 1)}
        if BANK not in places:
            raise Invalid(
                request.env._("This location takes no bank payments."), code="payment_method_unavailable", field=None
            )
        dearest = min(places.values(), key=lambda one: (not one["available"], one["saving"]["amount"]))
        return {"bank": places[BANK], "dearest": dearest}


def _end(link_id, reason, *, settled=False):
    """End a link after its payment; the provider is asked after the commit."""
    _link, payment_id = _service()._begin_ending(current_identity(), link_id, reason)
    registry = request.env.registry

    def end():
        if payment_id:
            provider_call.cancel(registry, payment_id)
        document = _now(link_id)
        if settled:
            _refuse_unless_over(document)
        return Answer(document)

    return Answer(None, afterwards=end)


def _refuse_unless_over(document):
    """Another tender may be taken only when no money can come by the link: neither did, nor may it yet."""
    if document["state"] == "paid":
        raise Problem(
            "pay_link_over",
            request.env._("The guest has paid by bank after all."),
            current_state="paid",
            reason=document["reason"],
        )
    if document["state"] in LIVE:
        raise Problem(
            "payment_in_progress",
            request.env._("The bank has not said yet that the payment is cancelled."),
            headers={"Retry-After": "2"},
        )
