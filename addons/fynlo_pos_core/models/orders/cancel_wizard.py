"""The window that asks why an order is cancelled."""

from odoo import fields, models


class FynloCancelWizard(models.TransientModel):
    _name = "fynlo.cancel.wizard"
    _description = "Cancel an order"

    order_id = fields.Many2one("pos.order", required=True, readonly=True)
    reason = fields.Char(required=True, size=200)

    def action_cancel_order(self):
        """Cancel the order with its reason, as a till does."""
        self.ensure_one()
        self.order_id._fynlo_cancel(self.reason.strip())
        return {"type": "ir.actions.act_window_close"}
