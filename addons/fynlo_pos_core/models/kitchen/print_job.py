"""Print jobs: each prints its ticket at most once, after the ticket was committed and outside of requests.

Reserve, call, apply: a job is marked as being printed and committed before a byte leaves, so that
no restart can print it again. When nobody can tell whether paper came out it is ``unknown``; the
kitchen sees that and prints again by hand, marked as a copy.
"""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...rest import Problem, declare
from ...tools.clock import now
from ...tools.kitchen_slip import slip
from ...tools.network_printer import NetworkPrinter, PrinterRefused, PrintUnknown

#: Waits between attempts on a printer that refuses; after the last one the job has failed.
PAUSES_S = (5, 15, 30, 60, 120, 300)
#: A job that is being printed for so long was left by a process that died.
LOST_AFTER = timedelta(minutes=3)

declare(
    "no_printer", 409, "No printer here", "The ticket's station prints nothing.", "Show the ticket on a screen instead."
)


class FynloPrintJob(models.Model):
    _name = "fynlo.print.job"
    _description = "Print job"
    _log_access = False
    _order = "id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one("fynlo.kitchen.ticket", required=True, readonly=True, index=True, ondelete="cascade")
    station_id = fields.Many2one("fynlo.kitchen.station", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    is_copy = fields.Boolean("Copy", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("printing", "Printing"),
            ("printed", "Printed"),
            ("failed", "Failed"),
            ("unknown", "Unknown"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(default=0, required=True, readonly=True)
    queued_at = fields.Datetime(required=True, readonly=True, default=lambda self: now())
    next_try_at = fields.Datetime(readonly=True, required=True, default=lambda self: now())
    reserved_at = fields.Datetime(readonly=True)
    printed_at = fields.Datetime(readonly=True)
    failure = fields.Char(readonly=True)

    _to_do = models.Index("(station_id, id) WHERE state IN ('waiting', 'printing')")

    @api.model
    def _queue(self, tickets, is_copy=False):
        """Print these tickets soon after this transaction commits, if it does."""
        if not tickets:
            return self
        jobs = self.create(
            [
                {
                    "ticket_id": ticket.id,
                    "station_id": ticket.station_id.id,
                    "company_id": ticket.company_id.id,
                    "is_copy": is_copy,
                }
                for ticket in tickets
            ]
        )
        self._wake()
        return jobs

    @api.model
    def _cron_print(self):
        """Print what waits, each station's jobs in their order, each job in transactions of its own."""
        self._give_up_lost()
        for station in self.search([("state", "=", "waiting"), ("next_try_at", "<=", now())]).station_id:
            while job := self._reserve(station):
                job._apply(job._call())
                if job.state == "waiting":
                    break  # the printer refuses: the rest of its jobs would be refused too

    # --- reserve, call, apply ------------------------------------------------------------

    def _reserve(self, station):
        """The station's next job, marked as being printed for all to see; nothing when it must wait."""
        self.env.cr.execute(
            """UPDATE fynlo_print_job SET state = 'printing', reserved_at = %(now)s, attempts = attempts + 1
                WHERE id = (SELECT id FROM fynlo_print_job WHERE station_id = %(station)s AND state = 'waiting'
                             ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
                  AND next_try_at <= %(now)s
            RETURNING id""",
            {"station": station.id, "now": now()},
        )
        row = self.env.cr.fetchone()
        self._save()
        return self.browse(row and row[0])

    def _call(self):
        """Hand the ticket to the printer; returns the values that its answer gives the job."""
        station = self.station_id
        printer = NetworkPrinter(station.printer_host or "", station.printer_port, station.printer_confirms)
        data = slip(
            self.ticket_id._api_values(),
            paper=station.paper_width,
            sent_at=self._wall_clock(),
            copy=self.is_copy,
        )
        try:
            printer.deliver(data)
        except PrinterRefused as refusal:
            return self._after_refusal(str(refusal))
        except PrintUnknown as doubt:
            return {"state": "unknown", "failure": str(doubt)}
        return {"state": "printed", "printed_at": now(), "failure": False}

    def _apply(self, values):
        """Keep what became of the job and tell the kitchen's screens.

        The ticket itself is not written: cooks work on it meanwhile, and a conflict here would
        lose what the printer said.
        """
        self.write(values)
        if values["state"] != "waiting":
            self.ticket_id._announce()
        self._save()

    def _after_refusal(self, reason):
        if self.attempts > len(PAUSES_S):
            return {"state": "failed", "failure": reason}
        next_try = now() + timedelta(seconds=PAUSES_S[self.attempts - 1])
        self._wake(next_try)
        return {"state": "waiting", "next_try_at": next_try, "failure": reason}

    def _give_up_lost(self):
        """Jobs of a process that died while printing: nobody knows whether they came out."""
        lost = self.search([("state", "=", "printing"), ("reserved_at", "<", now() - LOST_AFTER)])
        for job in lost:
            job._apply(
                {"state": "unknown", "failure": self.env._("The printing process ended before the printer answered.")}
            )

    def _wall_clock(self):
        zone = ZoneInfo(self.ticket_id.config_id.fynlo_time_zone)
        return self.ticket_id.sent_at.replace(tzinfo=UTC).astimezone(zone).strftime("%d/%m %H:%M")

    @api.model
    def _wake(self, moment=None):
        self.env.ref("fynlo_pos_core.cron_print").sudo()._trigger(moment)

    def _save(self):
        """Commit: what is known of a job must outlive this process."""
        self.env["ir.cron"]._commit_progress()
        self.invalidate_model()

    # --- by hand -------------------------------------------------------------------------

    @api.model
    def _print_again(self, ticket):
        """Print a ticket once more; marked as a copy unless surely nothing came out before.

        Raises ``no_printer``.
        """
        if not ticket.station_id.printer_enabled:
            raise Problem("no_printer", self.env._("%s has no printer.", ticket.station_id.name))
        earlier = ticket.job_ids.filtered(lambda job: job.state != "failed")
        return self._queue(ticket, is_copy=bool(earlier))
