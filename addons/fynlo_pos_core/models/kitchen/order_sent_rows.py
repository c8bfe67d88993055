"""Writing what the kitchen has of an order, also when the order itself is closed."""

from odoo import api, models
from psycopg2.errors import SerializationFailure
from psycopg2.extras import Json


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _keep_sent(self, order):
        """Write sent quantities, fired courses and fulfilment; nothing that costs money changes.

        One version more. Raises a serialization failure when somebody else has written the order
        since it was loaded.
        """
        leaves = [leaf for line in order.lines for leaf in [line, *line.parts] if leaf.dirty]
        if leaves:
            self.env.cr.execute(
                """UPDATE pos_order_line line SET fynlo_sent_quantity = sent.quantity
                     FROM unnest(%s, %s) AS sent(id, quantity) WHERE line.id = sent.id""",
                ([leaf.row_id for leaf in leaves], [leaf.sent_quantity for leaf in leaves]),
            )
        self.env.cr.execute(
            """UPDATE pos_order SET fynlo_fulfilment = %s, fynlo_courses = %s, write_date = %s,
                      fynlo_version = fynlo_version + 1
                WHERE id = %s AND fynlo_version = %s""",
            (order.fulfilment, Json(order.courses), self.env.cr.now(), order.row_id, order.version),
        )
        if not self.env.cr.rowcount:
            raise SerializationFailure(f"order {order.uuid} changed")
        order.version += 1
        self.env["pos.order"].browse(order.row_id).invalidate_recordset(
            ["fynlo_fulfilment", "fynlo_courses", "fynlo_version", "write_date"], flush=False
        )
        self.env["pos.order.line"].invalidate_model(["fynlo_sent_quantity"], flush=False)
