"""Payments and their ledger in the currency's own units, for people in the back office."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.fields import Domain

from .payment_conclusion import MISMATCH

#: States of an attempt that somebody outside has to end, and after how long a manager should look.
IN_FLIGHT = ("sent", "unknown", "action_required")
STUCK_AFTER = timedelta(minutes=2)


class FynloPayment(models.Model):
    _name = "fynlo.payment"
    _inherit = ["fynlo.payment", "fynlo.shown.money"]
    _shown = {
        "tendered_shown": "tendered",
        "change_shown": "change",
        "tip_shown": "tip",
        "surcharge_shown": "surcharge",
        "fee_shown": "fee",
        "refunded_shown": "refunded",
        "owed_shown": "owed",
    }

    order_number = fields.Char(related="order_id.fynlo_number", string="Order number")
    fynlo_version = fields.Integer(related="version", string="Shown version")
    tendered_shown = fields.Monetary("Tendered", compute="_compute_shown")
    change_shown = fields.Monetary("Change", compute="_compute_shown")
    tip_shown = fields.Monetary("Tip", compute="_compute_shown")
    refunded_shown = fields.Monetary("Given back", compute="_compute_shown")
    owed_shown = fields.Monetary("Owed to the guest", compute="_compute_shown")
    surcharge_shown = fields.Monetary("Card fee", compute="_compute_shown", help="What the guest paid on top.")
    fee_shown = fields.Monetary("Costs", compute="_compute_shown", help="What the provider and Fynlo keep.")
    stuck = fields.Boolean(
        compute="_compute_stuck",
        search="_search_stuck",
        help="Its outcome has not been known for two minutes, or it contradicts its provider.",
    )

    @api.depends("order_number", "amount", "tip", "surcharge")
    def _compute_display_name(self):
        """``T1-000001 £12.00``: its public id tells people nothing."""
        for payment in self:
            charged = payment.order_id._fynlo_in_words(payment._charged())
            payment.display_name = " ".join(filter(None, (payment.order_number, charged)))

    @api.depends("tendered", "change", "tip", "surcharge", "fee", "refunded", "owed", "currency_id")
    def _compute_shown(self):
        super()._compute_shown()

    @api.depends("state", "create_date", "failure_code")
    def _compute_stuck(self):
        since = clock.now() - STUCK_AFTER
        for payment in self:
            for_people = payment.create_date <= since or payment.failure_code == MISMATCH
            payment.stuck = payment.state in IN_FLIGHT and for_people

    def _search_stuck(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        long_ago = Domain("create_date", "<=", clock.now() - STUCK_AFTER)
        return Domain("state", "in", IN_FLIGHT) & (long_ago | Domain("failure_code", "=", MISMATCH))

    def action_open_order(self):
        """The order that was paid."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        view = self.env.ref("fynlo_pos_core.order_form")
        return {**action, "res_id": self.order_id.id, "views": [(view.id, "form")]}


class FynloPaymentEntry(models.Model):
    _name = "fynlo.payment.entry"
    _inherit = ["fynlo.payment.entry", "fynlo.shown.money"]
    _shown = {"amount_shown": "amount"}

    order_number = fields.Char(related="payment_id.order_id.fynlo_number", string="Order number")
    method = fields.Selection(related="payment_id.method", string="Tender")
    amount_shown = fields.Monetary("Amount", compute="_compute_shown")

    @api.depends("amount", "currency_id")
    def _compute_shown(self):
        super()._compute_shown()


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _fynlo_resource_ids(self):
        """The events of an order's payments belong on its timeline."""
        return super()._fynlo_resource_ids() + self.sudo().fynlo_payment_ids.mapped("fynlo_uuid")


class FynloPayLink(models.Model):
    _name = "fynlo.pay.link"
    _inherit = ["fynlo.pay.link", "fynlo.shown.money"]
    _shown = {"amount_shown": "amount", "tip_shown": "tip"}

    order_number = fields.Char(related="order_id.fynlo_number", string="Order number")
    amount_shown = fields.Monetary("Amount", compute="_compute_shown")
    tip_shown = fields.Monetary("Tip", compute="_compute_shown")

    @api.depends("amount", "tip", "currency_id")
    def _compute_shown(self):
        super()._compute_shown()
