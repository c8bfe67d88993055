"""Price windows: other prices at certain hours, e.g. a happy hour."""

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from .catalogue_entry import refused

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES = 24 * 60


class FynloPriceWindow(models.Model):
    """On its days and between its minutes a price list replaces the location's, by the location's clock.

    A window may run past midnight; it then belongs to the day on which it began. Of several open
    windows the first in sequence counts.
    """

    _name = "fynlo.price.window"
    _description = "Price window"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]
    _order = "sequence, id"
    _resource_name = "price_window"
    _menu_fields = frozenset(
        {"name", "active", "sequence", "company_id", "config_ids", "pricelist_id", "start_minute", "end_minute", *DAYS}
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    config_ids = fields.Many2many("pos.config", string="Locations", help="Empty: all locations of the company.")
    pricelist_id = fields.Many2one("product.pricelist", "Price list", required=True, ondelete="restrict")
    start_minute = fields.Integer("From (minutes after midnight)", required=True, default=17 * 60)
    end_minute = fields.Integer("To (minutes after midnight)", required=True, default=19 * 60)
    start_clock = fields.Float("From", compute="_compute_clocks", inverse="_inverse_clocks")
    end_clock = fields.Float("To", compute="_compute_clocks", inverse="_inverse_clocks")
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()

    @api.depends("start_minute", "end_minute")
    def _compute_clocks(self):
        """Hours as the back office shows clocks: 17.5 is half past five."""
        for window in self:
            window.start_clock, window.end_clock = window.start_minute / 60, window.end_minute / 60

    def _inverse_clocks(self):
        for window in self:
            window.start_minute, window.end_minute = round(window.start_clock * 60), round(window.end_clock * 60)

    @api.constrains("start_minute", "end_minute")
    def _check_minutes(self):
        for window in self:
            if not (0 <= window.start_minute < MINUTES and 0 < window.end_minute <= MINUTES):
                raise ValidationError(self.env._("A window begins and ends within a day."))
            if window.start_minute == window.end_minute:
                raise ValidationError(self.env._("A window is longer than nothing."))

    def _days(self):
        """The weekdays on which it begins; Monday is 0."""
        return frozenset(number for number, day in enumerate(DAYS) if self[day])

    def _menu_companies(self):
        return self.company_id

    def _menu_owners(self):
        """A window shows in the shape of its price list."""
        return self.pricelist_id

    @api.model
    def _window_values(self, identity, sent, field):
        """Odoo values of a window in a request. Raises ``validation_failed``."""
        start, end = _minute(sent["start"]), _minute(sent["end"]) or MINUTES
        if start == end:
            raise refused(f"{field}.end", "empty_window", "A window is longer than nothing.")
        own = [("company_id", "=", identity.company_id), ("active", "=", True)]
        users = self.env["product.pricelist"]._users
        locations = users("pos.config", sent.get("location_ids", ()), f"{field}.location_ids", own)
        return {
            "start_minute": start,
            "end_minute": end,
            "config_ids": [Command.set(locations.ids)],
            **{day: day in sent["days"] for day in DAYS},
        }

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "days": [day for day in DAYS if self[day]],
            "start": _clock(self.start_minute),
            "end": _clock(self.end_minute % MINUTES),
            "location_ids": self.config_ids.mapped("fynlo_uuid"),
        }


def _minute(clock):
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"
