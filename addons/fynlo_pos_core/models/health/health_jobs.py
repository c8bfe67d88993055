"""How what runs in the background does: scheduled actions, posting, prints, webhooks, the watch itself."""

from odoo import models

from ...engine.health import Reading

#: Odoo switches a scheduled action off after so many failures in a row.
GIVEN_UP = 5

JOBS = """
    SELECT cron.cron_name AS name, cron.active, cron.failure_count AS failures,
           extract(epoch FROM (now() AT TIME ZONE 'UTC') - cron.nextcall)::float / 60 AS minutes_late,
           data.module || '.' || data.name AS reference
      FROM ir_cron cron
      LEFT JOIN LATERAL (SELECT module, name FROM ir_model_data
                          WHERE model = 'ir.cron' AND res_id = cron.id ORDER BY id LIMIT 1) data ON TRUE
     WHERE {which}
"""

#: Prints of each network printer since the last one that came out: failed, in doubt, or refused again and again.
FAILED_PRINTS = """
    WITH job AS (
        SELECT {lane} AS lane, id, state, attempts, failure,
               max(id) FILTER (WHERE state = 'printed') OVER (PARTITION BY {lane}) AS last_printed
          FROM {queue}
         WHERE queued_at > (now() AT TIME ZONE 'UTC') - interval '12 hours' AND {printed_here}),
    failed AS (
        SELECT lane, count(*) AS value, (array_agg(failure ORDER BY id DESC))[1] AS note
          FROM job
         WHERE id > coalesce(last_printed, 0)
           AND (state IN ('failed', 'unknown') OR (state = 'waiting' AND attempts >= 3))
         GROUP BY lane)
    SELECT failed.value, failed.note, printer.fynlo_uuid AS key, printer.name, printer.company_id, printer.{location}
           AS config_id
      FROM failed JOIN {printers} printer ON printer.id = failed.lane
"""
KITCHEN_PRINTS = FAILED_PRINTS.format(
    queue="fynlo_print_job",
    lane="station_id",
    printed_here="TRUE",
    printers="fynlo_kitchen_station",
    location="config_id",
)
RECEIPT_PRINTS = FAILED_PRINTS.format(
    queue="fynlo_receipt_print",
    lane="config_id",
    printed_here="printer = 'location'",
    printers="pos_config",
    location="id",
)


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "job_failing": self._job_failing,
            "job_late": self._job_late,
            "printer": self._printers,
            "webhook_backlog": self._webhook_backlog,
            "evaluation": self._evaluation,
        }

    def _job_failing(self):
        """Scheduled actions that failed, by how often in a row; one of ours that was switched off has given up."""
        jobs = self._rows(
            JOBS.format(which="(cron.active AND failure_count > 0) OR (NOT cron.active AND data.module LIKE 'fynlo%%')")
        )
        off = self.env._("Switched off")
        return [
            _of_job(job, job["failures"]) if job["active"] else _of_job(job, max(job["failures"], GIVEN_UP), off)
            for job in jobs
        ]

    def _job_late(self):
        """Scheduled actions that should have run, by minutes."""
        jobs = self._rows(
            JOBS.format(which="cron.active AND nextcall < (now() AT TIME ZONE 'UTC') - interval '1 minute'")
        )
        return [_of_job(job, round(job["minutes_late"], 1)) for job in jobs]

    def _printers(self):
        """Per printer the prints that did not come out for sure since the last one that did."""
        failed = [*self._rows(KITCHEN_PRINTS), *self._rows(RECEIPT_PRINTS)]
        return [Reading(**{**row, "note": row["note"] or ""}, kind="printer") for row in failed]

    def _webhook_backlog(self):
        """Seconds that the oldest notice of a provider waits. Addons that take such notices return their readings."""
        return []

    def _evaluation(self):
        """Seconds since the rules were last looked at; since they were installed when that never was."""
        row = self._row(
            """SELECT extract(epoch FROM (now() AT TIME ZONE 'UTC') - max(coalesce(evaluated_at, create_date)))::float
                      AS age
                 FROM fynlo_alert_rule"""
        )
        return [Reading(max(0.0, round(row["age"] or 0.0, 1)))]


def _of_job(job, value, note=""):
    return Reading(value, note, kind="job", key=job["reference"] or job["name"], name=job["name"])
