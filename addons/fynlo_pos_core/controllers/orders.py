"""Orders for tills. A handler finds the service and shapes the answer; rules live in the service."""

from odoo import http
from odoo.http import request

from ..rest import Answer, api_route, current_identity
from .operation_shapes import OperationsShape, OperationsView, ReasonShape
from .order_shapes import OrderPageView, OrderQuery, OrderShape, OrderView

REFUSALS = (
    "unknown_item",
    "item_unavailable",
    "invalid_choice",
    "invalid_quantity",
    "fixed_price",
    "too_many_lines",
    "order_too_old",
    "location_not_ready",
)


def _service():
    return request.env["fynlo.order.service"]


class OrdersController(http.Controller):
    @api_route(
        "/orders:calculate",
        method="POST",
        permission="order.create",
        summary="Price an order without writing anything",
        tag="orders",
        body=OrderShape,
        returns=OrderView,
        errors=REFUSALS,
        idempotent=False,
    )
    def calculate_order(self, body):
        return _service()._calculate(current_identity(), body)

    @api_route(
        "/orders",
        method="POST",
        permission="order.create",
        summary="Make an order; the server prices it",
        tag="orders",
        body=OrderShape,
        returns=OrderView,
        status=201,
        errors=(*REFUSALS, "no_open_session", "id_taken", "device_required"),
    )
    def create_order(self, body):
        order = _service()._create_order(current_identity(), body)
        return Answer(order, headers={"Location": f"/api/v1/orders/{order['id']}"}, resource=("order", order["id"]))

    @api_route(
        "/orders",
        method="GET",
        permission="order.read",
        summary="Orders of the location, the newest first",
        tag="orders",
        query=OrderQuery,
        returns=OrderPageView,
        errors=("location_not_ready",),
    )
    def list_orders(self, query):
        return _service()._page(current_identity(), query)

    @api_route(
        "/orders/<uuid:order_id>",
        method="GET",
        permission="order.read",
        summary="One order",
        tag="orders",
        returns=OrderView,
        errors=("not_found", "location_not_ready"),
    )
    def get_order(self, order_id):
        return _service()._document(current_identity(), order_id)

    @api_route(
        "/orders/<uuid:order_id>:complete",
        method="POST",
        permission="order.complete",
        summary="Close a fully paid order; it cannot be changed afterwards",
        tag="orders",
        returns=OrderView,
        errors=(
            "not_found",
            "illegal_transition",
            "amount_due",
            "payment_in_progress",
            "no_open_session",
            "location_not_ready",
        ),
    )
    def complete_order(self, order_id):
        order = _service()._complete(current_identity(), order_id)
        return Answer(order, resource=("order", order["id"]))

    @api_route(
        "/orders/<uuid:order_id>/operations",
        method="POST",
        permission="order.edit",
        summary="Edit an order by operations; edits of several tills are merged",
        tag="orders",
        body=OperationsShape,
        returns=OperationsView,
        errors=("not_found", "version_conflict", "too_many_operations", "batch_rejected", "location_not_ready"),
    )
    def operate_order(self, order_id, body):
        edited = _service()._operate(current_identity(), order_id, body)
        return Answer(edited, resource=("order", edited["order"]["id"]))

    @api_route(
        "/orders/<uuid:order_id>:reopen",
        method="POST",
        permission="order.edit",
        summary="Take back that an order was cancelled; by policy it needs order.reopen or an approval",
        tag="orders",
        body=ReasonShape,
        returns=OrderView,
        errors=(
            "not_found",
            "illegal_transition",
            "no_open_session",
            "item_unavailable",
            "approval_required",
            "approval_unusable",
        ),
    )
    def reopen_order(self, order_id, body):
        order = _service()._reopen(current_identity(), order_id, body.reason, body.approval_id)
        return Answer(order, resource=("order", order["id"]))

    @api_route(
        "/orders/<uuid:order_id>:cancel",
        method="POST",
        permission="order.cancel",
        summary="Cancel an open order on which no money was taken",
        tag="orders",
        body=ReasonShape,
        returns=OrderView,
        errors=("not_found", "illegal_transition", "approval_required", "approval_unusable"),
    )
    def cancel_order(self, order_id, body):
        order = _service()._cancel(current_identity(), order_id, body.reason, body.approval_id)
        return Answer(order, resource=("order", order["id"]))
