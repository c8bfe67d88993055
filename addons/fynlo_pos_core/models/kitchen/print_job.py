"""Print jobs: each prints its kitchen ticket at most once; the print queue sees to that."""

from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...rest import Problem, declare
from ...tools.kitchen_slip import slip
from ...tools.network_printer import NetworkPrinter

declare("no_printer", 409, "No printer here", "There is no printer for this.", "Show it on a screen instead.")


class FynloPrintJob(models.Model):
    _name = "fynlo.print.job"
    _description = "Print job"
    _inherit = ["fynlo.print.queue"]
    _log_access = False
    _order = "id desc"
    _rec_name = "ticket_id"
    _lane = "station_id"
    _cron = "fynlo_pos_core.cron_print"

    ticket_id = fields.Many2one("fynlo.kitchen.ticket", required=True, readonly=True, index=True, ondelete="cascade")
    station_id = fields.Many2one("fynlo.kitchen.station", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    is_copy = fields.Boolean("Copy", readonly=True)

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

    # --- what the queue asks -------------------------------------------------------------

    def _printer(self):
        station = self.station_id
        return NetworkPrinter(station.printer_host or "", station.printer_port, station.printer_confirms)

    def _paper(self):
        return slip(
            self.ticket_id._api_values(),
            paper=self.station_id.paper_width,
            sent_at=self._wall_clock(),
            copy=self.is_copy,
        )

    def _announce_print(self):
        self.ticket_id._announce()

    def _wall_clock(self):
        zone = ZoneInfo(self.ticket_id.config_id.fynlo_time_zone)
        return self.ticket_id.sent_at.replace(tzinfo=UTC).astimezone(zone).strftime("%d/%m %H:%M")

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
