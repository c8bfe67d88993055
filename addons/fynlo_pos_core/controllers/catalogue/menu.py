"""The menu of a location, and its floors."""

from uuid import UUID

from odoo import http
from odoo.http import request

from ...rest import Answer, api_route, current_identity
from ...rest.shapes import QueryShape, View
from ..place import chosen_location
from .entry_shapes import AvailabilityView
from .menu_views import FloorView, MenuView


class MenuQuery(QueryShape):
    """Which location's menu; that of the device when not given."""

    location_id: UUID | None = None


class FloorListView(View):
    items: list[FloorView]
    next_cursor: str | None


class StockListView(View):
    items: list[AvailabilityView]
    next_cursor: str | None


class MenuController(http.Controller):
    @api_route(
        "/menu",
        method="GET",
        permission="menu.read",
        summary="The whole menu of a location: products, prices, modifiers, combos, taxes, tables",
        tag="catalogue",
        query=MenuQuery,
        returns=MenuView,
        errors=("not_found",),
    )
    def read_menu(self, query):
        """Prepared once a catalogue version; the answer of a till that has it is 304."""
        location_id, location_uuid = chosen_location(query.location_id)
        menu = request.env["fynlo.menu"]._prepared(location_id, location_uuid, current_identity().catalogue_version)
        return Answer(menu.raw, compressed=menu.compressed, etag=menu.etag)

    @api_route(
        "/menu/stock",
        method="GET",
        permission="menu.read",
        summary="How many of each counted thing and of each product in stock a location has left now",
        tag="catalogue",
        query=MenuQuery,
        returns=StockListView,
        errors=("not_found", "location_not_ready"),
    )
    def read_stock(self, query):
        """A menu shows the numbers of when it was made; these are of now."""
        location_id, _uuid = chosen_location(query.location_id)
        items = request.env["fynlo.stock.sheet"]._items(location_id, current_identity().catalogue_version)
        return {"items": items, "next_cursor": None}

    @api_route(
        "/floors",
        method="GET",
        permission="menu.read",
        summary="The floors of a location with their tables",
        tag="catalogue",
        query=MenuQuery,
        returns=FloorListView,
        errors=("not_found",),
    )
    def list_floors(self, query):
        location_id, _uuid = chosen_location(query.location_id)
        return {"items": request.env["fynlo.menu"]._floors(location_id), "next_cursor": None}
