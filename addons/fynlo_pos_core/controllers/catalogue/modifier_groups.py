"""Modifier groups, for managers, and what of them has run out."""

from odoo import http
from odoo.http import request

from ...rest import api_route, current_identity
from ..identity.views import EmptyView
from .entries import CHANGES, add_entry, archive_entry, change_entry, list_entries, show_entry
from .entry_shapes import (
    AvailabilityView,
    CatalogueModifierGroupView,
    EntryQuery,
    ModifierAvailabilityShape,
    ModifierGroupChange,
    ModifierGroupPage,
    ModifierGroupShape,
)

MODEL = "fynlo.modifier.group"


class ModifierGroupsController(http.Controller):
    @api_route(
        "/modifier-groups",
        method="GET",
        permission="catalogue.manage",
        summary="Modifier groups of the company and the shared ones",
        tag="catalogue",
        query=EntryQuery,
        returns=ModifierGroupPage,
    )
    def list_modifier_groups(self, query):
        return list_entries(MODEL, query)

    @api_route(
        "/modifier-groups",
        method="POST",
        permission="catalogue.manage",
        summary="Add a modifier group",
        tag="catalogue",
        body=ModifierGroupShape,
        returns=CatalogueModifierGroupView,
        status=201,
    )
    def add_modifier_group(self, body):
        return add_entry(MODEL, body)

    @api_route(
        "/modifier-groups/<uuid:entry_id>",
        method="GET",
        permission="catalogue.manage",
        summary="One modifier group",
        tag="catalogue",
        returns=CatalogueModifierGroupView,
        errors=("not_found",),
    )
    def show_modifier_group(self, entry_id):
        return show_entry(MODEL, entry_id)

    @api_route(
        "/modifier-groups/<uuid:entry_id>",
        method="PATCH",
        permission="catalogue.manage",
        summary="Change a modifier group; only the fields that are sent change",
        tag="catalogue",
        body=ModifierGroupChange,
        returns=CatalogueModifierGroupView,
        errors=CHANGES,
    )
    def change_modifier_group(self, entry_id, body):
        return change_entry(MODEL, entry_id, body)

    @api_route(
        "/modifier-groups/<uuid:entry_id>",
        method="DELETE",
        permission="catalogue.manage",
        summary="Archive a modifier group",
        tag="catalogue",
        returns=EmptyView,
        errors=CHANGES,
    )
    def archive_modifier_group(self, entry_id):
        return archive_entry(MODEL, entry_id)

    @api_route(
        "/modifiers/<uuid:modifier_id>:set-availability",
        method="POST",
        permission="menu.availability",
        summary="Say that the location has run out of a modifier, or has it again",
        tag="catalogue",
        body=ModifierAvailabilityShape,
        returns=AvailabilityView,
        errors=("not_found",),
    )
    def set_modifier_availability(self, modifier_id, body):
        return request.env["fynlo.catalogue.desk"]._set_modifier_availability(current_identity(), modifier_id, body)
