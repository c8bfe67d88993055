"""Products, for managers, and what of them a location has run out of."""

import base64

from odoo import http
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from ...rest import Answer, NotFound, api_route, current_identity
from ...rest.shapes import QueryShape
from ..identity.views import EmptyView
from .entries import CHANGES, add_entry, archive_entry, change_entry, list_entries, show_entry
from .entry_shapes import (
    AvailabilityShape,
    AvailabilityView,
    CatalogueProductView,
    EntryQuery,
    ProductChange,
    ProductPage,
    ProductShape,
)

MODEL = "product.template"


class ImageQuery(QueryShape):
    """``v`` is the picture's version, so that a new picture has a new address."""

    v: str = ""


class ProductsController(http.Controller):
    @api_route(
        "/products",
        method="GET",
        permission="catalogue.manage",
        summary="Products of the company and the shared ones",
        tag="catalogue",
        query=EntryQuery,
        returns=ProductPage,
    )
    def list_products(self, query):
        return list_entries(MODEL, query)

    @api_route(
        "/products",
        method="POST",
        permission="catalogue.manage",
        summary="Add a product of one size",
        tag="catalogue",
        body=ProductShape,
        returns=CatalogueProductView,
        status=201,
    )
    def add_product(self, body):
        return add_entry(MODEL, body)

    @api_route(
        "/products/<uuid:entry_id>",
        method="GET",
        permission="catalogue.manage",
        summary="One product",
        tag="catalogue",
        returns=CatalogueProductView,
        errors=("not_found",),
    )
    def show_product(self, entry_id):
        return show_entry(MODEL, entry_id)

    @api_route(
        "/products/<uuid:entry_id>",
        method="PATCH",
        permission="catalogue.manage",
        summary="Change a product of one size; only the fields that are sent change",
        tag="catalogue",
        body=ProductChange,
        returns=CatalogueProductView,
        errors=CHANGES,
    )
    def change_product(self, entry_id, body):
        return change_entry(MODEL, entry_id, body)

    @api_route(
        "/products/<uuid:entry_id>",
        method="DELETE",
        permission="catalogue.manage",
        summary="Archive a product",
        tag="catalogue",
        returns=EmptyView,
        errors=CHANGES,
    )
    def archive_product(self, entry_id):
        return archive_entry(MODEL, entry_id)

    @api_route(
        "/products/<uuid:product_id>:set-availability",
        method="POST",
        permission="menu.availability",
        summary="Say that the location has run out of a product or a size of it, or has it again",
        tag="catalogue",
        body=AvailabilityShape,
        returns=AvailabilityView,
        errors=("not_found",),
    )
    def set_product_availability(self, product_id, body):
        return request.env["fynlo.catalogue.desk"]._set_availability(current_identity(), product_id, body)

    @api_route(
        "/products/<uuid:product_id>/image",
        method="GET",
        permission="menu.read",
        summary="The picture of a product, at most 512 pixels wide and high",
        tag="catalogue",
        query=ImageQuery,
        answer_types=("image/png", "image/jpeg", "image/webp"),
        errors=("not_found",),
    )
    def show_product_image(self, product_id, query):
        product = request.env["fynlo.catalogue.desk"]._find(current_identity(), MODEL, product_id)
        if not product.image_512:
            raise NotFound("This product has no picture.")
        picture = base64.b64decode(product.image_512)
        return Answer(picture, media_type=guess_mimetype(picture), headers={"Cache-Control": "private, max-age=86400"})
