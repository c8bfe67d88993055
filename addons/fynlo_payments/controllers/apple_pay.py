"""The proof to Apple that the domain is ours, and what a location lacks to offer Apple Pay."""

from odoo import http
from odoo.addons.fynlo_pos_core.rest import ANYONE, Answer, NotFound, api_route, current_identity
from odoo.addons.fynlo_pos_core.rest.shapes import View
from odoo.http import request

from ..apple_pay.settings import ASSOCIATION, apple_pay_settings


class ApplePayStatusView(View):
    """``lacking`` are the steps of the set-up that are open; without any Apple Pay is offered on pay pages."""

    offered: bool
    lacking: list[str]


class ApplePayController(http.Controller):
    @api_route(
        f"/.well-known/{ASSOCIATION}",
        prefix="",
        method="GET",
        permission=ANYONE,
        summary="The file that proves to Apple whose this domain is",
        tag="apple pay",
        errors=("not_found",),
        answer_types=("text/plain",),
        needs_database=False,
        cache_control="public, max-age=300",
    )
    def show_association(self):
        raw = apple_pay_settings().association()
        if raw is None:
            raise NotFound("Apple Pay is not set up for this domain.")
        return Answer(raw, media_type="text/plain; charset=utf-8")

    @api_route(
        "/apple-pay/status",
        method="GET",
        permission="settings.read",
        summary="Whether guests of the location can pay with Apple Pay, and what is lacking",
        tag="apple pay",
        returns=ApplePayStatusView,
    )
    def show_status(self):
        location = request.env["pos.config"].sudo().browse(current_identity().location_id)
        lacking = request.env["fynlo.apple.pay"]._lacking(location)
        return {"offered": not lacking, "lacking": lacking}
