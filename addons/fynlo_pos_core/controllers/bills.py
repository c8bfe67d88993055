"""Bills for tills: orders that are split, merged, and handed over."""

from odoo import http
from odoo.http import request

from ..rest import Answer, api_route, current_identity
from .order_shapes import OrderView
from .table_shapes import MergeShape, SplitShape, SplitView, TransferShape

ERRORS = ("not_found", "order_closed", "location_not_ready")


def _service():
    return request.env["fynlo.order.service"]


def _answer(order):
    return Answer(order, resource=("order", order["id"]))


class BillsController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>:split",
        method="POST",
        permission="order.edit",
        summary="Split an order by item or by seat, or share its bill evenly or by amount",
        tag="orders",
        body=SplitShape,
        returns=SplitView,
        errors=(
            *ERRORS,
            "line_gone",
            "quantity_below_zero",
            "unknown_item",
            "nothing_left",
            "paid_exceeds_total",
            "payment_in_progress",
            "share_paid",
            "id_taken",
            "no_open_session",
            "device_required",
        ),
    )
    def split_order(self, order_id, body):
        split = _service()._split(current_identity(), order_id, body.root)
        return Answer(split, resource=("order", split["order"]["id"]))

    @api_route(
        "/orders/<uuid:order_id>:merge",
        method="POST",
        permission="order.edit",
        summary="Merge other open orders into this one",
        tag="orders",
        body=MergeShape,
        returns=OrderView,
        errors=(*ERRORS, "merge_paid_order", "payment_in_progress", "orders_differ", "too_many_lines"),
    )
    def merge_orders(self, order_id, body):
        return _answer(_service()._merge(current_identity(), order_id, body.order_ids))

    @api_route(
        "/orders/<uuid:order_id>:transfer",
        method="POST",
        permission="table.manage",
        summary="Hand an order over to another server, or to another table",
        tag="orders",
        body=TransferShape,
        returns=OrderView,
        errors=(*ERRORS, "unknown_item"),
    )
    def transfer_order(self, order_id, body):
        return _answer(_service()._transfer(current_identity(), order_id, body))
