"""Settings: what tills work by at their location, and each section for whoever manages it."""

from odoo import http
from odoo.http import request

from ..rest import SIGNED_IN, Answer, api_route, current_identity
from . import settings_shapes as shapes
from .place import chosen_location


class SettingsController(http.Controller):
    @api_route(
        "/settings",
        method="GET",
        permission=SIGNED_IN,
        summary="All settings that tills work by at a location",
        tag="settings",
        query=shapes.SettingsQuery,
        returns=shapes.SettingsView,
        errors=("not_found",),
    )
    def read_settings(self, query):
        """Prepared once a version; the answer of a till that has it is 304."""
        location_id, location_uuid = chosen_location(query.location_id)
        version = current_identity().settings_version
        told = request.env["fynlo.settings"]._snapshot(location_id, location_uuid, version)
        return Answer(told.raw, compressed=told.compressed, etag=told.etag)


def section_routes(name, view, change):
    """The two handlers of a section: read it, and change the fields that are sent."""

    @api_route(
        f"/settings/{name}",
        method="GET",
        permission="settings.read",
        summary=f"The section {name} of a location's settings",
        tag="settings",
        query=shapes.SettingsQuery,
        returns=view,
        errors=("not_found",),
    )
    def read_section(self, query):
        return request.env["fynlo.settings"]._read_section(name, _location(query))

    @api_route(
        f"/settings/{name}",
        method="PATCH",
        permission="settings.manage",
        summary=f"Change the section {name}; only the fields that are sent change",
        tag="settings",
        query=shapes.SettingsQuery,
        body=change,
        returns=view,
        errors=("not_found", "version_conflict", "permission_denied"),
    )
    def change_section(self, query, body):
        sent = body.model_dump(exclude_unset=True)
        section = request.env["fynlo.settings"]._change(current_identity(), name, _location(query), sent)
        return Answer(section, resource=("settings", section["id"]))

    return read_section, change_section


def _location(query):
    location_id, _uuid = chosen_location(query.location_id)
    return request.env["pos.config"].browse(location_id)


class SectionsController(http.Controller):
    read_business, change_business = section_routes(
        "business", shapes.BusinessSettingsView, shapes.BusinessSettingsChange
    )
    read_taxes, change_taxes = section_routes("taxes", shapes.TaxesView, shapes.TaxesChange)
    read_hours, change_hours = section_routes("hours", shapes.HoursView, shapes.HoursChange)
    read_menu, change_menu = section_routes("menu", shapes.MenuSettingsView, shapes.MenuSettingsChange)
    read_receipt, change_receipt = section_routes("receipt", shapes.ReceiptSettingsView, shapes.ReceiptSettingsChange)
    read_ui, change_ui = section_routes("ui", shapes.UiView, shapes.UiChange)
    read_websocket, change_websocket = section_routes("websocket", shapes.WebsocketView, shapes.WebsocketChange)
    read_sign_in, change_sign_in = section_routes("sign_in", shapes.SignInSettingsView, shapes.SignInSettingsChange)
    read_notifications, change_notifications = section_routes(
        "notifications", shapes.NotificationsView, shapes.NotificationsChange
    )
    read_retention, change_retention = section_routes("retention", shapes.RetentionView, shapes.RetentionChange)
    read_cache, change_cache = section_routes("cache", shapes.CacheSettingsView, shapes.CacheSettingsChange)
