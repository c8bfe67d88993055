"""Pairing devices, and managing paired ones."""

from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ...rest import ANYONE, PAIRED, Answer, Invalid, NotFound, api_route, current_call, current_identity
from ...rest.paging import decode, page
from ...rest.shapes import Id, Name, NameView, PageQuery, Shape, View, WireMoment
from .auth import AppVersion
from .views import ConnectionEnding, DeviceView, EmployeeNameView, LocationView, Presence


class PairingCodeShape(Shape):
    location_id: Annotated[Id, Field(strict=False)]
    name: Name


class PairingCodeView(View):
    code: Annotated[str, Field(examples=["K7P4-9QXM"])]
    expires_at: WireMoment


class PairShape(Shape):
    code: Annotated[str, Field(min_length=8, max_length=20, examples=["K7P4-9QXM"])]
    name: Annotated[str, Field(max_length=120)] = ""
    platform: Annotated[str, Field(max_length=60, examples=["iPadOS 19.1"])] = ""
    app_version: AppVersion = ""


class PairedDeviceView(View):
    id: UUID
    name: str
    location: LocationView
    number_prefix: Annotated[str, Field(examples=["T3"])]


class PairingView(View):
    device: PairedDeviceView
    device_key: str
    employees: list[EmployeeNameView]


class DeviceQuery(PageQuery):
    location_id: UUID | None = None
    state: Literal["paired", "revoked"] | None = None
    presence: Presence | None = None


class PresentDeviceView(DeviceView):
    """A device as lists show it: with what is known of its connection at this moment."""

    presence: Presence
    address: Annotated[str, Field(examples=["203.0.113.9"])] | None
    last_ending: ConnectionEnding | None


class DevicePage(View):
    items: list[PresentDeviceView]
    next_cursor: str | None


class ConnectionQuery(PageQuery):
    open: bool | None = None


class ConnectionView(View):
    id: UUID
    device: NameView | None
    employee: NameView | None
    location: NameView | None
    address: str | None
    user_agent: str | None
    opened_at: WireMoment
    last_seen_at: WireMoment
    closed_at: WireMoment | None
    closed_by: Literal["client", "server", "network", "lost"] | None
    ending: ConnectionEnding | None
    code: Annotated[int, Field(examples=[4408])] | None
    reason: str | None
    topics: int
    messages_received: int
    events_replayed: int
    kilobytes_sent: int


class ConnectionPage(View):
    items: list[ConnectionView]
    next_cursor: str | None


class DeviceShape(Shape):
    name: Name | None = None
    location_id: Annotated[Id, Field(strict=False)] | None = None


class EmployeeNames(View):
    items: list[EmployeeNameView]
    next_cursor: None


class PairingController(http.Controller):
    @api_route(
        "/devices/pairing-codes",
        method="POST",
        permission="device.manage",
        summary="Make a code that pairs one device within ten minutes",
        tag="devices",
        body=PairingCodeShape,
        returns=PairingCodeView,
        status=201,
        idempotent=False,  # the answer is a secret: it is not kept for a repeat, which makes another code
        budget="auth",
    )
    def make_code(self, body):
        identity = current_identity()
        location = _location(identity, body.location_id)
        record, code = request.env["fynlo.pairing.code"]._make(location, body.name, identity.employee_name)
        return {"code": code, "expires_at": record._expires_wire()}

    @api_route(
        "/devices/pair",
        method="POST",
        permission=ANYONE,
        summary="Pair this device with a code; the key is shown this once",
        tag="devices",
        body=PairShape,
        returns=PairingView,
        status=201,
        errors=("pairing_code_invalid",),
        idempotent=False,
        budget="auth",
    )
    def pair(self, body):
        device, key = request.env["fynlo.pairing.code"]._redeem(
            body.code, name=body.name.strip(), platform=body.platform, app_version=body.app_version
        )
        location = device.config_id
        return {
            "device": {
                "id": device.fynlo_uuid,
                "name": device.name,
                "location": location._api_values(),
                "number_prefix": device.number_prefix,
            },
            "device_key": key,
            "employees": _names_at(location),
        }

    @api_route(
        "/devices/me/employees",
        method="GET",
        permission=PAIRED,
        summary="Who may sign in on this device",
        tag="devices",
        returns=EmployeeNames,
    )
    def list_names(self):
        location = request.env["pos.config"].sudo().browse(current_identity().location_id)
        return {"items": _names_at(location), "next_cursor": None}


