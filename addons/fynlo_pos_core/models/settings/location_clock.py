"""The start of a location's business day as people read it on a clock."""

from odoo import api, fields, models


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_day_start_clock = fields.Float(
        "Business day starts at",
        compute="_compute_fynlo_day_start_clock",
        inverse="_inverse_fynlo_day_start_clock",
        help="Sales before this time belong to the business date of the evening before.",
    )
    fynlo_open_till = fields.Boolean("Till open", compute="_compute_fynlo_open_till")
    fynlo_device_count = fields.Integer("Paired devices", compute="_compute_fynlo_device_count")

    @api.depends("fynlo_day_start")
    def _compute_fynlo_day_start_clock(self):
        for location in self:
            location.fynlo_day_start_clock = location.fynlo_day_start / 60

    def _inverse_fynlo_day_start_clock(self):
        for location in self:
            location.fynlo_day_start = round(location.fynlo_day_start_clock * 60)

    def _compute_fynlo_open_till(self):
        open_now = self.env["pos.session"].search([("config_id", "in", self.ids), ("state", "=", "opened")]).config_id
        for location in self:
            location.fynlo_open_till = location in open_now

    def _compute_fynlo_device_count(self):
        counts = dict(
            self.env["fynlo.device"]._read_group(
                [("config_id", "in", self.ids), ("state", "=", "paired")], ["config_id"], ["__count"]
            )
        )
        for location in self:
            location.fynlo_device_count = counts.get(location, 0)
