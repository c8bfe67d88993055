"""Moving lines from one order to another: their rows go, with their ids and all that hangs on them."""

from dataclasses import dataclass

from odoo import api, models


@dataclass(frozen=True, slots=True)
class Standing:
    """An edit of the order as it stands, by the server itself: on its present version, without operations."""

    base_version: int
    operations: tuple = ()


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _move_lines(self, row_ids, order):
        """Give rows of lines (parts of combos too) to the order."""
        if not row_ids:
            return
        self.env.cr.execute(
            "UPDATE pos_order_line SET order_id = %s, name = %s WHERE id = ANY(%s)",
            (order.row_id, order.number, list(row_ids)),
        )
        self.env["pos.order.line"].browse(row_ids).invalidate_recordset(flush=False)
        self.env["pos.order"].invalidate_model(["lines"], flush=False)

    @api.model
    def _keep_fulfilment(self, order):
        """Write how far the kitchen is with an order that was just made of lines it has."""
        self.env.cr.execute(
            "UPDATE pos_order SET fynlo_fulfilment = %s WHERE id = %s", (order.fulfilment, order.row_id)
        )
        self.env["pos.order"].browse(order.row_id).invalidate_recordset(["fynlo_fulfilment"], flush=False)


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    def _standing_editor(self, identity, order, facts):
        """An editor for a change that no till's operation asks for."""
        return self._editor(order, facts, identity, Standing(order.version), self.env.cr.now())
