"""Which refunded goods go back into stock: those that the till says are put back."""

from odoo import fields, models


class PosOrder(models.Model):
    _inherit = "pos.order"

    fynlo_refunded_order_id = fields.Many2one(
        "pos.order", "Refunds", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )


class PosOrderLine(models.Model):
    _inherit = "pos.order.line"

    def _compute_refund_qty(self):
        """Money given back without goods is no quantity returned."""
        super()._compute_refund_qty()
        for line in self:
            allowances = line.refund_orderline_ids.filtered("fynlo_allowance")
            line.refunded_qty += sum(allowances.filtered(lambda row: row.order_id.state != "cancel").mapped("qty"))


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _create_picking_from_pos_order_lines(self, location_dest_id, lines, picking_type, partner=False):
        """Food that came back is thrown away unless the refund says otherwise: no stock moves for it."""
        moving = lines.filtered(lambda line: not line.order_id.fynlo_refunded_order_id or line.fynlo_restocked)
        return super()._create_picking_from_pos_order_lines(location_dest_id, moving, picking_type, partner)
