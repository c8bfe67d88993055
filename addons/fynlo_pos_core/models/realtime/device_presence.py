"""Whether a device is connected, read from its connections.

Nothing of it is kept in the device's own row: every order of the device locks that row.
"""

from odoo import api, fields, models

from ...tools.clock import wire
from .connection import ENDINGS

PRESENCES = [("online", "Online"), ("offline", "Offline"), ("never", "Never seen")]
LATEST = """
    SELECT device.id, connection.last_seen_at, connection.closed_at, connection.ending, connection.address,
           connection.user_agent
      FROM unnest(%s) AS device(id)
      JOIN LATERAL (SELECT coalesce(
               (SELECT max(id) FROM fynlo_connection WHERE device_id = device.id AND closed_at IS NULL),
               (SELECT max(id) FROM fynlo_connection WHERE device_id = device.id)) AS id) latest ON TRUE
      JOIN fynlo_connection connection ON connection.id = latest.id
"""


class FynloDevice(models.Model):
    _inherit = "fynlo.device"

    presence = fields.Selection(PRESENCES, compute="_compute_presence", search="_search_presence")
    seen_at = fields.Datetime("Last seen", compute="_compute_presence", help="Connected, signed in or refreshed.")
    last_ending = fields.Selection(ENDINGS, "Last connection ended", compute="_compute_presence")
    connection_address = fields.Char("Address", compute="_compute_presence")
    connection_app = fields.Char("App says", compute="_compute_presence")

    @api.depends("last_seen_at", "last_address")
    def _compute_presence(self):
        self.env.cr.execute(LATEST, (self.ids,))
        latest = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for device in self:
            seen_at, closed_at, ending, address, app = latest.get(device.id, (None,) * 5)
            moments = [moment for moment in (seen_at, device.last_seen_at) if moment]
            device.seen_at = max(moments, default=None)
            device.presence = "online" if seen_at and not closed_at else "offline" if moments else "never"
            device.last_ending = ending
            device.connection_address = address or device.last_address
            device.connection_app = app

    def _search_presence(self, operator, value):
        if operator != "in":
            return NotImplemented
        open_now = self.env["fynlo.connection"].sudo()._search([("closed_at", "=", False), ("device_id", "!=", False)])
        ever = self.env["fynlo.connection"].sudo()._search([("device_id", "!=", False)])
        online = fields.Domain("id", "in", open_now.subselect("device_id"))
        known = fields.Domain("id", "in", ever.subselect("device_id")) | fields.Domain("last_seen_at", "!=", False)
        domains = {"online": online, "offline": known & ~online, "never": ~known}
        return fields.Domain.OR(domains[one] for one in value if one in domains)

    def action_connections(self):
        """The history of this device's connections."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_connections")
        return {**action, "domain": [("device_id", "=", self.id)], "context": {}}

    def _presence_values(self):
        """The device with its presence, for lists: not part of the resource, whose version it does not change."""
        return {
            **self._api_values(),
            "last_seen_at": wire(self.seen_at or None),
            "presence": self.presence,
            "address": self.connection_address or None,
            "last_ending": self.last_ending or None,
        }
