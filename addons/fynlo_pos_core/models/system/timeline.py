"""The timeline of a record: its events, the requests that made them, and what the audit log says."""

import json

from markupsafe import Markup
from odoo import fields, models
from odoo.tools import format_datetime

ROW = Markup(
    '<tr><td class="text-nowrap text-muted pe-3">%(at)s</td><td class="pe-2"><i class="fa fa-fw %(icon)s"></i></td>'
    '<td class="pe-3 text-nowrap">%(what)s</td><td class="pe-3 text-nowrap">%(who)s</td>'
    '<td class="text-muted small text-break">%(detail)s</td></tr>'
)
TABLE = Markup('<table class="o_fynlo_timeline table table-sm table-borderless w-auto mb-0"><tbody>%s</tbody></table>')
#: The newest entries that are shown.
LIMIT = 200


class FynloTimeline(models.AbstractModel):
    """For records of a location (``config_id``). What is told comes from records that are never changed."""

    _name = "fynlo.timeline"
    _description = "Has a timeline"

    fynlo_timeline = fields.Html("Timeline", compute="_compute_fynlo_timeline", sanitize=False)

    def _compute_fynlo_timeline(self):
        for record in self:
            rows = [ROW % {**entry, "at": record._fynlo_moment(entry["at"])} for entry in record._fynlo_history()]
            record.fynlo_timeline = TABLE % Markup().join(rows) if rows else False

    def _fynlo_history(self):
        """What happened, in order of time: dicts of ``at`` (naive UTC), ``icon``, ``what``, ``who`` and ``detail``."""
        entries = ({"who": "", "detail": "", **entry} for entry in self._fynlo_entries())
        return sorted(entries, key=lambda entry: entry["at"])[-LIMIT:]

    def _fynlo_resource_ids(self):
        """The public ids of everything whose events belong on the timeline."""
        return [self.fynlo_uuid] if self.fynlo_uuid else []

    def _fynlo_entries(self):
        """Read with superuser rights: who may see the record may see what happened to it."""
        ids = self._fynlo_resource_ids()
        mine = [("company_id", "=", self.company_id.id), ("resource_id", "in", ids)]
        for event in self.env["fynlo.outbox"].sudo().search(mine, limit=LIMIT)[::-1]:
            yield {"at": event.created_at, "icon": "fa-bell-o", "what": event._title(), "detail": event._place()}
        operations = self.env["fynlo.idempotency"].sudo().search(mine, limit=LIMIT)[::-1]
        callers = self._callers(operations.mapped("scope"))
        for operation in operations:
            yield {
                "at": operation.created_at,
                "icon": "fa-exchange",
                "what": operation.route,
                "who": callers.get(operation.scope, ""),
                "detail": self.env._("answered %(status)s, key %(key)s", status=operation.status, key=operation.key),
            }
        for entry in self.env["fynlo.audit.log"].sudo().search(mine, limit=LIMIT)[::-1]:
            yield {
                "at": entry.at,
                "icon": "fa-shield",
                "what": entry.action,
                "who": entry.actor or "",
                "detail": " · ".join(filter(None, (_step(entry), entry.reason, entry.approver))),
            }

    def _callers(self, scopes):
        """The names of the devices and people that asked, by the public ids that requests keep of them."""
        found = [("fynlo_uuid", "in", scopes)]
        people = self.env["hr.employee"].sudo().with_context(active_test=False).search(found)
        devices = self.env["fynlo.device"].sudo().with_context(active_test=False).search(found)
        return {one.fynlo_uuid: one.name for records in (people, devices) for one in records}

    def _fynlo_moment(self, moment):
        """A moment by the clock on the location's wall."""
        return format_datetime(self.env, moment, tz=self.config_id.fynlo_time_zone, dt_format="d MMM HH:mm:ss")


def _step(entry):
    """``sent → captured`` of an audit entry that tells of a step from one state to the next."""
    before, after = (json.loads(part) if part else {} for part in (entry.before, entry.after))
    states = [part.get("state") for part in (before, after) if isinstance(part, dict)]
    return " → ".join(states) if len(states) == 2 and all(states) else ""
