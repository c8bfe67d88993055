"""The window in which a manager reviews one or many orders."""

from odoo import fields, models


class FynloReviewWizard(models.TransientModel):
    _name = "fynlo.review.wizard"
    _description = "Review orders"

    order_ids = fields.Many2many("pos.order", string="Orders", readonly=True)
    note = fields.Char(help="What came of it, e.g. the till was offline and its prices were old.")

    def action_review(self):
        """Review the orders that still wait for it."""
        self.ensure_one()
        self.order_ids._fynlo_review((self.note or "").strip())
        return {"type": "ir.actions.act_window_close"}
