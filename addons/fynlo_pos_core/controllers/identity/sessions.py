"""Sign-ins: see where one is signed in, and end it."""

from typing import Literal
from uuid import UUID

from odoo import http
from odoo.http import request

from ...rest import SIGNED_IN, NotFound, api_route, current_identity
from ...rest.paging import decode, page
from ...rest.shapes import NameView, PageQuery, View, WireMoment
from .views import EmployeeNameView, EmptyView


class SessionView(View):
    id: UUID
    employee: EmployeeNameView
    device: NameView | None
    location: NameView
    method: Literal["pin", "password"]
    started_at: WireMoment
    last_used_at: WireMoment
    expires_at: WireMoment
    address: str | None
    user_agent: str | None


class SessionPage(View):
    items: list[SessionView]
    next_cursor: str | None


class SessionsController(http.Controller):
    @api_route(
        "/auth/sessions",
        method="GET",
        permission=SIGNED_IN,
        summary="Active sign-ins: one's own, or with employee.manage those of the company",
        tag="auth",
        query=PageQuery,
        returns=SessionPage,
    )
    def list_sessions(self, query):
        domain = _reachable(current_identity())
        if query.cursor:
            domain.append(("id", "<", decode(query.cursor, int)[0]))
        rows = request.env["fynlo.session"].sudo().search(domain, order="id desc", limit=query.limit + 1)
        return page(rows, query.limit, lambda session: session._api_values(), lambda session: (session.id,))

    @api_route(
        "/auth/sessions/<string:session_id>",
        method="DELETE",
        permission=SIGNED_IN,
        summary="End a sign-in; its tokens stop working at once",
        tag="auth",
        returns=EmptyView,
        idempotent=False,
        budget="auth",
    )
    def end_session(self, session_id):
        domain = [*_reachable(current_identity()), ("fynlo_uuid", "=", session_id)]
        session = request.env["fynlo.session"].sudo().search(domain, limit=1)
        if not session:
            raise NotFound("There is no active sign-in with this id.")
        request.env["fynlo.staff"]._end_session(current_identity(), session)
        return {}


def _reachable(identity):
    """The domain of active sessions that the caller may see and end."""
    domain = [("state", "=", "active"), ("company_id", "=", identity.company_id)]
    if not identity.may("employee.manage"):
        domain.append(("employee_id", "=", identity.employee_id))
    return domain
