"""What the checks say, for an answer to a request and for Prometheus."""

from datetime import UTC

from odoo import api, models

from ...engine.health import STATUSES, UNKNOWN


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    @api.model
    def _report(self, company_id):
        """Every check as it is this moment, as far as it concerns the company; the worst status with it.

        Never slow: a check that takes too long is ``unknown``.
        """
        found = self._look()
        own = {code: finding.of_company(company_id) for code, finding in found.items()}
        rules = self.env["fynlo.alert.rule"].sudo().search([("code", "in", list(own))])
        checks = [rule._api_values(own[rule.code]) for rule in rules]
        told = [check["status"] for check in checks if check["status"] != UNKNOWN]
        return {"status": max(told, key=STATUSES.index, default="ok"), "health": checks}

    @api.model
    def _samples(self):
        """Gauges of what the last look found. A scrape measures nothing itself."""
        self.env.cr.execute(
            """SELECT rule.code, rule.status, rule.value, rule.evaluated_at,
                      (SELECT count(*) FROM fynlo_alert alert
                        WHERE alert.rule_id = rule.id AND alert.state IN ('open', 'acknowledged'))
                 FROM fynlo_alert_rule rule"""
        )
        samples = {}
        looked_at = 0.0
        for code, status, value, evaluated_at, alerts in self.env.cr.fetchall():
            if evaluated_at:
                looked_at = max(looked_at, evaluated_at.replace(tzinfo=UTC).timestamp())
                samples[f'fynlo_health_status{{check="{code}"}}'] = -1 if status == UNKNOWN else STATUSES.index(status)
                samples[f'fynlo_health_value{{check="{code}"}}'] = value or 0.0
            samples[f'fynlo_alert_open{{rule="{code}"}}'] = alerts
        samples["fynlo_alerts_last_evaluated_timestamp_seconds"] = looked_at
        return samples
