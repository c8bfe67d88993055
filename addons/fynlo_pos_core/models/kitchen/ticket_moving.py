"""Tickets follow the lines that they are of when bills are parted and put together.

The kitchen is told of no new work: a ticket of which a part goes to another order becomes two,
alike in number, state and times. Notices stay where they were.
"""

from odoo import api, models

from .ticket import decimal_of

#: What both halves of a ticket have in common.
SHARED = (
    "number", "config_id", "company_id", "station_id", "kind", "course", "state", "business_date",
    "sent_by", "sent_at", "started_at", "ready_at", "served_at", "recalls",
)  # fmt: skip


class FynloKitchenDesk(models.AbstractModel):
    _inherit = "fynlo.kitchen.desk"

    @api.model
    def _follow_order(self, order_ids, new_order_id):
        """Give every ticket of some orders to another one; the tickets."""
        tickets = self._tickets().search([("order_id", "in", order_ids)], order="id")
        for ticket in tickets:
            ticket.write({"order_id": new_order_id, "version": ticket.version + 1})
        return tickets

    @api.model
    def _follow_lines(self, order_id, new_order_id, taken):
        """Give what was ``taken`` off an order (``engine/bill_parting.Taken``) to another; the tickets that changed."""
        left = {one.leaf_uuid: one for one in taken if one.sent}
        if not left:
            return self._tickets()
        changed, outstanding = self._tickets(), {uuid: one.sent for uuid, one in left.items()}
        for ticket in self._tickets().search([("order_id", "=", order_id), ("kind", "=", "order")], order="id"):
            shares = [
                (line, share)
                for line in ticket.line_ids
                if (share := self._share_of(line, left, outstanding)) is not None
            ]
            if shares:
                changed |= self._part_ticket(ticket, new_order_id, shares, left)
        return changed

    def _share_of(self, line, left, outstanding):
        """How much of a ticket's line goes; ``None`` when nothing does. A line that went whole takes all of it."""
        one = left.get(line.leaf_uuid)
        if one is None:
            return None
        if one.leaf_uuid == one.new_leaf_uuid:
            return decimal_of(line.quantity)
        share = min(outstanding[line.leaf_uuid], decimal_of(line.quantity) - decimal_of(line.voided_quantity))
        outstanding[line.leaf_uuid] -= share
        return share or None

    def _part_ticket(self, ticket, new_order_id, shares, left):
        whole = [line for line, share in shares if share == decimal_of(line.quantity)]
        ticket.version += 1
        if len(whole) == len(ticket.line_ids):
            ticket.order_id, twin = new_order_id, ticket
        else:
            shared = {name: ticket[name].id if hasattr(ticket[name], "id") else ticket[name] for name in SHARED}
            twin = self._tickets().create({**shared, "order_id": new_order_id})
        for line, share in shares:
            self._give_line(line, share, twin, left[line.leaf_uuid])
        return ticket | twin

    def _give_line(self, line, share, twin, one):
        """Put so much of a ticket's line on the other ticket, under the ids it has on its new order."""
        names = {"leaf_uuid": one.new_leaf_uuid, "order_line_uuid": one.new_line_uuid}
        if share == decimal_of(line.quantity):
            line.write({**names, "ticket_id": twin.id})
            return
        line.quantity = float(decimal_of(line.quantity) - share)
        line.copy({**names, "ticket_id": twin.id, "quantity": float(share), "voided_quantity": 0})
