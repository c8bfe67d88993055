"""Countdowns: portions taken and given back by orders, exactly once, whichever till sells the last one."""

from odoo import api, fields, models

LOCK = """
    SELECT id, countdown - oversold AS left, available, countdown = 0 AS is_gone, coalesce(reason, '') AS reason
      FROM fynlo_availability WHERE id = ANY(%s) AND counted ORDER BY id FOR UPDATE
"""
KEEP = """
    UPDATE fynlo_availability row
       SET countdown = greatest(kept.remaining, 0), oversold = greatest(-kept.remaining, 0), available = kept.available
      FROM unnest(%s, %s, %s) AS kept(id, remaining, available)
     WHERE row.id = kept.id
"""


class FynloAvailability(models.Model):
    _inherit = "fynlo.availability"

    oversold = fields.Integer(
        "Sold beyond zero", readonly=True, help="Portions of orders that reached us late, when there were none left."
    )

    @api.model
    def _lock_countdowns(self, row_ids):
        """The countdowns that still run among these, by id, each with how many are ``left``; locked until commit.

        Locked in the order of their ids, so that two orders of several counted things cannot block each other.
        """
        self.env.cr.execute(LOCK, (sorted(row_ids),))
        return {row["id"]: row for row in self.env.cr.dictfetchall()}

    @api.model
    def _keep_countdowns(self, facts, rows, remaining):
        """Write what is left of locked ``rows`` (``remaining``: thing → portions) and tell the tills.

        Menus are made anew only when something goes off them or comes back: between those the
        number travels as an event alone.
        """
        kept = [(thing, int(left), _is_available(rows[thing.row_id], left)) for thing, left in remaining.items()]
        self.env.cr.execute(
            KEEP, [list(column) for column in zip(*((t.row_id, n, a) for t, n, a in kept), strict=True)]
        )
        self.invalidate_model(["countdown", "oversold", "available"], flush=False)
        for thing, left, available in kept:
            self._tell(facts, thing, max(left, 0), available, rows[thing.row_id]["reason"])
        if any(available != rows[thing.row_id]["available"] for thing, _left, available in kept):
            self.env["fynlo.catalogue"]._bump([facts.company_id])

    def _tell(self, facts, thing, left, available, reason):
        ids = thing.ids()
        shape = {
            **ids,
            "location_id": facts.location_uuid,
            "available": available,
            "stock": left,
            "reason": reason or None,
        }
        self.env["fynlo.outbox"]._emit(
            facts.company_id,
            f"l.{facts.location_uuid}.menu",
            "product.availability_changed",
            ids["modifier_id"] or ids["variant_id"] or ids["product_id"],
            shape,
        )


def _is_available(row, left):
    """What the count took off the menu comes back with a portion; what a person took off stays off."""
    return left > 0 and (row["available"] or row["is_gone"])
