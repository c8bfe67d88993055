"""Tables for tills: how they stand, seating and clearing, joining and moving."""

from odoo import http
from odoo.http import request

from ..rest import Answer, api_route, current_call, current_identity
from .table_shapes import JoinShape, MoveShape, TablePatchShape, TableStatusListView, TableStatusView

ERRORS = ("not_found", "version_conflict", "table_joined", "location_not_ready")


def _desk():
    return request.env["fynlo.table.desk"]


def _answer(table):
    return Answer(table, resource=("table", table["id"]))


class TablesController(http.Controller):
    @api_route(
        "/tables/status",
        method="GET",
        permission="order.read",
        summary="Every table as it stands: party, open orders, what is due, and since when",
        tag="tables",
        returns=TableStatusListView,
        errors=("location_not_ready",),
    )
    def list_table_status(self):
        return _desk()._page(current_identity())

    @api_route(
        "/tables/<uuid:table_id>",
        method="PATCH",
        permission="table.manage",
        summary="Seat a party, change it, note that it asks for the bill, or clear the table",
        tag="tables",
        body=TablePatchShape,
        returns=TableStatusView,
        errors=(*ERRORS, "illegal_transition", "table_in_use", "unknown_item"),
    )
    def change_table(self, table_id, body):
        return _answer(_desk()._change(current_identity(), table_id, body, current_call()))

    @api_route(
        "/tables/<uuid:table_id>:join",
        method="POST",
        permission="table.manage",
        summary="Put other tables to this one for a large party",
        tag="tables",
        body=JoinShape,
        returns=TableStatusView,
        errors=ERRORS,
    )
    def join_tables(self, table_id, body):
        return _answer(_desk()._join(current_identity(), table_id, body.table_ids, current_call()))

    @api_route(
        "/tables/<uuid:table_id>:unjoin",
        method="POST",
        permission="table.manage",
        summary="Take a table off the one it was joined to, or all tables off this one",
        tag="tables",
        returns=TableStatusView,
        errors=("not_found", "version_conflict", "location_not_ready"),
    )
    def unjoin_table(self, table_id):
        return _answer(_desk()._unjoin(current_identity(), table_id, current_call()))

    @api_route(
        "/tables/<uuid:table_id>:move",
        method="POST",
        permission="table.manage",
        summary="Move the whole party with all its open orders to a free table",
        tag="tables",
        body=MoveShape,
        returns=TableStatusView,
        errors=(*ERRORS, "illegal_transition", "table_in_use"),
    )
    def move_party(self, table_id, body):
        return _answer(_desk()._move(current_identity(), table_id, body.to_table_id, current_call()))
