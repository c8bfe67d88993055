"""Payments in the currency's own units, for people in the back office."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.money import to_major

#: Shown amount: the whole minor units behind it.
SHOWN = {"tendered_shown": "tendered", "change_shown": "change", "tip_shown": "tip"}


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    order_number = fields.Char(related="order_id.fynlo_number", string="Order number")
    tendered_shown = fields.Monetary("Tendered", compute="_compute_shown")
    change_shown = fields.Monetary("Change", compute="_compute_shown")
    tip_shown = fields.Monetary("Tip", compute="_compute_shown")

    @api.depends("tendered", "change", "tip", "currency_id")
    def _compute_shown(self):
        for payment in self:
            digits = payment.currency_id.decimal_places
            for shown, minor in SHOWN.items():
                payment[shown] = to_major(payment[minor], digits)

    def action_open_order(self):
        """The order that was paid."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_orders")
        view = self.env.ref("fynlo_pos_core.order_form")
        return {**action, "res_id": self.order_id.id, "views": [(view.id, "form")]}


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _fynlo_resource_ids(self):
        """The events of an order's payments belong on its timeline."""
        return super()._fynlo_resource_ids() + self.sudo().fynlo_payment_ids.mapped("fynlo_uuid")
