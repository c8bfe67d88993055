"""Kitchen tickets: what one station has to do for one order, sent at one moment."""

from decimal import Decimal

from odoo import api, fields, models

from ...engine.facts import quantity_text
from ...tools.clock import wire


class FynloKitchenTicket(models.Model):
    """Written by the kitchen desk alone, always under the lock of its order."""

    _name = "fynlo.kitchen.ticket"
    _description = "Kitchen ticket"
    _inherit = ["fynlo.resource.mixin"]
    _order = "id desc"
    _rec_name = "number"
    _resource_name = "ticket"

    number = fields.Integer(readonly=True, required=True, help="Begins at 1 every business day.")
    version = fields.Integer(default=1, required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="cascade")
    station_id = fields.Many2one("fynlo.kitchen.station", required=True, readonly=True, index=True, ondelete="restrict")
    kind = fields.Selection([("order", "Order"), ("notice", "Changes")], required=True, readonly=True)
    course = fields.Integer(readonly=True, required=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("preparing", "Preparing"),
            ("ready", "Ready"),
            ("served", "Served"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="new",
    )
    business_date = fields.Date(required=True, readonly=True, index=True)
    sent_by = fields.Many2one("hr.employee", "Sent by", readonly=True)
    sent_at = fields.Datetime(required=True, readonly=True)
    started_at = fields.Datetime(readonly=True)
    ready_at = fields.Datetime(readonly=True)
    served_at = fields.Datetime(readonly=True)
    recalls = fields.Integer(default=0, required=True, readonly=True, help="How often it came back to the kitchen.")
    line_ids = fields.One2many("fynlo.kitchen.ticket.line", "ticket_id", "Lines", readonly=True)
    job_ids = fields.One2many("fynlo.print.job", "ticket_id", "Prints", readonly=True)

    _open_tickets = models.Index("(config_id, id) WHERE state IN ('new', 'preparing', 'ready')")

    @api.depends("number")
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = f"#{ticket.number}"

    def _announce(self, event="kitchen.ticket.updated"):
        for ticket in self:
            self.env["fynlo.outbox"]._emit(
                ticket.company_id.id,
                f"l.{ticket.config_id.fynlo_uuid}.kitchen",
                event,
                ticket.fynlo_uuid,
                ticket._api_values(),
            )

    def _api_values(self):
        self.ensure_one()
        order, preset = self.order_id, self.order_id.preset_id
        return {
            "id": self.fynlo_uuid,
            "version": self.version,
            "number": self.number,
            "kind": self.kind,
            "state": self.state,
            "station": {"id": self.station_id.fynlo_uuid, "name": self.station_id.name},
            "order": {"id": order.uuid, "number": order.fynlo_number},
            "table": {"id": order.table_id.fynlo_uuid, "name": str(order.table_id.table_number)}
            if order.table_id
            else None,
            "preset": {"id": preset.fynlo_uuid, "name": preset.name} if preset else None,
            "guests": order.customer_count,
            "note": order.general_customer_note or "",
            "course": self.course,
            "business_date": self.business_date.isoformat(),
            "sent_by": {"id": self.sent_by.fynlo_uuid, "name": self.sent_by.name} if self.sent_by else None,
            "sent_at": wire(self.sent_at),
            "started_at": wire(self.started_at or None),
            "ready_at": wire(self.ready_at or None),
            "served_at": wire(self.served_at or None),
            "recalls": self.recalls,
            "print": self.job_ids.sorted("id")[-1:].state or "none",
            "lines": [line._api_values() for line in self.line_ids],
        }


class FynloKitchenTicketLine(models.Model):
    """One thing to do; names and modifiers as they were when it was sent."""

    _name = "fynlo.kitchen.ticket.line"
    _description = "Kitchen ticket line"
    _log_access = False
    _order = "id"

    ticket_id = fields.Many2one("fynlo.kitchen.ticket", required=True, readonly=True, index=True, ondelete="cascade")
    order_line_uuid = fields.Char("Order line", required=True, readonly=True)
    leaf_uuid = fields.Char("Line or combo part", required=True, readonly=True, index=True)
    kind = fields.Selection([("new", "New"), ("change", "Change"), ("void", "Void")], required=True, readonly=True)
    quantity = fields.Float(digits="Product Unit", required=True, readonly=True)
    voided_quantity = fields.Float("Voided", digits="Product Unit", default=0, required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    part_of = fields.Char("Part of", readonly=True)
    modifiers = fields.Json(readonly=True)
    note = fields.Text(readonly=True)
    seat = fields.Integer(readonly=True)

    def _api_values(self):
        self.ensure_one()
        return {
            "order_line_id": self.order_line_uuid,
            "kind": self.kind,
            "quantity": quantity_of(self.quantity),
            "voided_quantity": quantity_of(self.voided_quantity),
            "name": self.name,
            "part_of": self.part_of or None,
            "modifiers": self.modifiers or [],
            "note": self.note or "",
            "seat": self.seat or None,
        }


class FynloKitchenCounter(models.Model):
    """The last ticket number of a location's day. Written in SQL: the row is held until commit."""

    _name = "fynlo.kitchen.counter"
    _description = "Ticket numbers of a day"
    _log_access = False

    config_id = fields.Many2one("pos.config", required=True, readonly=True, ondelete="cascade")
    business_date = fields.Date(required=True, readonly=True)
    last_number = fields.Integer(required=True, readonly=True)

    _day_unique = models.UniqueIndex("(config_id, business_date)")

    @api.model
    def _take(self, config_id, business_date, count):
        """``count`` fresh ticket numbers."""
        self.env.cr.execute(
            """INSERT INTO fynlo_kitchen_counter (config_id, business_date, last_number) VALUES (%s, %s, %s)
               ON CONFLICT (config_id, business_date)
               DO UPDATE SET last_number = fynlo_kitchen_counter.last_number + EXCLUDED.last_number
               RETURNING last_number""",
            (config_id, business_date, count),
        )
        last = self.env.cr.fetchone()[0]
        return range(last - count + 1, last + 1)


def decimal_of(quantity):
    """A quantity column (a float of at most three decimals) as the decimal it stands for."""
    return Decimal(repr(round(quantity, 3)))


def quantity_of(quantity):
    """The same on the wire."""
    return quantity_text(decimal_of(quantity))
