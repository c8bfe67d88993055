"""All-day counts of the kitchen: what is left to make, and how long tickets take."""

from odoo import api, models

from .ticket import quantity_of


class FynloKitchenSummary(models.AbstractModel):
    _name = "fynlo.kitchen.summary"
    _description = "All-day counts of the kitchen"

    @api.model
    def _of(self, identity, station_uuid=None):
        """Items not ready yet by name, and today's average times; of one station, or of all."""
        location = self.env["pos.config"].sudo().browse(identity.location_id)
        scope = {
            "location": identity.location_id,
            "station": str(station_uuid) if station_uuid else None,
            "today": location._fynlo_business_date(),
        }
        return {
            "business_date": scope["today"].isoformat(),
            "outstanding": self._outstanding(scope),
            "times": self._times(scope),
        }

    def _outstanding(self, scope):
        self.env.cr.execute(
            """SELECT line.name, sum(line.quantity - line.voided_quantity), count(DISTINCT ticket.id)
                 FROM fynlo_kitchen_ticket ticket
                 JOIN fynlo_kitchen_ticket_line line ON line.ticket_id = ticket.id
                 JOIN fynlo_kitchen_station station ON station.id = ticket.station_id
                WHERE ticket.config_id = %(location)s AND ticket.state IN ('new', 'preparing')
                  AND line.kind = 'new' AND line.quantity > line.voided_quantity
                  AND (%(station)s IS NULL OR station.fynlo_uuid = %(station)s)
             GROUP BY line.name ORDER BY 2 DESC, 1""",
            scope,
        )
        return [
            {"name": name, "quantity": quantity_of(float(quantity)), "tickets": tickets}
            for name, quantity, tickets in self.env.cr.fetchall()
        ]

    def _times(self, scope):
        self.env.cr.execute(
            """SELECT count(ticket.ready_at),
                      round(avg(extract(epoch FROM ticket.started_at - ticket.sent_at)))::int,
                      round(avg(extract(epoch FROM ticket.ready_at - ticket.started_at)))::int
                 FROM fynlo_kitchen_ticket ticket
                 JOIN fynlo_kitchen_station station ON station.id = ticket.station_id
                WHERE ticket.config_id = %(location)s AND ticket.business_date = %(today)s AND ticket.kind = 'order'
                  AND (%(station)s IS NULL OR station.fynlo_uuid = %(station)s)""",
            scope,
        )
        tickets, waiting_s, preparing_s = self.env.cr.fetchone()
        return {"tickets": tickets, "waiting_s": waiting_s, "preparing_s": preparing_s}
