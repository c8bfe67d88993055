"""The section payment_methods of the settings."""

from typing import Annotated, Literal

from odoo import http
from odoo.addons.fynlo_pos_core.controllers.catalogue.entry_shapes import EntryShape
from odoo.addons.fynlo_pos_core.controllers.settings import section_routes
from odoo.addons.fynlo_pos_core.controllers.settings_shapes import SectionView
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape, MoneyView, Shape, View
from pydantic import Field

from .payments import Tender

Channel = Literal["any", "in_person", "online"]


class OfferedMethodView(View):
    """``channel`` is where it is offered, ``minimum`` and ``maximum`` for what amounts; ``null`` is no limit."""

    method: Annotated[str, Field(examples=["cash"])]
    name: str
    channel: Channel
    minimum: MoneyView | None
    maximum: MoneyView | None


class PaymentMethodsView(SectionView):
    """``methods`` are offered by tills, in this order; ``available`` are all that could be."""

    methods: list[OfferedMethodView]
    available: list[str]
    cash_difference_limit: MoneyView
    pay_link_minutes: int


class OfferedMethodShape(Shape):
    method: Tender
    channel: Channel = "any"
    minimum: MoneyShape | None = None
    maximum: MoneyShape | None = None


class PaymentMethodsChange(EntryShape):
    """``methods`` are just those to offer, in their order; what is not named is switched off.

    A count of the drawer that is further off than the limit is asked for once more, and closing then needs a note.
    ``pay_link_minutes`` is how long a guest can pay by a QR code.
    """

    methods: Annotated[list[OfferedMethodShape], Field(min_length=1, max_length=30)] | None = None
    cash_difference_limit: MoneyShape | None = None
    pay_link_minutes: Annotated[int, Field(ge=2, le=120)] | None = None


class PaymentMethodsController(http.Controller):
    read_payment_methods, change_payment_methods = section_routes(
        "payment_methods", PaymentMethodsView, PaymentMethodsChange
    )
