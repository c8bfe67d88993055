"""Reading the audit log."""

from typing import Annotated, Any

from odoo import http
from odoo.http import request
from pydantic import Field

from ...rest import api_route, current_identity
from ...rest.paging import decode, page
from ...rest.shapes import PageQuery, View, WireMoment


class AuditQuery(PageQuery):
    action: Annotated[str, Field(max_length=60)] | None = None
    resource_id: Annotated[str, Field(max_length=60)] | None = None


class ResourceView(View):
    type: str | None
    id: str | None


class ActorView(View):
    id: str | None
    name: str | None


class AuditEntryView(View):
    number: int
    at: WireMoment
    action: str
    resource: ResourceView
    actor: ActorView
    device_id: str | None
    before: Any
    after: Any
    reason: str | None
    approver: str | None
    hash: str


class AuditPage(View):
    items: list[AuditEntryView]
    next_cursor: str | None


class AuditController(http.Controller):
    @api_route(
        "/audit-log",
        method="GET",
        permission="audit.read",
        summary="The audit log of the company, newest first",
        tag="system",
        query=AuditQuery,
        returns=AuditPage,
    )
    def list_entries(self, query):
        domain = [("company_id", "=", current_identity().company_id)]
        domain += [(name, "=", getattr(query, name)) for name in ("action", "resource_id") if getattr(query, name)]
        if query.cursor:
            domain.append(("seq", "<", decode(query.cursor, int)[0]))
        rows = request.env["fynlo.audit.log"].sudo().search(domain, order="seq desc", limit=query.limit + 1)
        return page(rows, query.limit, lambda entry: entry._api_values(), lambda entry: (entry.seq,))
