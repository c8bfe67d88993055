"""Alerts over the API: what is wrong now, what was, and who takes care of it."""

from typing import Literal
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ..rest import Answer, api_route, current_identity
from ..rest.shapes import PageQuery, View, WireMoment

AlertState = Literal["open", "acknowledged", "cleared"]


class AlertQuery(PageQuery):
    """Alerts that were not cleared, or those of one state; the newest first."""

    state: AlertState | None = None


class AlertSubjectView(View):
    """The one thing that it is about; ``id`` is its public id, or its name where it has none."""

    kind: str = Field(examples=["printer"])
    id: str
    name: str = Field(examples=["Bar printer"])


class AlertView(View):
    id: UUID
    code: str = Field(examples=["printer"])
    text: str = Field(examples=["A printer fails: Bar printer"])
    state: AlertState
    level: Literal["warn", "fail"]
    scope: Literal["company", "system"]
    location_id: UUID | None
    subject: AlertSubjectView | None
    value: float
    unit: str
    note: str
    hint: str = Field(description="What to do.")
    since: WireMoment
    raised_at: WireMoment | None
    acknowledged_at: WireMoment | None
    acknowledged_by: str | None
    cleared_at: WireMoment | None


class AlertPageView(View):
    items: list[AlertView]
    next_cursor: str | None


class AlertsController(http.Controller):
    @api_route(
        "/alerts",
        method="GET",
        permission="report.read",
        summary="Alerts of the company; those of the whole system too with system.read",
        tag="system",
        query=AlertQuery,
        returns=AlertPageView,
    )
    def list_alerts(self, query):
        return request.env["fynlo.alert"]._page(current_identity(), query)

    @api_route(
        "/alerts/<uuid:alert_id>",
        method="GET",
        permission="report.read",
        summary="One alert",
        tag="system",
        returns=AlertView,
        errors=("not_found",),
    )
    def get_alert(self, alert_id):
        return request.env["fynlo.alert"]._find(current_identity(), alert_id)._api_values()

    @api_route(
        "/alerts/<uuid:alert_id>:acknowledge",
        method="POST",
        permission="alert.acknowledge",
        summary="Take care of an alert. It clears by itself once its cause is gone",
        tag="system",
        returns=AlertView,
        errors=("not_found", "illegal_transition"),
    )
    def acknowledge_alert(self, alert_id):
        identity = current_identity()
        alert = request.env["fynlo.alert"]._find(identity, alert_id)
        alert._acknowledge(identity.employee_name)
        return Answer(alert._api_values(), resource=("alert", alert.fynlo_uuid))
