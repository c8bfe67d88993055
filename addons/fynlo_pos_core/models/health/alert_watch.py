"""The watch: looks at everything once a minute, and raises and clears alerts by the rules."""

from odoo import api, models

from ...engine.health import Finding
from ...rest import transaction
from ...tools.clock import now

#: In the background a check may take longer than in an answer.
CHECK_LIMIT_MS = 2_000
LOOK_LIMIT_S = 20.0


class FynloAlertWatch(models.AbstractModel):
    _name = "fynlo.alert.watch"
    _description = "Watch"

    @api.model
    def _cron_evaluate(self):
        """One look; what it found is committed. A conflict with a manager is simply done again."""
        transaction.run(self.env, self._evaluate)

    @api.model
    def _evaluate(self):
        """Look at everything and keep what was found. A look that told nothing changes no alert."""
        findings = self.env["fynlo.health"]._look(CHECK_LIMIT_MS, LOOK_LIMIT_S)
        # two watches at once would count one look twice
        self.env.cr.execute("SELECT id FROM fynlo_alert_rule ORDER BY id FOR UPDATE")
        self.env.invalidate_all()
        for rule in self.env["fynlo.alert.rule"].search([]):
            self._apply(rule, findings.get(rule.code))

    def _apply(self, rule, finding):
        rule._remember(finding)
        alerts = self.env["fynlo.alert"].search([("rule_id", "=", rule.id), ("state", "!=", "cleared")])
        if not rule.enabled or finding is None:
            for alert in alerts:
                alert._clear()
        elif not finding.trouble:
            self._compare(rule, finding, {alert.subject: alert for alert in alerts})

    def _compare(self, rule, finding: Finding, alerts):
        """Bring the unresolved ``alerts`` by subject in line with the readings of one look."""
        bad = {}
        for reading in finding.readings:
            level = rule._limits().grade(reading.value)
            if level != "ok":
                bad[reading.subject] = (level, reading)
        for subject, (level, reading) in bad.items():
            alert = alerts.get(subject) or self._begin(rule, level, reading)
            alert._see_bad(level, reading, rule.hold)
        for subject, alert in alerts.items():
            if subject not in bad:
                alert._see_good(rule.calm)

    def _begin(self, rule, level, reading):
        return self.env["fynlo.alert"].create(
            {
                "rule_id": rule.id,
                "subject": reading.subject,
                "subject_kind": reading.kind or False,
                "subject_key": reading.key or False,
                "subject_name": reading.name or False,
                "company_id": reading.company_id,
                "config_id": reading.config_id,
                "level": level,
                "since": now(),
            }
        )
