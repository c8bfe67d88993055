"""The section payment_methods of the settings."""

from typing import Annotated

from odoo import http
from odoo.addons.fynlo_pos_core.controllers.catalogue.entry_shapes import EntryShape
from odoo.addons.fynlo_pos_core.controllers.settings import section_routes
from odoo.addons.fynlo_pos_core.controllers.settings_shapes import SectionView
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape, MoneyView, View
from pydantic import Field


class OfferedMethodView(View):
    method: Annotated[str, Field(examples=["cash"])]
    name: str


class PaymentMethodsView(SectionView):
    methods: list[OfferedMethodView]
    cash_difference_limit: MoneyView
    pay_link_minutes: int


class PaymentMethodsChange(EntryShape):
    """A count of the drawer that is further off is asked for once more, and closing then needs a note.

    ``pay_link_minutes`` is how long a guest can pay by a QR code.
    """

    cash_difference_limit: MoneyShape | None = None
    pay_link_minutes: Annotated[int, Field(ge=2, le=120)] | None = None


class PaymentMethodsController(http.Controller):
    read_payment_methods, change_payment_methods = section_routes(
        "payment_methods", PaymentMethodsView, PaymentMethodsChange
    )
