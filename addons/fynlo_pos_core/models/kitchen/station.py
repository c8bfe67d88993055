"""Stations of a kitchen: who makes what, and on which printer its tickets come out."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

PORT_MAX = 65_535


class FynloKitchenStation(models.Model):
    """Makes the products of its categories. A station without categories makes what no other one does."""

    _name = "fynlo.kitchen.station"
    _description = "Kitchen station"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "config_id, sequence, id"
    _resource_name = "station"
    _menu_fields = frozenset(
        {"name", "config_id", "category_ids", "sequence", "active", "is_open", "fallback_id", "printer_enabled"}
    )

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10, help="Of two stations for the same product the first one makes it.")
    config_id = fields.Many2one("pos.config", "Location", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="config_id.company_id", store=True, index=True)
    category_ids = fields.Many2many(
        "pos.category",
        "fynlo_station_category_rel",
        "station_id",
        "category_id",
        "Categories",
        help="Their sub-categories are meant too. Empty: everything that no other station makes.",
    )
    is_open = fields.Boolean("Open", default=True, help="A closed station's work goes to its fallback.")
    fallback_id = fields.Many2one(
        "fynlo.kitchen.station",
        ondelete="set null",
        domain="[('config_id', '=', config_id), ('id', '!=', id)]",
    )
    printer_enabled = fields.Boolean("Print tickets")
    printer_host = fields.Char("Printer address", help="Name or IP address of an ESC/POS printer on the network.")
    printer_port = fields.Integer("Port", default=9100)
    paper_width = fields.Selection([("80", "80 mm"), ("58", "58 mm")], "Paper", default="80", required=True)
    printer_confirms = fields.Boolean(
        "Printer answers",
        default=True,
        help="Take a ticket as printed only when the printer says so. Switch it off for printers that never answer.",
    )

    _printer_place = models.Constraint(
        "CHECK (NOT printer_enabled OR coalesce(printer_host, '') != '')", "A printer needs its address."
    )
    _printer_port_range = models.Constraint(
        f"CHECK (printer_port BETWEEN 1 AND {PORT_MAX})", "A port is a number from 1 to 65535."
    )

    @api.constrains("fallback_id", "config_id")
    def _check_fallback(self):
        for station in self:
            if station.fallback_id and station.fallback_id.config_id != station.config_id:
                raise ValidationError(self.env._("A fallback is a station of the same location."))
        if self._has_cycle("fallback_id"):
            raise ValidationError(self.env._("Stations cannot be each other's fallback in a circle."))

    def _standing_in(self):
        """The open station that does this one's work; itself when there is none."""
        self.ensure_one()
        station = self
        while station and not station.is_open:
            station = station.fallback_id
        return station or self

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "position": self.sequence,
            "open": self.is_open,
            "prints": self.printer_enabled,
            "category_ids": self.category_ids.mapped("fynlo_uuid"),
            "fallback_id": self.fallback_id.fynlo_uuid or None,
        }
