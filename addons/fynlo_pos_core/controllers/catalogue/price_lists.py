"""Price lists, for managers."""

from odoo import http

from ...rest import api_route
from ..identity.views import EmptyView
from .entries import CHANGES, add_entry, archive_entry, change_entry, list_entries, show_entry
from .entry_shapes import CataloguePriceListView, EntryQuery, PriceListChange, PriceListPage, PriceListShape

MODEL = "product.pricelist"


class PriceListsController(http.Controller):
    @api_route(
        "/price-lists",
        method="GET",
        permission="catalogue.manage",
        summary="Price lists of the company and the shared ones",
        tag="catalogue",
        query=EntryQuery,
        returns=PriceListPage,
    )
    def list_price_lists(self, query):
        return list_entries(MODEL, query)

    @api_route(
        "/price-lists",
        method="POST",
        permission="catalogue.manage",
        summary="Add a price list",
        tag="catalogue",
        body=PriceListShape,
        returns=CataloguePriceListView,
        status=201,
    )
    def add_price_list(self, body):
        return add_entry(MODEL, body)

    @api_route(
        "/price-lists/<uuid:entry_id>",
        method="GET",
        permission="catalogue.manage",
        summary="One price list",
        tag="catalogue",
        returns=CataloguePriceListView,
        errors=("not_found",),
    )
    def show_price_list(self, entry_id):
        return show_entry(MODEL, entry_id)

    @api_route(
        "/price-lists/<uuid:entry_id>",
        method="PATCH",
        permission="catalogue.manage",
        summary="Change a price list; only the fields that are sent change",
        tag="catalogue",
        body=PriceListChange,
        returns=CataloguePriceListView,
        errors=(*CHANGES, "price_list_in_use"),
    )
    def change_price_list(self, entry_id, body):
        return change_entry(MODEL, entry_id, body)

    @api_route(
        "/price-lists/<uuid:entry_id>",
        method="DELETE",
        permission="catalogue.manage",
        summary="Archive a price list that nothing takes its prices from",
        tag="catalogue",
        returns=EmptyView,
        errors=(*CHANGES, "price_list_in_use"),
    )
    def archive_price_list(self, entry_id):
        return archive_entry(MODEL, entry_id)
