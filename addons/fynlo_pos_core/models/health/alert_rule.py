"""Alert rules: from which value on a health check is a warning or a failure, and what to do then."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.health import UNKNOWN, Limits
from ...tools.clock import now, wire


class FynloAlertRule(models.Model):
    """One a check, for the whole database. What the last look found is kept with it."""

    _name = "fynlo.alert.rule"
    _description = "Alert rule"
    _order = "sequence, id"

    code = fields.Char(required=True, readonly=True, help="The check that it judges.")
    sequence = fields.Integer(default=100, required=True)
    name = fields.Char(required=True, translate=True, readonly=True)
    hint = fields.Text("What to do", required=True, translate=True, readonly=True)
    unit = fields.Char(readonly=True, help="What the values are: s, ms, %, …")
    falling = fields.Boolean("Low is bad", readonly=True)
    warn = fields.Float("Warning from", required=True, digits=(16, 2))
    fail = fields.Float("Failure from", required=True, digits=(16, 2))
    hold = fields.Integer("Raise after (looks)", required=True, default=2, help="So many looks in a row must be bad.")
    calm = fields.Integer("Clear after (looks)", required=True, default=3, help="So many looks in a row must be good.")
    enabled = fields.Boolean(default=True, help="Only then alerts are raised; the value is shown in any case.")
    status = fields.Selection(
        [("ok", "Fine"), ("warn", "Warning"), ("fail", "Failure"), (UNKNOWN, "Unknown")],
        default=UNKNOWN,
        required=True,
        readonly=True,
        copy=False,
    )
    value = fields.Float(readonly=True, copy=False, digits=(16, 2))
    note = fields.Char("Says", readonly=True, copy=False)
    since = fields.Datetime(readonly=True, copy=False, help="Since when the status is what it is.")
    evaluated_at = fields.Datetime("Looked at", readonly=True, copy=False)
    alert_ids = fields.One2many("fynlo.alert", "rule_id", "Alerts", readonly=True)

    _code_unique = models.UniqueIndex("(code)", "This check has a rule.")
    _looks = models.Constraint("CHECK(hold BETWEEN 1 AND 60 AND calm BETWEEN 1 AND 60)", "From 1 to 60 looks.")

    @api.constrains("warn", "fail", "falling")
    def _check_order(self):
        for rule in self:
            if (rule.warn < rule.fail) if rule.falling else (rule.warn > rule.fail):
                raise ValidationError(self.env._("A warning comes before a failure."))

    def _limits(self):
        return Limits(self.warn, self.fail, self.falling)

    def _judge(self, finding):
        """Status, value and note of a finding: those of its worst reading.

        Where things are counted one by one and none is there, all is well and the value is none.
        """
        if finding is None:
            return UNKNOWN, None, self.env._("Nothing measures this: the addon that did is gone.")
        if finding.trouble:
            return UNKNOWN, None, finding.trouble
        worst = self._limits().worst(finding.readings)
        if worst is None:
            return "ok", None, ""
        note = ": ".join(filter(None, (worst.name, worst.note)))
        return self._limits().grade(worst.value), worst.value, note

    def _remember(self, finding):
        """Keep what a look found."""
        status, value, note = self._judge(finding)
        seen = {"status": status, "value": value or 0.0, "note": note, "evaluated_at": now()}
        if status != self.status or not self.since:
            seen["since"] = seen["evaluated_at"]
        self.write(seen)

    def _api_values(self, finding):
        """The check as ``/health/details`` shows it, as it is now; ``since`` is what the last look noted."""
        status, value, note = self._judge(finding)
        return {
            "code": self.code,
            "name": self.name,
            "status": status,
            "value": value,
            "unit": self.unit or "",
            "threshold": {"warn": self.warn, "fail": self.fail, "falling": self.falling},
            "since": wire(self.since or None) if status == self.status else None,
            "note": note,
            "hint": self.hint if status != "ok" else "",
        }

    def action_look(self):
        """Back office: look now instead of at the next minute."""
        self.browse().check_access("write")
        self.env["fynlo.alert.watch"].sudo()._evaluate()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_alerts(self):
        """Back office: the alerts of this rule."""
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "fynlo.alert",
            "view_mode": "list,form",
            "domain": [("rule_id", "=", self.id)],
        }
