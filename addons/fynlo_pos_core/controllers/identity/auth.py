"""Signing in and out, and keeping signed in."""

from typing import Annotated
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ...rest import ANYONE, PAIRED, SIGNED_IN, api_route, current_call, current_identity
from ...rest.shapes import Id, NameView, Shape, View
from .views import EmployeeNameView, EmptyView, LocationView, SignInView

Email = Annotated[str, Field(min_length=3, max_length=254, examples=["sam@fynlo.example"])]
Pin = Annotated[str, Field(pattern=r"^[0-9]{4,8}$", examples=["1234"])]
AppVersion = Annotated[str, Field(max_length=60, examples=["4.2.0"])]


class LoginShape(Shape):
    email: Email
    password: Annotated[str, Field(min_length=1, max_length=200)]
    totp: Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["123456"])] | None = None
    location_id: Annotated[Id, Field(strict=False)] | None = None


class PinShape(Shape):
    employee_id: Annotated[Id, Field(strict=False)]
    pin: Pin
    app_version: AppVersion | None = None


class RefreshShape(Shape):
    refresh_token: Annotated[str, Field(min_length=20, max_length=200)]
    app_version: AppVersion | None = None


class MeView(View):
    employee: EmployeeNameView
    location: LocationView
    company: NameView
    device: NameView | None
    session_id: UUID
    permissions: list[str]


class AuthController(http.Controller):
    @api_route(
        "/auth/login",
        method="POST",
        permission=ANYONE,
        summary="Sign in with e-mail and password",
        tag="auth",
        body=LoginShape,
        returns=SignInView,
        errors=("credentials_invalid", "totp_required", "totp_invalid", "sign_in_locked", "operation_in_progress"),
        idempotent=False,
        budget="auth",
    )
    def log_in(self, body):
        return request.env["fynlo.sign.in"]._by_password(
            body.email,
            body.password,
            totp=body.totp,
            location_uuid=body.location_id,
            device=_device_of_header(),
            **_origin(),
        )

    @api_route(
        "/auth/pin",
        method="POST",
        permission=PAIRED,
        summary="Sign in by PIN on a paired device (Authorization: Device <key>)",
        tag="auth",
        body=PinShape,
        returns=SignInView,
        errors=("credentials_invalid", "sign_in_locked"),
        idempotent=False,
        budget="auth",
    )
    def enter_pin(self, body):
        device = request.env["fynlo.device"].sudo().browse(current_identity().device_id)
        return request.env["fynlo.sign.in"]._by_pin(
            device, body.employee_id, body.pin, app_version=body.app_version, **_origin()
        )

    @api_route(
        "/auth/refresh",
        method="POST",
        permission=ANYONE,
        summary="Exchange a refresh token for a new access token and the next refresh token",
        tag="auth",
        body=RefreshShape,
        returns=SignInView,
        errors=("token_invalid", "device_revoked"),
        idempotent=False,
        budget="auth",
    )
    def refresh(self, body):
        return request.env["fynlo.refresh.token"]._exchange(
            body.refresh_token, app_version=body.app_version, **_origin()
        )

    @api_route(
        "/auth/logout",
        method="POST",
        permission=SIGNED_IN,
        summary="Sign out; the session's tokens stop working at once",
        tag="auth",
        returns=EmptyView,
        idempotent=False,
        budget="auth",
    )
    def log_out(self):
        sessions = request.env["fynlo.session"].sudo()
        sessions._end(sessions.browse(current_identity().session_id), "signed_out", state="ended")
        return {}

    @api_route(
        "/auth/me",
        method="GET",
        permission=SIGNED_IN,
        summary="Who is signed in, where, and what they may do now",
        tag="auth",
        returns=MeView,
    )
    def show_me(self):
        identity = current_identity()
        location = request.env["pos.config"].sudo().browse(identity.location_id)
        device = request.env["fynlo.device"].sudo().browse(identity.device_id or [])
        session = request.env["fynlo.session"].sudo().browse(identity.session_id)
        # each has dozens of columns, and left alone Odoo would read them all
        location.fetch(["fynlo_uuid", "name", "fynlo_time_zone", "currency_id", "company_id"])
        location.currency_id.fetch(["name"])
        location.company_id.fetch(["name"])
        device.fetch(["fynlo_uuid", "name"])
        session.fetch(["fynlo_uuid"])
        return {
            "employee": {"id": identity.employee_uuid, "name": identity.employee_name, "role": identity.role},
            "location": location._api_values(),
            "company": {"id": identity.company_uuid, "name": location.company_id.name},
            "device": {"id": device.fynlo_uuid, "name": device.name} if device else None,
            "session_id": session.fynlo_uuid,
            "permissions": sorted(identity.permissions),
        }


def _origin():
    """Where the request comes from, for the session list."""
    return {"address": current_call().address, "user_agent": request.httprequest.headers.get("User-Agent", "")}


def _device_of_header():
    """The paired device that names itself beside an e-mail and password, if one does."""
    scheme, _, key = request.httprequest.headers.get("Authorization", "").partition(" ")
    return request.env["fynlo.device"]._by_key(key.strip()) if scheme.lower() == "device" and key.strip() else None
