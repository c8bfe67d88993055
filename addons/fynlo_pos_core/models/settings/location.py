"""Locations: a ``pos.config`` is one place of trade with one cash drawer."""

from zoneinfo import available_timezones

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import clock

DAY_START_MAX = 12 * 60


class PosConfig(models.Model):
    _name = "pos.config"
    _inherit = ["pos.config", "fynlo.resource.mixin"]
    _resource_name = "location"

    fynlo_time_zone = fields.Selection(
        lambda self: [(zone, zone) for zone in sorted(available_timezones())],
        "Time zone",
        required=True,
        default="Europe/London",
        help="The clock on this location's wall. It decides on which business date a sale falls.",
    )
    fynlo_day_start = fields.Integer(
        "Day starts at (minutes after midnight)",
        required=True,
        default=240,
        help="Sales before this minute belong to the previous business date; 240 is four in the morning.",
    )
    fynlo_next_device = fields.Integer("Next device number", required=True, default=1, readonly=True, copy=False)

    @api.constrains("fynlo_day_start")
    def _check_fynlo_day_start(self):
        for location in self:
            if not 0 <= location.fynlo_day_start <= DAY_START_MAX:
                raise ValidationError(self.env._("A business day starts between midnight and noon."))

    @api.model_create_multi
    def create(self, vals_list):
        """A till's order numbers come from its device, so Odoo's own sequences need not be gapless.

        A gapless sequence takes a lock that makes every other till of the location wait.
        """
        locations = super().create(vals_list)
        locations._fynlo_relax_sequences()
        return locations

    def write(self, vals):
        """Archiving a location signs out everybody there."""
        result = super().write(vals)
        if vals.get("active") is False:
            self.env["fynlo.session"].sudo()._end_at(self)
        return result

    def _fynlo_relax_sequences(self):
        for location in self.sudo():
            sequences = location.order_seq_id | location.order_backend_seq_id | location.order_line_seq_id
            sequences.filtered(lambda seq: seq.implementation == "no_gap").implementation = "standard"

    def _fynlo_business_date(self, moment=None):
        """The trading day of a naive UTC moment (now by default) at this location."""
        self.ensure_one()
        return clock.business_date(moment or clock.now(), self.fynlo_time_zone, self.fynlo_day_start)

    def _fynlo_take_device_number(self):
        """The next number for a device of this location; the row stays locked until the commit."""
        self.ensure_one()
        self.env.cr.execute(
            "UPDATE pos_config SET fynlo_next_device = fynlo_next_device + 1 WHERE id = %s"
            " RETURNING fynlo_next_device - 1",
            (self.id,),
        )
        self.invalidate_recordset(["fynlo_next_device"], flush=False)
        return self.env.cr.fetchone()[0]

    def _api_values(self):
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "time_zone": self.fynlo_time_zone,
            "currency": self.currency_id.name,
        }
