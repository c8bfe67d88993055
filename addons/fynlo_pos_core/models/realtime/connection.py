"""Connections: when a device was connected to the events, from where, and how it ended."""

from odoo import api, fields, models

from ...tools.clock import wire

CLOSED_BY = [
    ("client", "The till"),
    ("server", "The gateway"),
    ("network", "The network"),
    ("lost", "Nobody: the gateway went down"),
]
ENDINGS = [
    ("left", "The till closed it"),
    ("unreachable", "The till went out of reach"),
    ("restart", "The gateway was restarted"),
    ("signed_out", "The sign-in was not renewed"),
    ("revoked", "The device or sign-in was revoked"),
    ("replaced", "The till connected anew"),
    ("crowded", "Too many connections at once"),
    ("slow", "The till read too slowly"),
    ("faulty", "The till broke the rules of the protocol"),
    ("unavailable", "Events could not be read"),
    ("lost", "The gateway went down"),
    ("other", "Another reason"),
]
#: Endings that somebody should look into when they come often.
BAD_ENDINGS = ("unreachable", "crowded", "slow", "faulty", "unavailable", "lost", "other")


class FynloConnection(models.Model):
    """Written by the import alone, in SQL; people only read."""

    _name = "fynlo.connection"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Connection"
    _log_access = False
    _order = "id desc"
    _rec_name = "device_id"
    _resource_name = "connection"

    gateway = fields.Char("Gateway process", required=True, readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True, ondelete="cascade")
    employee_id = fields.Many2one("hr.employee", readonly=True, index=True, ondelete="set null")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    address = fields.Char(readonly=True, help="Where it came from, as the gateway saw it behind its proxies.")
    user_agent = fields.Char("App", readonly=True, help="What the app says of itself.")
    opened_at = fields.Datetime("Opened at", required=True, readonly=True)
    last_seen_at = fields.Datetime("Last seen", required=True, readonly=True)
    closed_at = fields.Datetime("Closed at", readonly=True)
    closed_by = fields.Selection(CLOSED_BY, "Ended by", readonly=True)
    ending = fields.Selection(ENDINGS, "How it ended", readonly=True)
    code = fields.Integer("Close code", readonly=True)
    reason = fields.Char("Reason on the wire", readonly=True)
    topics = fields.Integer(readonly=True, help="Topics that it followed at the end.")
    messages_received = fields.Integer("Messages from the till", readonly=True)
    events_replayed = fields.Integer("Events replayed", readonly=True, help="What it had missed and was sent again.")
    kilobytes_sent = fields.Integer("Kilobytes sent", readonly=True)
    online = fields.Boolean(compute="_compute_online", search="_search_online")
    ended_badly = fields.Boolean(compute="_compute_ended_badly", search="_search_ended_badly")
    lasted = fields.Char(compute="_compute_lasted")

    _of_device = models.Index("(device_id, id DESC)")
    _open_of_device = models.Index("(device_id) WHERE closed_at IS NULL")
    _open_of_gateway = models.Index("(gateway) WHERE closed_at IS NULL")
    _of_company = models.Index("(company_id, closed_at)")

    @api.depends("closed_at")
    def _compute_online(self):
        for connection in self:
            connection.online = not connection.closed_at

    def _search_online(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("closed_at", "=" if True in value else "!=", False)]

    @api.depends("ending")
    def _compute_ended_badly(self):
        for connection in self:
            connection.ended_badly = connection.ending in BAD_ENDINGS

    def _search_ended_badly(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("ending", "in" if True in value else "not in", BAD_ENDINGS)]

    @api.depends("opened_at", "last_seen_at", "closed_at")
    def _compute_lasted(self):
        for connection in self:
            until = connection.closed_at or connection.last_seen_at
            connection.lasted = connection._in_words(int((until - connection.opened_at).total_seconds()))

    def _in_words(self, seconds):
        if seconds < 60:
            return self.env._("%s s", max(0, seconds))
        hours, minutes = divmod(seconds // 60, 60)
        if not hours:
            return self.env._("%s min", minutes)
        return self.env._("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)

    @api.model
    def freshen(self):
        """Back office: bring in what happened until now. May be asked at any rate."""
        self.check_access("read")
        self.env["fynlo.connection.import"]._freshen()

    def _api_values(self):
        device, employee, location = self.device_id, self.employee_id, self.config_id
        return {
            "id": self.fynlo_uuid,
            "device": {"id": device.fynlo_uuid, "name": device.name} if device else None,
            "employee": {"id": employee.fynlo_uuid, "name": employee.name} if employee else None,
            "location": {"id": location.fynlo_uuid, "name": location.name} if location else None,
            "address": self.address or None,
            "user_agent": self.user_agent or None,
            "opened_at": wire(self.opened_at),
            "last_seen_at": wire(self.last_seen_at),
            "closed_at": wire(self.closed_at or None),
            "closed_by": self.closed_by or None,
            "ending": self.ending or None,
            "code": self.code or None,
            "reason": self.reason or None,
            "topics": self.topics,
            "messages_received": self.messages_received,
            "events_replayed": self.events_replayed,
            "kilobytes_sent": self.kilobytes_sent,
        }
