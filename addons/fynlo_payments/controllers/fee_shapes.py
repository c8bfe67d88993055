"""Shapes of fees and tips."""

from typing import Annotated, Literal
from uuid import UUID

from odoo.addons.fynlo_pos_core.controllers.catalogue.entry_shapes import EntryShape
from odoo.addons.fynlo_pos_core.controllers.settings_shapes import SectionView, TipRate
from odoo.addons.fynlo_pos_core.rest.shapes import Id, MoneyShape, MoneyView, QueryShape, Shape, View
from pydantic import Field

Funding = Literal["credit", "debit", "prepaid", "commercial", "unknown"]
Channel = Literal["in_person", "online"]
Reason = Literal[
    "no_open_session", "provider_unavailable", "provider_unresponsive", "fee_unknown", "charge_out_of_range"
]
TipsBase = Literal["country", "net", "gross"]


class CompareShape(Shape):
    """``bill`` holds no tip. ``funding`` is what is known of the card. ``pass_fee`` can only switch off.

    With ``channel`` ``online`` the comparison is of what guests can pay with on their own phone.
    """

    bill: MoneyShape
    tip: MoneyShape | None = None
    funding: Funding = "unknown"
    channel: Channel = "in_person"
    pass_fee: bool = True


class FeeShape(CompareShape):
    method: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$", examples=["stripe"])]


class MethodsQuery(QueryShape):
    location_id: Id | None = None


class SurchargeView(View):
    """Whether the law lets the fee be passed on; ``rule_id`` is the rule that decided."""

    allowed: bool
    cap_bps: int | None
    rule_id: UUID | None
    source: str | None


class FeeView(View):
    """``charge`` is bill, tip and ``surcharge``; ``cost`` is what the restaurant bears; ``net`` reaches it."""

    method: str
    bill: MoneyView
    tip: MoneyView
    charge: MoneyView
    surcharge: MoneyView
    provider_fee: MoneyView
    platform_fee: MoneyView
    cost: MoneyView
    net: MoneyView
    discount: MoneyView
    discount_id: UUID | None
    surcharge_rule: SurchargeView
    fee_schedule_id: UUID


class RankedView(View):
    """``saving`` is against the dearest tender. ``success_bp`` is of 30 days, null with too few attempts.

    ``reason`` tells why it cannot be taken: till closed, tender not set up or not answering, its price not
    known, or not for such an amount.
    """

    method: str
    name: str
    rank: int
    available: bool
    reason: Reason | None
    saving: MoneyView
    success_bp: int | None
    fee: FeeView | None


class ComparisonView(View):
    methods: list[RankedView]


class MethodFeeView(View):
    provider_rate_ppm: int
    fixed: MoneyView
    platform_rate_ppm: int


class MethodView(View):
    """``rank`` is by cost and success, ``position`` the place that the manager gave it. ``reason``: why not now."""

    method: str
    name: str
    rank: int
    position: int
    minimum: MoneyView | None
    maximum: MoneyView | None
    fee: MethodFeeView | None
    fee_text: str
    success_bp: int | None
    available: bool
    reason: Reason | None
    surcharge_rule: SurchargeView | None


class MethodsView(View):
    items: list[MethodView]


class StatementQuery(QueryShape):
    """``month`` is one of UTC; without it the one that runs. ``format`` decides over the header ``Accept``."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-11"])] | None = None
    format: Literal["json", "csv"] | None = None


class StatementRowView(View):
    """``net`` is to be invoiced: ``earned`` and ``returned``, which is not above 0."""

    method: str
    payments: int
    charged: MoneyView
    earned: MoneyView
    returned: MoneyView
    net: MoneyView


class StatementView(View):
    """Of the company. A month that is over does not change any more."""

    month: str
    items: list[StatementRowView]


class TipsShape(Shape):
    """The bill without earlier tips and fees. With a service charge no tip is chosen beforehand."""

    net: MoneyShape
    tax: MoneyShape
    service_charge: bool = False
    people: Annotated[int, Field(ge=1, le=100)] = 1


class SuggestionView(View):
    rate_bp: int
    tip: MoneyView
    each: list[MoneyView]


class TipsView(View):
    enabled: bool
    custom: bool
    base: Literal["net", "gross"]
    suggestions: list[SuggestionView]
    preselected: int | None


class TipsSettingsView(SectionView):
    enabled: bool
    custom: bool
    base: TipsBase
    rates_bp: list[TipRate]


class TipsSettingsChange(EntryShape):
    enabled: bool | None = None
    custom: bool | None = None
    base: TipsBase | None = None
    rates_bp: Annotated[list[TipRate], Field(max_length=4)] | None = None


class FeesSettingsView(SectionView):
    pass_on: bool
    bank_discount_id: UUID | None


class FeesSettingsChange(EntryShape):
    """``pass_on`` is refused where no surcharge rule allows it."""

    pass_on: bool | None = None
    bank_discount_id: Id | None = None
