"""Refunds for tills. Rules live in ``models/refund_service.py``."""

from odoo import http
from odoo.addons.fynlo_pos_core.rest import api_route, current_identity
from odoo.http import request

from .refund_answers import answer_refunds, answer_rollback
from .refund_shapes import (
    PaymentRefundShape,
    RefundPageView,
    RefundQuery,
    RefundShape,
    RefundsView,
    RefundView,
    RepeatShape,
    RollbackShape,
)

EXAMPLE = {
    "id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a77",
    "lines": [{"line_id": "0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a78", "quantity": "1", "restock": False}],
    "reason": "Cold",
}
ERRORS = (
    "not_found",
    "illegal_transition",
    "line_gone",
    "refund_exceeds_paid",
    "nothing_to_refund",
    "refund_unavailable",
    "payment_method_unavailable",
    "gift_card_unknown",
    "gift_card_balance",
    "no_open_session",
    "id_taken",
    "approval_required",
    "approval_unusable",
    "location_not_ready",
)


def _service():
    return request.env["fynlo.refund.service"]


class RefundsController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>/refunds",
        method="POST",
        permission="refund.create",
        summary="Give back lines, an amount or all of a completed order",
        tag="refunds",
        body=RefundShape,
        example=EXAMPLE,
        returns=RefundsView,
        may_wait=True,
        status=201,
        errors=ERRORS,
        budget="money",
    )
    def refund_order(self, order_id, body):
        return answer_refunds(_service()._refund_order(current_identity(), order_id, body), status=201)

    @api_route(
        "/payments/<uuid:payment_id>/refunds",
        method="POST",
        permission="payment.refund",
        summary="Give back one payment of a completed order, all or part of it",
        tag="refunds",
        body=PaymentRefundShape,
        example=EXAMPLE,
        returns=RefundsView,
        may_wait=True,
        status=201,
        errors=ERRORS,
        budget="money",
    )
    def refund_payment(self, payment_id, body):
        return answer_refunds(_service()._refund_payment(current_identity(), payment_id, body), status=201)

    @api_route(
        "/refunds/<uuid:refund_id>:repeat",
        method="POST",
        permission="refund.create",
        summary="Give back again what a failed refund left owed, by the same tender or another",
        tag="refunds",
        body=RepeatShape,
        returns=RefundsView,
        may_wait=True,
        status=201,
        errors=ERRORS,
        budget="money",
    )
    def repeat_refund(self, refund_id, body):
        return answer_refunds(_service()._repeat(current_identity(), refund_id, body), status=201)

    @api_route(
        "/orders/<uuid:order_id>:rollback-payments",
        method="POST",
        permission="payment.cancel",
        summary="Give back payments of an open order",
        tag="refunds",
        body=RollbackShape,
        returns=RefundsView,
        may_wait=True,
        errors=(
            "not_found",
            "illegal_transition",
            "nothing_to_refund",
            "refund_unavailable",
            "no_open_session",
            "id_taken",
        ),
        budget="money",
    )
    def roll_back_payments(self, order_id, body):
        return answer_rollback(_service()._roll_back(current_identity(), order_id, body), body)

    @api_route(
        "/refunds",
        method="GET",
        permission="payment.read",
        summary="Refunds of the location, the newest first",
        tag="refunds",
        query=RefundQuery,
        returns=RefundPageView,
    )
    def list_refunds(self, query):
        return _service()._page(current_identity(), query)

    @api_route(
        "/refunds/<uuid:refund_id>",
        method="GET",
        permission="payment.read",
        summary="One refund",
        tag="refunds",
        returns=RefundView,
        errors=("not_found",),
    )
    def get_refund(self, refund_id):
        return _service()._read(current_identity(), refund_id)