class DevicesController(http.Controller):
    @api_route(
        "/devices",
        method="GET",
        permission="device.manage",
        summary="Devices of the company, and which of them are connected now",
        tag="devices",
        query=DeviceQuery,
        returns=DevicePage,
        fresh=True,
    )
    def list_devices(self, query):
        request.env["fynlo.connection.import"].sudo()._freshen()
        domain = _domain(current_identity())
        if query.location_id:
            domain.append(("config_id.fynlo_uuid", "=", str(query.location_id)))
        if query.state:
            domain.append(("state", "=", query.state))
        if query.presence:
            domain.append(("presence", "=", query.presence))
        if query.cursor:
            domain.append(("id", ">", decode(query.cursor, int)[0]))
        rows = request.env["fynlo.device"].sudo().search(domain, order="id", limit=query.limit + 1)
        return page(rows, query.limit, lambda device: device._presence_values(), lambda device: (device.id,))

    @api_route(
        "/devices/<string:device_id>",
        method="GET",
        permission="device.manage",
        summary="One device",
        tag="devices",
        returns=DeviceView,
    )
    def show_device(self, device_id):
        return _device(device_id)._api_values()

    @api_route(
        "/devices/<string:device_id>",
        method="PATCH",
        permission="device.manage",
        summary="Rename a device, or move it to another location (its sign-ins end)",
        tag="devices",
        body=DeviceShape,
        returns=DeviceView,
        errors=("version_conflict",),
    )
    def change_device(self, device_id, body):
        device = _locked(device_id)
        vals = {"name": body.name} if body.name else {}
        if body.location_id:
            vals["config_id"] = _location(current_identity(), body.location_id).id
        if not vals:
            raise Invalid("There is nothing to change.")
        device.write(vals)
        return Answer(device._api_values(), resource=("device", device.fynlo_uuid))

    @api_route(
        "/devices/<string:device_id>",
        method="DELETE",
        permission="device.manage",
        summary="Revoke a device: its key and sign-ins stop working at once",
        tag="devices",
        returns=DeviceView,
        errors=("version_conflict",),
    )
    def revoke_device(self, device_id):
        device = _locked(device_id)
        device._revoke()
        return Answer(device._api_values(), resource=("device", device.fynlo_uuid))


class ConnectionsController(http.Controller):
    @api_route(
        "/devices/<string:device_id>/connections",
        method="GET",
        permission="device.manage",
        summary="When a device was connected, the latest connection first",
        tag="devices",
        query=ConnectionQuery,
        returns=ConnectionPage,
        fresh=True,
    )
    def list_connections(self, device_id, query):
        request.env["fynlo.connection.import"].sudo()._freshen()
        domain = [("device_id", "=", _device(device_id).id), *_domain(current_identity())]
        if query.open is not None:
            domain.append(("closed_at", "=" if query.open else "!=", False))
        if query.cursor:
            domain.append(("id", "<", decode(query.cursor, int)[0]))
        rows = request.env["fynlo.connection"].sudo().search(domain, order="id desc", limit=query.limit + 1)
        return page(rows, query.limit, lambda row: row._api_values(), lambda row: (row.id,))


def _domain(identity):
    """What belongs to the caller's company, at the caller's locations."""
    locations = request.env.user.fynlo_location_ids
    bound = identity.role != "owner" and locations
    return [("company_id", "=", identity.company_id), *([("config_id", "in", locations.ids)] if bound else [])]


def _device(uuid):
    domain = [*_domain(current_identity()), ("fynlo_uuid", "=", uuid)]
    device = request.env["fynlo.device"].sudo().search(domain, limit=1)
    if not device:
        raise NotFound("There is no device with this id.")
    return device


def _locked(uuid):
    """The device, locked, in the version that the caller names."""
    device = _device(uuid)
    device.lock_for_update()
    current_call().require_version(device.version, device._api_values())
    return device


def _location(identity, uuid):
    location = (
        request.env["pos.config"]
        .sudo()
        .search([("fynlo_uuid", "=", str(uuid)), ("company_id", "=", identity.company_id)], limit=1)
    )
    employee = request.env["hr.employee"].sudo().browse(identity.employee_id)
    if not location or not (identity.role == "owner" or employee._fynlo_may_work_at(location)):
        raise NotFound("There is no location with this id.")
    return location


def _names_at(location):
    return [employee._fynlo_name_values() for employee in request.env["hr.employee"]._fynlo_at(location)]
