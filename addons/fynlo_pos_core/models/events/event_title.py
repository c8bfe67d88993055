"""Events in words, for people in the back office."""

from odoo import api, fields, models


class FynloOutbox(models.Model):
    _inherit = "fynlo.outbox"

    title = fields.Char("Event", compute="_compute_title")
    sent = fields.Boolean(compute="_compute_sent", help="The relay has put it on its topic.")

    @api.depends("type")
    def _compute_title(self):
        for event in self:
            event.title = event._title()

    @api.depends("topic_offset")
    def _compute_sent(self):
        for event in self:
            event.sent = bool(event.topic_offset)

    def _title(self):
        """What happened, in words; an event without words shows its name on the wire."""
        titles = {
            "order.created": self.env._("Order made"),
            "order.updated": self.env._("Order changed"),
            "order.completed": self.env._("Order completed"),
            "order.cancelled": self.env._("Order cancelled"),
            "receipt.printed": self.env._("Receipt printed"),
            "receipt.sent": self.env._("Receipt by e-mail"),
            "payment.updated": self.env._("Payment"),
            "table.updated": self.env._("Table changed"),
            "till_session.updated": self.env._("Till opened, counted or closed"),
            "menu.changed": self.env._("New menu version"),
            "product.availability_changed": self.env._("Run out, or back on the menu"),
            "stock.low": self.env._("Stock low, or filled up"),
            "settings.changed": self.env._("Settings changed"),
            "permissions.changed": self.env._("Permissions changed"),
            "device.revoked": self.env._("Device revoked"),
        }
        return titles.get(self.type, self.type)

    def _place(self):
        """Where the event stands in its topic."""
        if not self.topic_offset:
            return self.env._("waiting to be sent")
        return self.env._("%(topic)s, place %(offset)s", topic=self.topic.rpartition(".")[2], offset=self.topic_offset)
