"""Discounts, for managers."""

from odoo import http

from ...rest import api_route
from ..identity.views import EmptyView
from .entries import CHANGES, add_entry, archive_entry, change_entry, list_entries, show_entry
from .entry_shapes import CatalogueDiscountView, DiscountChange, DiscountPage, DiscountShape, EntryQuery

MODEL = "fynlo.discount"


class DiscountsController(http.Controller):
    @api_route(
        "/discounts",
        method="GET",
        permission="catalogue.manage",
        summary="Discounts of the company and the shared ones",
        tag="catalogue",
        query=EntryQuery,
        returns=DiscountPage,
    )
    def list_discounts(self, query):
        return list_entries(MODEL, query)

    @api_route(
        "/discounts",
        method="POST",
        permission="catalogue.manage",
        summary="Add a discount",
        tag="catalogue",
        body=DiscountShape,
        returns=CatalogueDiscountView,
        status=201,
    )
    def add_discount(self, body):
        return add_entry(MODEL, body)

    @api_route(
        "/discounts/<uuid:entry_id>",
        method="GET",
        permission="catalogue.manage",
        summary="One discount",
        tag="catalogue",
        returns=CatalogueDiscountView,
        errors=("not_found",),
    )
    def show_discount(self, entry_id):
        return show_entry(MODEL, entry_id)

    @api_route(
        "/discounts/<uuid:entry_id>",
        method="PATCH",
        permission="catalogue.manage",
        summary="Change a discount; only the fields that are sent change",
        tag="catalogue",
        body=DiscountChange,
        returns=CatalogueDiscountView,
        errors=CHANGES,
    )
    def change_discount(self, entry_id, body):
        return change_entry(MODEL, entry_id, body)

    @api_route(
        "/discounts/<uuid:entry_id>",
        method="DELETE",
        permission="catalogue.manage",
        summary="Archive a discount",
        tag="catalogue",
        returns=EmptyView,
        errors=CHANGES,
    )
    def archive_discount(self, entry_id):
        return archive_entry(MODEL, entry_id)
