"""Approvals and reasons for tills. Rules live in ``models/approvals``."""

from typing import Annotated, Literal
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field, model_validator

from ..models.approvals.approval_states import ACTIONS, APPROVAL_STATES
from ..models.approvals.reason import KINDS
from ..rest import Answer, api_route, current_call, current_identity
from ..rest.shapes import Id, MoneyShape, MoneyView, NameView, Note, PageQuery, QueryShape, Shape, View, WireMoment
from .operation_shapes import Reason

Action = Literal[tuple(code for code, _name in ACTIONS)]
State = Literal[tuple(APPROVAL_STATES)]
Kind = Literal[tuple(code for code, _name in KINDS)]


class ApprovalShape(Shape):
    """What is to be approved, as the refusal ``approval_required`` names it."""

    id: Id
    action: Action
    resource_id: Id
    amount: MoneyShape
    reason: Reason


class DecisionShape(Shape):
    """Empty from whoever decides signed in; with ``employee_id`` and ``pin`` on the till that asked."""

    employee_id: Id | None = None
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$", examples=["2468"])] | None = None
    note: Note = ""

    @model_validator(mode="after")
    def _both_or_neither(self):
        if (self.employee_id is None) != (self.pin is None):
            raise ValueError("employee_id and pin go together")
        return self


class ApprovalQuery(PageQuery):
    """Approvals of the location, the newest first."""

    state: State | None = None


class ApprovedOrderView(View):
    id: UUID
    number: str | None


class ApprovalView(View):
    id: UUID
    location_id: UUID
    action: Action
    resource_id: UUID
    order: ApprovedOrderView | None
    amount: MoneyView
    reason: str
    state: State
    requested_by: NameView
    device_id: UUID | None
    requested_at: WireMoment
    expires_at: WireMoment
    decided_by: NameView | None
    decided_at: WireMoment | None
    how: Literal["pin", "signed_in"] | None
    note: str


class ApprovalPageView(View):
    items: list[ApprovalView]
    next_cursor: str | None


class ReasonQuery(QueryShape):
    kind: Kind | None = None


class ReasonView(View):
    id: UUID
    kind: Kind
    name: str


class ReasonsView(View):
    items: list[ReasonView]


def _service():
    return request.env["fynlo.approval.service"]


def _decided(approval_id, verdict, body):
    approval = _service()._decide(current_identity(), approval_id, verdict, body, current_call().address)
    return Answer(approval, resource=("approval", approval["id"]))


DECISION_ERRORS = ("not_found", "illegal_transition", "credentials_invalid", "sign_in_locked")


class ApprovalsController(http.Controller):
    @api_route(
        "/approvals",
        method="POST",
        permission="approval.create",
        summary="Ask for an approval; those who may decide hear of it at once",
        tag="approvals",
        body=ApprovalShape,
        returns=ApprovalView,
        status=201,
        errors=("id_taken", "unknown_item"),
    )
    def ask_approval(self, body):
        approval = _service()._ask(current_identity(), body)
        return Answer(approval, resource=("approval", approval["id"]))

    @api_route(
        "/approvals",
        method="GET",
        permission="approval.create",
        summary="Approvals of the location, the newest first",
        tag="approvals",
        query=ApprovalQuery,
        returns=ApprovalPageView,
    )
    def list_approvals(self, query):
        return _service()._page(current_identity(), query)

    @api_route(
        "/approvals/<uuid:approval_id>",
        method="GET",
        permission="approval.create",
        summary="One approval",
        tag="approvals",
        returns=ApprovalView,
        errors=("not_found",),
    )
    def get_approval(self, approval_id):
        return _service()._read(current_identity(), approval_id)

    @api_route(
        "/approvals/<uuid:approval_id>:approve",
        method="POST",
        permission="approval.create",
        summary="Approve, signed in (approval.decide) or by PIN on the till that asked",
        tag="approvals",
        body=DecisionShape,
        returns=ApprovalView,
        errors=DECISION_ERRORS,
        idempotent=False,  # a repeat decides the same; a record of the request would be a trace of the PIN
        budget="auth",
    )
    def approve(self, approval_id, body):
        return _decided(approval_id, "approved", body)

    @api_route(
        "/approvals/<uuid:approval_id>:reject",
        method="POST",
        permission="approval.create",
        summary="Reject, signed in (approval.decide) or by PIN on the till that asked",
        tag="approvals",
        body=DecisionShape,
        returns=ApprovalView,
        errors=DECISION_ERRORS,
        idempotent=False,  # a repeat decides the same; a record of the request would be a trace of the PIN
        budget="auth",
    )
    def reject(self, approval_id, body):
        return _decided(approval_id, "rejected", body)

    @api_route(
        "/reasons",
        method="GET",
        permission="order.read",
        summary="Reasons to offer for voids, comps, discounts, refunds, cancelled orders and opened drawers",
        tag="approvals",
        query=ReasonQuery,
        returns=ReasonsView,
    )
    def list_reasons(self, query):
        return request.env["fynlo.reason"]._list(current_identity(), query.kind)
