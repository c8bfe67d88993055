"""Alerts: something is or was wrong, from when until when, and who looks after it."""

from odoo import api, fields, models

from ...tools.clock import now, wire
from ..system.transition import require_transition
from .alert_states import ALERT_STATES


class FynloAlert(models.Model):
    """Written by the watch alone, but for who looks after it. At most one that is not cleared a rule and thing.

    An alert without a company concerns the whole system.
    """

    _name = "fynlo.alert"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Alert"
    _order = "id desc"
    _rec_name = "name"
    _resource_name = "alert"

    rule_id = fields.Many2one("fynlo.alert.rule", required=True, readonly=True, index=True, ondelete="cascade")
    code = fields.Char(related="rule_id.code")
    name = fields.Char(related="rule_id.name")
    hint = fields.Text(related="rule_id.hint")
    unit = fields.Char(related="rule_id.unit")
    subject = fields.Char(readonly=True, required=True, default="", help="Tells the things of one rule apart.")
    subject_kind = fields.Char(readonly=True)
    subject_key = fields.Char(readonly=True)
    subject_name = fields.Char("Of what", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null", ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="cascade")
    state = fields.Selection(
        [(name, name.capitalize()) for name in ALERT_STATES], required=True, readonly=True, default="pending"
    )
    level = fields.Selection(
        [("warn", "Warning"), ("fail", "Failure")], required=True, readonly=True, help="The worst that it was."
    )
    value = fields.Float(readonly=True, digits=(16, 2))
    note = fields.Char("Says", readonly=True)
    bad_looks = fields.Integer(readonly=True, default=0)
    good_looks = fields.Integer(readonly=True, default=0)
    since = fields.Datetime(required=True, readonly=True)
    raised_at = fields.Datetime(readonly=True)
    acknowledged_at = fields.Datetime(readonly=True)
    acknowledged_by = fields.Char(readonly=True, help="The name is copied: an alert outlives people.")
    cleared_at = fields.Datetime(readonly=True)
    is_for_me = fields.Boolean(compute="_compute_is_for_me", search="_search_is_for_me")

    _unresolved = models.UniqueIndex("(rule_id, subject) WHERE state != 'cleared'")
    _history = models.Index("(company_id, id DESC)")

    # --- steps ---------------------------------------------------------------------------

    def _move(self, state, **values):
        require_transition(self.env, ALERT_STATES, self.state, state)
        self.write({"state": state, **values})

    def _see_bad(self, level, reading, hold):
        """A look found it bad: raise it once that held, and again when it got worse."""
        looks = self.bad_looks + 1
        worse = level == "fail" and self.level == "warn"
        self.write(
            {
                "bad_looks": looks,
                "good_looks": 0,
                "value": reading.value,
                "note": reading.note,
                "level": "fail" if worse else self.level,
            }
        )
        if self.state == "pending" and looks >= hold:
            self._move("open", raised_at=now())
            self._announce("alert.raised")
        elif self.state != "pending" and worse:
            if self.state == "acknowledged":
                self._move("open", acknowledged_at=False, acknowledged_by=False)
            self._announce("alert.raised")

    def _see_good(self, calm):
        """A look found it good: clear it once that held. What was never raised is forgotten."""
        if self.state == "pending":
            self.unlink()
        elif self.good_looks + 1 >= calm:
            self._clear()
        else:
            self.write({"good_looks": self.good_looks + 1})

    def _clear(self):
        if self.state == "pending":
            self.unlink()
            return
        self._move("cleared", cleared_at=now())
        self._announce("alert.cleared")

    def _acknowledge(self, who):
        """``who`` looks after it. Doing it again changes nothing. Raises ``illegal_transition`` once it was cleared."""
        self.env.cr.execute("SELECT id FROM fynlo_alert WHERE id = %s FOR UPDATE", (self.id,))
        self.invalidate_recordset()
        if self.state != "acknowledged":
            self._move("acknowledged", acknowledged_at=now(), acknowledged_by=who)

    # --- telling -------------------------------------------------------------------------

    def _announce(self, event):
        """Tell the managers of its company, also by e-mail; those of all when it concerns the whole system.

        The latter hear only that something changed: not everybody on that topic may see the system.
        """
        companies = self.company_id or self.env["pos.config"].search([]).company_id
        data = self._api_values() if self.company_id else None
        if event == "alert.raised" and self.company_id:
            self.company_id._fynlo_mail_alert(self._text())
        for company in companies:
            topic = f"c.{company.fynlo_uuid}.dashboard"
            self.env["fynlo.outbox"]._emit(company.id, topic, event, self.fynlo_uuid, data)

    def _api_values(self):
        self.ensure_one()
        subject = {"kind": self.subject_kind, "id": self.subject_key, "name": self.subject_name}
        return {
            "id": self.fynlo_uuid,
            "code": self.code,
            "text": self._text(),
            "state": self.state,
            "level": self.level,
            "scope": "company" if self.company_id else "system",
            "location_id": self.config_id.fynlo_uuid or None,
            "subject": subject if self.subject_kind else None,
            "value": self.value,
            "unit": self.unit or "",
            "note": self.note or "",
            "hint": self.hint,
            "since": wire(self.since),
            "raised_at": wire(self.raised_at or None),
            "acknowledged_at": wire(self.acknowledged_at or None),
            "acknowledged_by": self.acknowledged_by or None,
            "cleared_at": wire(self.cleared_at or None),
        }

    def _text(self):
        """One line for people: what, of what, how much."""
        what = f"{self.name}: {self.subject_name}" if self.subject_name else self.name
        return f"{what} ({self.value:g} {self.unit})" if self.unit else what

    @api.autovacuum
    def _gc_old(self):
        """Forget what was cleared a year ago."""
        self.env.cr.execute(
            """DELETE FROM fynlo_alert WHERE id IN (SELECT id FROM fynlo_alert
                WHERE state = 'cleared' AND cleared_at < (now() AT TIME ZONE 'UTC') - interval '1 year' LIMIT 5000)"""
        )
