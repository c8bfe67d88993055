"""Receipt links: the address of a receipt for the guest, which can be taken back."""

from datetime import timedelta

from odoo import api, fields, models

from ...rest import NotFound, Problem, declare
from ...tools.clock import now, wire
from ...tools.receipt_link import GENERATION_MAX, ReceiptLink

declare(
    "link_spent",
    409,
    "No further link",
    "The receipt's link was taken back too often to make another.",
    "Print or send the receipt instead.",
)

LOOKUP = """
    SELECT o.config_id, coalesce(link.generation, 0) AS generation,
           o.create_date + location.fynlo_receipt_link_days * interval '1 day' > %(now)s AS in_time
      FROM pos_order o
      JOIN pos_config location ON location.id = o.config_id
      LEFT JOIN fynlo_receipt_link link ON link.order_id = o.id
     WHERE o.uuid = %(uuid)s AND o.fynlo_number IS NOT NULL
"""


class FynloReceiptLink(models.Model):
    """One row for each order whose link was taken back; all other links need none."""

    _name = "fynlo.receipt.link"
    _description = "Receipt link"
    _log_access = False
    _rec_name = "order_id"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, ondelete="cascade")
    generation = fields.Integer(required=True, readonly=True, help="How often the link was taken back.")

    _order_unique = models.UniqueIndex("(order_id)")

    @api.model
    def _of(self, order, generation, days):
        """The link of an order's receipt on the wire, ``None`` once its time is over."""
        expires_at = order.created_at + timedelta(days=days)
        if expires_at <= now():
            return None
        return {"url": ReceiptLink(order.uuid, generation).url, "expires_at": wire(expires_at)}

    @api.model
    def _location_of(self, token):
        """(order uuid, id of its location) behind a token. Raises ``not_found``, whatever is wrong with it."""
        link = ReceiptLink.of_token(token)
        if link:
            self.env.cr.execute(LOOKUP, {"uuid": link.order_uuid, "now": now()})
            row = self.env.cr.dictfetchone()
            if row and row["in_time"] and row["generation"] == link.generation:
                return link.order_uuid, row["config_id"]
        raise NotFound(self.env._("There is no such receipt."))

    @api.model
    def _revoke(self, identity, uuid, reason):
        """Take the link of an order's receipt back; the next one is another. Returns the receipt."""
        receipts = self.env["fynlo.receipt"]
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        self.env.cr.execute(
            """INSERT INTO fynlo_receipt_link (order_id, generation) VALUES (%s, 1)
               ON CONFLICT (order_id) DO UPDATE SET generation = fynlo_receipt_link.generation + 1
               WHERE fynlo_receipt_link.generation < %s RETURNING generation""",
            (order.row_id, GENERATION_MAX),
        )
        if not self.env.cr.rowcount:
            raise Problem("link_spent", self.env._("The link of this receipt cannot be renewed any more."))
        self.env["fynlo.audit.log"]._record(
            "receipt.link_revoked", company_id=facts.company_id, resource=("order", order.uuid), reason=reason
        )
        return receipts._of(order, facts)
