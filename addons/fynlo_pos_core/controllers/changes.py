"""The change feed over HTTP, for tills that the event stream could not catch up."""

from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ..rest import SIGNED_IN, api_route, current_identity
from ..rest.shapes import QueryShape, View, WireMoment


class ChangesQuery(QueryShape):
    """``after`` is a sequence of this feed, or ``latest`` to learn where it ends now."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] | Literal["latest"]
    limit: Annotated[int, Field(ge=1, le=500)] = 500


class ChangeView(View):
    seq: int
    topic: str
    type: str
    event_id: UUID
    id: UUID | None
    deleted: bool
    at: WireMoment
    data: object


class ChangesView(View):
    items: list[ChangeView]
    last_seq: int
    has_more: bool


class ChangesController(http.Controller):
    @api_route(
        "/changes",
        method="GET",
        permission=SIGNED_IN,
        summary="What happened since a place in the company's feed, as far as one may see it",
        tag="events",
        query=ChangesQuery,
        returns=ChangesView,
        errors=("resync_required",),
    )
    def list_changes(self, query):
        after = None if query.after == "latest" else query.after
        return request.env["fynlo.feed"]._changes(current_identity(), after, query.limit)
