"""Orders and their lines in words, for people in the back office."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount

from ...tools.money import to_major
from .pos_order import STATES

STATE_NAMES = [("open", "Open"), ("completed", "Completed"), ("cancelled", "Cancelled")]


class PosOrder(models.Model):
    _inherit = "pos.order"

    fynlo_state = fields.Selection(
        STATE_NAMES, "Order state", compute="_compute_fynlo_state", search="_search_fynlo_state"
    )
    fynlo_today = fields.Boolean(
        "Of today",
        compute="_compute_fynlo_today",
        search="_search_fynlo_today",
        help="Belongs to the current business date of its location.",
    )
    fynlo_has_drift = fields.Boolean(
        "Has a price drift", compute="_compute_fynlo_drift_text", search="_search_fynlo_has_drift"
    )
    fynlo_drift_text = fields.Char("What differed", compute="_compute_fynlo_drift_text")
    fynlo_discount_text = fields.Char("Given discounts", compute="_compute_fynlo_discount_text")
    fynlo_charge_text = fields.Char("Service charge in words", compute="_compute_fynlo_charge_text")
    fynlo_due = fields.Monetary("Due", compute="_compute_fynlo_due")

    @api.depends("state")
    def _compute_fynlo_state(self):
        for order in self:
            order.fynlo_state = STATES.get(order.state, "open")

    def _search_fynlo_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in", [state for state, name in STATES.items() if name in value])

    @api.depends("fynlo_business_date", "config_id")
    def _compute_fynlo_today(self):
        today = {location: location._fynlo_business_date() for location in self.config_id}
        for order in self:
            order.fynlo_today = bool(order.config_id) and order.fynlo_business_date == today[order.config_id]

    def _search_fynlo_today(self, operator, value):
        """Each location has its own today: some close after midnight, some lie in another zone."""
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        locations = self.env["pos.config"].with_context(active_test=False).search([])
        return Domain.OR(
            Domain("config_id", "=", location.id) & Domain("fynlo_business_date", "=", location._fynlo_business_date())
            for location in locations
        )

    @api.depends("fynlo_price_drift")
    def _compute_fynlo_drift_text(self):
        for order in self:
            drift = order.fynlo_price_drift
            order.fynlo_has_drift = bool(drift)
            order.fynlo_drift_text = drift and self.env._(
                "The till expected %(expected)s, the order costs %(actual)s.",
                expected=order._fynlo_in_words(drift["expected"]),
                actual=order._fynlo_in_words(drift["actual"]),
            )

    def _search_fynlo_has_drift(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        return Domain("fynlo_price_drift", "!=", False)

    @api.depends("fynlo_discounts")
    def _compute_fynlo_discount_text(self):
        for order in self:
            order.fynlo_discount_text = ", ".join(map(order._fynlo_discount_words, order.fynlo_discounts or []))

    def _fynlo_discount_words(self, given):
        """``Ten percent −£1.00 on Margherita (birthday)``: what, how much, on which line, and why."""
        line = self.lines.filtered(lambda line: line.uuid == given["line_id"]) if given["line_id"] else None
        where = self.env._(" on %s", line.full_product_name) if line else ""
        reason = f" ({given['reason']})" if given["reason"] else ""
        return f"{given['name']} −{self._fynlo_in_words(given['amount'])}{where}{reason}"

    @api.depends("fynlo_service_charge")
    def _compute_fynlo_charge_text(self):
        for order in self:
            charge = order.fynlo_service_charge
            declined = charge and charge.get("declined")
            rate = charge and f"{charge['rate_bp'] / 100:g} %"
            order.fynlo_charge_text = rate and (
                self.env._("declined (%(reason)s)", reason=declined["reason"]) if declined else rate
            )

    @api.depends("amount_total", "amount_paid", "state")
    def _compute_fynlo_due(self):
        for order in self:
            order.fynlo_due = order.amount_total - order.amount_paid if order.state == "draft" else 0.0

    def action_fynlo_open_till(self):
        """The till session of the order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_till_sessions")
        return {
            **action,
            "res_id": self.session_id.id,
            "views": [(self.env.ref("fynlo_pos_core.till_session_form").id, "form")],
        }

    def _fynlo_in_words(self, minor):
        """An amount in minor units as people of the user's language write it."""
        currency = self.currency_id
        return format_amount(self.env, float(to_major(minor, currency.decimal_places)), currency)


class PosOrderLine(models.Model):
    _inherit = "pos.order.line"

    fynlo_quantity_text = fields.Char("Quantity in words", compute="_compute_fynlo_texts")
    fynlo_modifier_text = fields.Char("Chosen modifiers", compute="_compute_fynlo_texts")
    fynlo_tax_text = fields.Char("Taxes in it", compute="_compute_fynlo_texts")
    fynlo_void_text = fields.Char("Void in words", compute="_compute_fynlo_void_text")
    fynlo_discount_shown = fields.Monetary("Discount", compute="_compute_fynlo_discount_shown")
    fynlo_part = fields.Boolean("Part of a combo", compute="_compute_fynlo_part")

    @api.depends("qty", "fynlo_modifiers", "fynlo_taxes")
    def _compute_fynlo_texts(self):
        for line in self:
            line.fynlo_quantity_text = f"{line.qty:g}"
            line.fynlo_modifier_text = ", ".join(line._fynlo_modifier_words())
            line.fynlo_tax_text = ", ".join(
                f"{rate / 100:g} %: {line.order_id._fynlo_in_words(amount)}"
                for _tax, rate, amount in line.fynlo_taxes or []
            )

    def _fynlo_modifier_words(self):
        for modifier in self.fynlo_modifiers or []:
            times = f"{modifier['quantity']} × " if modifier["quantity"] != 1 else ""
            price = f" +{self.order_id._fynlo_in_words(modifier['price'])}" if modifier["price"] else ""
            yield f"{times}{modifier['name']}{price}"

    @api.depends("fynlo_void")
    def _compute_fynlo_void_text(self):
        for line in self:
            void = line.fynlo_void
            line.fynlo_void_text = void and self.env._(
                "%(quantity)s by %(who)s: %(reason)s",
                quantity=void["quantity"],
                who=void["by"]["name"],
                reason=void["reason"],
            )

    @api.depends("fynlo_discount", "currency_id")
    def _compute_fynlo_discount_shown(self):
        for line in self:
            line.fynlo_discount_shown = to_major(line.fynlo_discount, line.currency_id.decimal_places or 2)

    @api.depends("combo_parent_id")
    def _compute_fynlo_part(self):
        for line in self:
            line.fynlo_part = bool(line.combo_parent_id)
