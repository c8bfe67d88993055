"""Reconciliation over the API: days of provider accounts and till sessions, each with its differences."""

from datetime import date
from typing import Literal
from uuid import UUID

from odoo import http
from odoo.addons.fynlo_pos_core.rest import api_route, current_identity
from odoo.addons.fynlo_pos_core.rest.shapes import Day, MoneyView, PageQuery, View, WireMoment
from odoo.http import request
from pydantic import Field

from ..models.reconciliation_states import DIFFERENCE_STATES, RECONCILIATION_STATES
from ..reconciliation.matching import DIFFERENCE_KINDS

State = Literal[tuple(RECONCILIATION_STATES)]


class ReconciliationQuery(PageQuery):
    """The newest day first."""

    state: State | None = None
    provider: str | None = Field(None, max_length=40)
    from_day: Day | None = None
    to_day: Day | None = None


class ReconciliationView(View):
    """``account`` is the provider's name for it, or a till session's id. ``over_short`` is of cash alone."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    account: str = Field(examples=["acct_1032D82eZvKYlo2C"])
    livemode: bool
    day: date
    state: State
    location_id: UUID | None
    till_session_id: UUID | None
    at_provider: MoneyView
    in_ledger: MoneyView
    on_orders: MoneyView
    fees: MoneyView
    arrived: MoneyView
    over_short: MoneyView | None
    movements: int
    facts: int
    unresolved: int
    checked_at: WireMoment | None


class DifferenceView(View):
    id: UUID
    kind: Literal[DIFFERENCE_KINDS]
    state: Literal[tuple(DIFFERENCE_STATES)]
    expected: MoneyView
    found: MoneyView
    payment_id: UUID | None
    refund_id: UUID | None
    order_id: UUID | None
    explanation: str
    note: str | None
    settled_by: str | None
    found_at: WireMoment


class ReconciliationDetailView(ReconciliationView):
    """With its newest differences, 500 at most."""

    differences: list[DifferenceView]


class ReconciliationPageView(View):
    items: list[ReconciliationView]
    next_cursor: str | None


class ReconciliationsController(http.Controller):
    @api_route(
        "/reconciliations",
        method="GET",
        permission="reconciliation.read",
        summary="Days of provider accounts and till sessions, and whether provider, ledger and orders agree",
        tag="payments",
        query=ReconciliationQuery,
        returns=ReconciliationPageView,
        errors=("validation_failed",),
    )
    def list_reconciliations(self, query):
        return request.env["fynlo.reconciliation"]._page(current_identity(), query)

    @api_route(
        "/reconciliations/<uuid:reconciliation_id>",
        method="GET",
        permission="reconciliation.read",
        summary="One day or till session with its differences",
        tag="payments",
        returns=ReconciliationDetailView,
        errors=("not_found",),
    )
    def get_reconciliation(self, reconciliation_id):
        return request.env["fynlo.reconciliation"]._find(current_identity(), reconciliation_id)._api_details()
