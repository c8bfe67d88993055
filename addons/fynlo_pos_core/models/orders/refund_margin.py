"""The margin of refunds made on tills.

Odoo's web till stores the lines of a refund with positive amounts, and its margins turn the sign
of every refund. Ours are negative throughout, so that sums over lines are right as they are.
"""

from odoo import api, models


class PosOrder(models.Model):
    _inherit = "pos.order"

    @api.depends("lines.margin", "is_total_cost_computed")
    def _compute_margin(self):
        super()._compute_margin()
        for order in self.filtered("fynlo_refunded_order_id"):
            net = sum(order.lines.mapped("price_subtotal"))
            order.margin_percent = order.margin / net if net and order.is_total_cost_computed else 0


class PosOrderLine(models.Model):
    _inherit = "pos.order.line"

    @api.depends("price_subtotal", "total_cost")
    def _compute_margin(self):
        super()._compute_margin()
        for line in self.filtered("order_id.fynlo_refunded_order_id"):
            combo = line.product_id.type == "combo"
            line.margin = 0 if combo else line.price_subtotal - line.total_cost
            line.margin_percent = line.margin / line.price_subtotal if line.price_subtotal else 0


class ReportPosOrder(models.Model):
    _inherit = "report.pos.order"

    def _select(self):
        return (
            super()
            ._select()
            .replace("CASE WHEN s.is_refund THEN", "CASE WHEN s.is_refund AND s.fynlo_refunded_order_id IS NULL THEN")
        )
