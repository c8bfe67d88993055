"""What tenders cost and tips suggest, for tills. Nothing is written."""

from odoo import http
from odoo.addons.fynlo_pos_core.controllers.place import chosen_location
from odoo.addons.fynlo_pos_core.controllers.settings import section_routes
from odoo.addons.fynlo_pos_core.rest import Answer, Invalid, api_route, current_identity
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.http import request

from ..fees.tips import for_each, suggested_tip
from ..models.fee_quote import Wish
from ..models.tender_listing import money, surcharge
from . import fee_shapes as shapes

CSV = "text/csv; charset=utf-8"
FORMS = {"application/json": "json", "text/csv": "csv"}
REFUSALS = ("not_found", "validation_failed")


class FeesController(http.Controller):
    read_tips, change_tips = section_routes("tips", shapes.TipsSettingsView, shapes.TipsSettingsChange)
    read_fees, change_fees = section_routes("fees", shapes.FeesSettingsView, shapes.FeesSettingsChange)

    @api_route(
        "/payments/fees:calculate",
        method="POST",
        permission="payment.take",
        summary="What a charge costs with a tender, and who bears it",
        tag="payments",
        body=shapes.FeeShape,
        returns=shapes.FeeView,
        errors=(*REFUSALS, "payment_method_unavailable", "fee_unknown", "charge_out_of_range"),
        idempotent=False,
    )
    def calculate_fee(self, body):
        location = _location()
        wish = _wish(location, body)
        fees = request.env["fynlo.fees"]
        fees._require_tender(location, body.method, body.channel)
        return _fee(location, body.method, fees._quote(location, body.method, wish))

    @api_route(
        "/payments/fees:compare",
        method="POST",
        permission="payment.take",
        summary="The tenders for a charge, best first, with what each saves: those of tills, or of the pay page",
        tag="payments",
        body=shapes.CompareShape,
        returns=shapes.ComparisonView,
        errors=REFUSALS,
        idempotent=False,
    )
    def compare_fees(self, body):
        location = _location()
        ranked = request.env["fynlo.fees"]._ranked(location, _wish(location, body))
        return {"methods": [_ranked(location, rank, one) for rank, one in enumerate(ranked, 1)]}

    @api_route(
        "/payments/methods",
        method="GET",
        permission="payment.read",
        summary="The location's tenders with their fees, best first for a bill of a hundred",
        tag="payments",
        query=shapes.MethodsQuery,
        returns=shapes.MethodsView,
        errors=("not_found",),
    )
    def list_methods(self, query):
        location = _location(query.location_id)
        return {"items": request.env["fynlo.fees"]._listed(location)}

    @api_route(
        "/payments/fees:statement",
        method="GET",
        permission="report.finance",
        summary="What the company owes Fynlo for a month, by tender; as data or as CSV",
        tag="payments",
        query=shapes.StatementQuery,
        returns=shapes.StatementView,
        answer_types=tuple(FORMS),
    )
    def fee_statement(self, query):
        month = query.month or f"{clock.now():%Y-%m}"
        rows = request.env["fynlo.fee.statement"]._of(current_identity().company_id, f"{month}-01")
        accepted = request.httprequest.accept_mimetypes.best_match(list(FORMS), "application/json")
        if (query.format or FORMS[accepted]) == "csv":
            name = {"Content-Disposition": f'attachment; filename="fynlo-fees-{month}.csv"', "Vary": "Accept"}
            return Answer(rows._csv().encode(), media_type=CSV, headers=name)
        return Answer({"month": month, "items": [row._api_values() for row in rows]}, headers={"Vary": "Accept"})

    @api_route(
        "/tips:calculate",
        method="POST",
        permission="payment.take",
        summary="The tips a till suggests for a bill, also for each of several people",
        tag="payments",
        body=shapes.TipsShape,
        returns=shapes.TipsView,
        errors=REFUSALS,
        idempotent=False,
    )
    def calculate_tips(self, body):
        location = _location()
        net, tax = (_minor(location, body, name) for name in ("net", "tax"))
        with_tax = location._fynlo_tips_with_tax()
        rates = location._fynlo_tip_rates() if location.fynlo_tips_on else []
        tips = [(rate, suggested_tip(net, tax, rate, with_tax=with_tax)) for rate in rates]
        return {
            "enabled": location.fynlo_tips_on,
            "custom": location.fynlo_tips_on and location.fynlo_tips_custom,
            "base": "gross" if with_tax else "net",
            "suggestions": [_suggestion(location, rate, tip, body.people) for rate, tip in tips],
            "preselected": None if body.service_charge or not rates else rates[len(rates) // 2],
        }


def _location(uuid=None):
    return request.env["pos.config"].browse(chosen_location(uuid)[0]).sudo()


def _wish(location, body):
    bill = _minor(location, body, "bill")
    tip = _minor(location, body, "tip") if body.tip else 0
    return Wish(bill, tip, body.funding, body.channel, body.pass_fee)


def _minor(location, body, name):
    """An amount that is not negative, in the location's currency. Raises ``validation_failed``."""
    sent, currency = getattr(body, name), location.currency_id.name
    if sent.currency != currency:
        raise Invalid(location.env._("This location trades in %s.", currency), field=f"{name}.currency")
    if sent.amount < 0:
        raise Invalid(location.env._("This amount cannot be negative."), field=f"{name}.amount")
    return sent.amount


def _fee(location, method, priced):
    quote = priced.quote
    amounts = {
        "bill": quote.bill,
        "tip": quote.tip,
        "charge": quote.charge,
        "surcharge": quote.fee_line,
        "provider_fee": quote.provider_fee,
        "platform_fee": quote.platform_fee,
        "cost": quote.cost,
        "net": quote.net,
        "discount": priced.discount,
    }
    return {
        "method": method,
        **{name: money(location, minor) for name, minor in amounts.items()},
        "discount_id": location.fynlo_bank_discount_id.fynlo_uuid if priced.discount else None,
        "surcharge_rule": surcharge(priced.permission),
        "fee_schedule_id": priced.schedule_uuid,
    }


def _ranked(location, rank, one):
    return {
        "method": one.method,
        "name": one.name,
        "rank": rank,
        "available": one.available,
        "reason": one.reason,
        "saving": money(location, one.saving),
        "success_bp": one.success_bp,
        "fee": _fee(location, one.method, one.priced) if one.priced else None,
    }


def _suggestion(location, rate, tip, people):
    return {
        "rate_bp": rate,
        "tip": money(location, tip),
        "each": [money(location, part) for part in for_each(tip, people)],
    }
