"""The kitchen for tills and kitchen screens: sending orders, working tickets, what is left to do."""

from odoo import http
from odoo.http import request

from ..rest import PAIRED, Answer, api_route, current_call, current_identity
from ..tools.settings import settings
from .kitchen_shapes import (
    DisplayView,
    SendShape,
    SentView,
    StationsView,
    SummaryQuery,
    SummaryView,
    TicketPageView,
    TicketQuery,
    TicketView,
)

STEP_ERRORS = ("not_found", "illegal_transition", "version_conflict")


def _desk():
    return request.env["fynlo.kitchen.desk"]


def _work(ticket_id, verb):
    ticket = _desk()._work(current_identity(), ticket_id, verb, current_call())
    return Answer(ticket, resource=("ticket", ticket["id"]))


class SendingController(http.Controller):
    @api_route(
        "/orders/<uuid:order_id>:send",
        method="POST",
        permission="order.send",
        summary="Send what is new on an order to the kitchen",
        tag="kitchen",
        body=SendShape,
        returns=SentView,
        errors=("not_found", "order_closed", "unknown_item", "location_not_ready"),
    )
    def send_order(self, order_id, body):
        sent = request.env["fynlo.order.service"]._send(current_identity(), order_id, body)
        return Answer(sent, resource=("order", sent["order"]["id"]))


class KitchenController(http.Controller):
    @api_route(
        "/kitchen/stations",
        method="GET",
        permission="kitchen.read",
        summary="The stations of the location's kitchen",
        tag="kitchen",
        returns=StationsView,
    )
    def list_stations(self):
        return {"items": _desk()._stations(current_identity()), "next_cursor": None}

    @api_route(
        "/kitchen/tickets",
        method="GET",
        permission="kitchen.read",
        summary="Kitchen tickets: unfinished ones the oldest first, finished ones the latest first",
        tag="kitchen",
        query=TicketQuery,
        returns=TicketPageView,
    )
    def list_tickets(self, query):
        return _desk()._page(current_identity(), query)

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>",
        method="GET",
        permission="kitchen.read",
        summary="One kitchen ticket",
        tag="kitchen",
        returns=TicketView,
        errors=("not_found",),
    )
    def get_ticket(self, ticket_id):
        return _desk()._document(current_identity(), ticket_id)

    @api_route(
        "/kitchen/summary",
        method="GET",
        permission="kitchen.read",
        summary="What is left to make, and how long tickets take today",
        tag="kitchen",
        query=SummaryQuery,
        returns=SummaryView,
    )
    def summary(self, query):
        return request.env["fynlo.kitchen.summary"]._of(current_identity(), query.station)

    @api_route(
        "/kitchen/display",
        method="GET",
        permission=PAIRED,
        summary="What a kitchen screen needs to begin (Authorization: Device <key>)",
        tag="kitchen",
        returns=DisplayView,
    )
    def display(self):
        identity = current_identity()
        device = request.env["fynlo.device"].sudo().browse(identity.device_id)
        return {
            "device": {"id": device.fynlo_uuid, "name": device.name},
            "location": {"id": identity.location_uuid, "name": device.config_id.name},
            "ws_url": settings().ws_url,
            "websocket": device.config_id._fynlo_line(),
        }

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>:start",
        method="POST",
        permission="kitchen.work",
        summary="Begin a ticket",
        tag="kitchen",
        returns=TicketView,
        errors=STEP_ERRORS,
    )
    def start_ticket(self, ticket_id):
        return _work(ticket_id, "start")

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>:ready",
        method="POST",
        permission="kitchen.work",
        summary="A ticket is at the pass",
        tag="kitchen",
        returns=TicketView,
        errors=STEP_ERRORS,
    )
    def ready_ticket(self, ticket_id):
        return _work(ticket_id, "ready")

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>:served",
        method="POST",
        permission="kitchen.work",
        summary="The guests have it; a notice was seen",
        tag="kitchen",
        returns=TicketView,
        errors=STEP_ERRORS,
    )
    def serve_ticket(self, ticket_id):
        return _work(ticket_id, "served")

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>:recall",
        method="POST",
        permission="kitchen.work",
        summary="A ticket comes back to the kitchen",
        tag="kitchen",
        returns=TicketView,
        errors=STEP_ERRORS,
    )
    def recall_ticket(self, ticket_id):
        return _work(ticket_id, "recall")

    @api_route(
        "/kitchen/tickets/<uuid:ticket_id>:print",
        method="POST",
        permission="kitchen.work",
        summary="Print a ticket once more; marked as a copy unless surely nothing came out before",
        tag="kitchen",
        returns=TicketView,
        errors=("not_found", "no_printer"),
    )
    def print_ticket(self, ticket_id):
        ticket = _desk()._print(current_identity(), ticket_id)
        return Answer(ticket, resource=("ticket", ticket["id"]))
