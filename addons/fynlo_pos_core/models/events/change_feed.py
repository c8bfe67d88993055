"""The change feed: what happened in a company since a place in it, for tills that missed events."""

import json

from odoo import api, models

from ...rest import Problem, declare
from ...tools.clock import wire

declare(
    "resync_required",
    410,
    "History is gone",
    "The feed no longer reaches back to that place, or never did.",
    "Read everything anew (menu, open orders), then go on from `last_seq` of GET /changes?after=latest.",
)


class FynloFeed(models.Model):
    _inherit = "fynlo.feed"

    @api.model
    def _changes(self, identity, after, limit):
        """Up to ``limit`` changes after the sequence ``after`` that the caller may see, in order.

        The relay numbers changes in the order of their commits, without gaps, so nothing appears
        later before ``after``. ``None`` asks for the present end alone. Raises ``resync_required``
        when rows after ``after`` were already deleted, or the feed is not that far.
        """
        last = self._last(identity.company_id)
        if after is None:
            return {"items": [], "last_seq": last, "has_more": False}
        if after > last or after < self._forgotten(identity.company_id, last):
            raise Problem("resync_required", self.env._("The history after that place is gone."), last_seq=last)
        self.env.cr.execute(
            """SELECT seq, topic, type, event_id, resource_id, deleted, created_at, payload
                 FROM fynlo_outbox
                WHERE company_id = %s AND seq > %s AND seq <= %s AND topic = ANY(%s)
                ORDER BY seq LIMIT %s""",
            (identity.company_id, after, last, self._topics(identity), limit + 1),
        )
        rows = self.env.cr.dictfetchall()
        items = [_change(row) for row in rows[:limit]]
        has_more = len(rows) > limit
        return {"items": items, "last_seq": items[-1]["seq"] if has_more else last, "has_more": has_more}

    def _topics(self, identity):
        return self.env["fynlo.access"]._topics(
            identity.permissions,
            location=identity.location_uuid,
            company=identity.company_uuid,
            employee=identity.employee_uuid,
            device=identity.device_uuid,
        )

    def _last(self, company_id):
        self.env.cr.execute("SELECT last_seq FROM fynlo_feed WHERE company_id = %s", (company_id,))
        row = self.env.cr.fetchone()
        return row[0] if row else 0

    def _forgotten(self, company_id, last):
        """The last sequence that is no longer kept; 0 when all are."""
        self.env.cr.execute("SELECT min(seq) FROM fynlo_outbox WHERE company_id = %s", (company_id,))
        first = self.env.cr.fetchone()[0]
        return first - 1 if first else last


def _change(row):
    return {
        "seq": row["seq"],
        "topic": row["topic"],
        "type": row["type"],
        "event_id": row["event_id"],
        "id": row["resource_id"],
        "deleted": bool(row["deleted"]),
        "at": wire(row["created_at"]),
        "data": _data(row["payload"]),
    }


def _data(payload):
    """As the relay has it: what nobody could read is ``null``, and holds up nobody who is behind it."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
