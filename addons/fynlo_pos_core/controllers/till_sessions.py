"""Till sessions: open with a float, see the current one, count and close."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ..rest import Answer, api_route, current_call, current_identity
from ..rest.shapes import Id, MoneyShape, MoneyView, Name, NameView, Note, PageQuery, Shape, View, WireMoment
from .till_report_views import ReportQuery, TillReportView


class PileShape(Shape):
    """So many coins or notes of one value in minor units."""

    value: Annotated[int, Field(gt=0, le=10_000_000)]
    count: Annotated[int, Field(ge=0, le=100_000)]


class OpenSessionShape(Shape):
    id: Id
    float: MoneyShape
    denominations: Annotated[list[PileShape], Field(max_length=40)] | None = None
    note: Note = ""


class CountShape(Shape):
    """What lies in the drawer, counted without knowing what should."""

    id: Id
    counted: MoneyShape
    denominations: Annotated[list[PileShape], Field(max_length=40)] | None = None


class CloseSessionShape(Shape):
    """``counted`` may be left out when the drawer was counted and nothing has moved since.

    ``carry`` leaves open orders to the next till session; it needs ``till_session.force_close``.
    """

    counted: MoneyShape | None = None
    open_orders: Literal["refuse", "carry"] = "refuse"
    denominations: Annotated[list[PileShape], Field(max_length=40)] | None = None
    note: Note = ""


class CashMovementShape(Shape):
    """Cash put into or taken out of the drawer; ``no_sale`` only opens it and has no amount."""

    id: Id
    kind: Literal["paid_in", "paid_out", "drop", "no_sale", "tip_payout"]
    amount: MoneyShape | None = None
    reason: Name
    approval_id: Id | None = None


class CashMovementView(View):
    id: UUID
    till_session_id: UUID
    kind: Literal["paid_in", "paid_out", "drop", "no_sale", "tip_payout", "deposit_in", "deposit_out"]
    amount: MoneyView
    reason: str
    employee: NameView | None
    device_id: UUID | None
    business_date: date
    created_at: WireMoment


class CashMovementPageView(View):
    items: list[CashMovementView]
    next_cursor: str | None


class CashCountView(View):
    id: UUID
    till_session_id: UUID
    number: int
    counted: MoneyView
    recount: bool


class TillSessionView(View):
    id: UUID
    version: int
    state: Literal["open", "closing", "closed"]
    name: str
    location_id: UUID
    business_date: date | None
    opened_at: WireMoment | None
    opened_by: NameView | None
    float: MoneyView
    closed_at: WireMoment | None
    closed_by: NameView | None
    expected_cash: MoneyView | None
    counted_cash: MoneyView | None
    over_short: MoneyView | None
    carried_orders: int
    z_number: int | None
    posting: Literal["none", "waiting", "done", "failed"]


def _service():
    return request.env["fynlo.till.session.service"]


class TillSessionsController(http.Controller):
    @api_route(
        "/till-sessions",
        method="POST",
        permission="till_session.open",
        summary="Open the location's till session with its float",
        tag="till sessions",
        body=OpenSessionShape,
        returns=TillSessionView,
        status=201,
        errors=("session_already_open", "location_not_ready"),
        budget="money",
    )
    def open_session(self, body):
        session = _service()._open(current_identity(), body)
        return Answer(session, resource=("till_session", session["id"]))

    @api_route(
        "/till-sessions/current",
        method="GET",
        permission="till_session.read",
        summary="The open till session",
        tag="till sessions",
        returns=TillSessionView,
        errors=("not_found",),
    )
    def current_session(self):
        return _service()._current(current_identity())

    @api_route(
        "/till-sessions/<uuid:session_id>",
        method="GET",
        permission="till_session.read",
        summary="One till session",
        tag="till sessions",
        returns=TillSessionView,
        errors=("not_found",),
    )
    def get_session(self, session_id):
        return _service()._read(current_identity(), session_id)

    @api_route(
        "/till-sessions/<uuid:session_id>:close",
        method="POST",
        permission="till_session.close",
        summary="Count the drawer and close; the books are posted in the background",
        tag="till sessions",
        body=CloseSessionShape,
        returns=TillSessionView,
        errors=("not_found", "illegal_transition", "open_orders", "version_conflict", "note_required", "count_locked"),
        budget="money",
    )
    def close_session(self, session_id, body):
        session = _service()._close(current_identity(), session_id, body, current_call())
        return Answer(session, resource=("till_session", session["id"]))

    @api_route(
        "/till-sessions/<uuid:session_id>/cash-movements",
        method="POST",
        permission="till_session.read",
        summary="Move cash in or out of the drawer (cash.move), or open it without a sale (drawer.open)",
        tag="till sessions",
        body=CashMovementShape,
        returns=CashMovementView,
        status=201,
        errors=(
            "not_found",
            "till_session_closed",
            "no_drawer",
            "id_taken",
            "approval_required",
            "approval_unusable",
        ),
        budget="money",
    )
    def move_cash(self, session_id, body):
        movement = _service()._move_cash(current_identity(), session_id, body)
        return Answer(movement, resource=("cash_movement", movement["id"]))

    @api_route(
        "/till-sessions/<uuid:session_id>/cash-movements",
        method="GET",
        permission="till_session.read",
        summary="Cash movements of a till session, the newest first",
        tag="till sessions",
        query=PageQuery,
        returns=CashMovementPageView,
        errors=("not_found",),
    )
    def cash_movements(self, session_id, query):
        return _service()._movements(current_identity(), session_id, query)

    @api_route(
        "/till-sessions/<uuid:session_id>:count",
        method="POST",
        permission="till_session.count",
        summary="Count the drawer blind; a count that is too far off is asked for once more",
        tag="till sessions",
        body=CountShape,
        returns=CashCountView,
        status=201,
        errors=("not_found", "till_session_closed", "no_drawer", "count_locked", "id_taken"),
        budget="money",
    )
    def count_drawer(self, session_id, body):
        count = _service()._count(current_identity(), session_id, body)
        return Answer(count, resource=("cash_count", count["id"]))

    @api_route(
        "/till-sessions/<uuid:session_id>/report",
        method="GET",
        permission="report.read",
        summary="The X report of this moment, or the Z report of a closed till",
        tag="till sessions",
        query=ReportQuery,
        returns=TillReportView,
        errors=("not_found", "z_report_not_ready"),
    )
    def till_report(self, session_id, query):
        return _service()._report(current_identity(), session_id, query.kind)
