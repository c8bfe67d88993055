"""Categories, for managers."""

from odoo import http

from ...rest import api_route
from ..identity.views import EmptyView
from .entries import CHANGES, add_entry, archive_entry, change_entry, list_entries, show_entry
from .entry_shapes import CatalogueCategoryView, CategoryChange, CategoryPage, CategoryShape, EntryQuery

MODEL = "pos.category"


class CategoriesController(http.Controller):
    @api_route(
        "/categories",
        method="GET",
        permission="catalogue.manage",
        summary="Categories of the company and the shared ones",
        tag="catalogue",
        query=EntryQuery,
        returns=CategoryPage,
    )
    def list_categories(self, query):
        return list_entries(MODEL, query)

    @api_route(
        "/categories",
        method="POST",
        permission="catalogue.manage",
        summary="Add a category",
        tag="catalogue",
        body=CategoryShape,
        returns=CatalogueCategoryView,
        status=201,
    )
    def add_category(self, body):
        return add_entry(MODEL, body)

    @api_route(
        "/categories/<uuid:entry_id>",
        method="GET",
        permission="catalogue.manage",
        summary="One category",
        tag="catalogue",
        returns=CatalogueCategoryView,
        errors=("not_found",),
    )
    def show_category(self, entry_id):
        return show_entry(MODEL, entry_id)

    @api_route(
        "/categories/<uuid:entry_id>",
        method="PATCH",
        permission="catalogue.manage",
        summary="Change a category; only the fields that are sent change",
        tag="catalogue",
        body=CategoryChange,
        returns=CatalogueCategoryView,
        errors=CHANGES,
    )
    def change_category(self, entry_id, body):
        return change_entry(MODEL, entry_id, body)

    @api_route(
        "/categories/<uuid:entry_id>",
        method="DELETE",
        permission="catalogue.manage",
        summary="Delete a category; its products stay",
        tag="catalogue",
        returns=EmptyView,
        errors=CHANGES,
    )
    def archive_category(self, entry_id):
        return archive_entry(MODEL, entry_id)
