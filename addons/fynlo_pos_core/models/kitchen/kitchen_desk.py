"""The kitchen desk: writes tickets, moves them through their states, and counts what is left to do.

Every change of a ticket happens under the lock of its order, so an order's fulfilment always fits
its tickets.
"""

from odoo import api, models
from odoo.fields import Command

from ...engine import kitchen
from ...engine.kitchen_states import VERBS, fulfilment_of, steps_for
from ...rest import NotFound, paging
from ...tools import clock
from ..system.transition import require_transition
from .ticket import decimal_of

OPEN_STATES = ("new", "preparing", "ready")


class FynloKitchenDesk(models.AbstractModel):
    _name = "fynlo.kitchen.desk"
    _description = "Kitchen desk"

    # --- from orders ---------------------------------------------------------------------

    @api.model
    def _issue(self, order_id, facts, identity, slips):
        """Write a ticket for each slip and strike what was voided off earlier ones.

        Returns the fresh tickets and the struck ones; the caller announces both once the order is
        written, since tickets show its table and note.
        """
        if not slips:
            return self._tickets(), self._tickets()
        struck = self._strike(slips)
        today = clock.business_date(clock.now(), facts.time_zone, facts.day_start)
        numbers = self.env["fynlo.kitchen.counter"].sudo()._take(facts.location_id, today, len(slips))
        tickets = self._tickets().create(
            [
                {
                    "number": number,
                    "config_id": facts.location_id,
                    "company_id": facts.company_id,
                    "order_id": order_id,
                    "station_id": slip.station_id,
                    "kind": slip.kind,
                    "course": slip.course,
                    "business_date": today,
                    "sent_by": identity.employee_id or False,
                    "sent_at": self.env.cr.now().replace(microsecond=0),
                    "line_ids": [Command.create(_line_values(item)) for item in slip.items],
                }
                for number, slip in zip(numbers, slips, strict=True)
            ]
        )
        self.env["fynlo.print.job"].sudo()._queue(
            tickets.filtered(lambda ticket: facts.stations[ticket.station_id.id].prints)
        )
        return tickets, struck

    @api.model
    def _fulfilment(self, order_id):
        """How far the kitchen is with an order."""
        self._tickets().flush_model(["state", "order_id"])
        self.env.cr.execute(
            "SELECT DISTINCT state FROM fynlo_kitchen_ticket WHERE order_id = %s AND kind = 'order'", (order_id,)
        )
        return fulfilment_of(state for (state,) in self.env.cr.fetchall())

    @api.model
    def _open_tickets(self, order_id):
        """The order's tickets that are not served yet, oldest first."""
        return self._tickets().search(
            [("order_id", "=", order_id), ("kind", "=", "order"), ("state", "in", OPEN_STATES)], order="id"
        )

    @api.model
    def _refresh(self, tickets):
        """Tell the kitchen that what its tickets show of their order has changed."""
        for ticket in tickets:
            ticket.version += 1
        tickets._announce()

    @api.model
    def _withdraw(self, identity, facts, order_uuid):
        """The order is cancelled: stop whatever of it is not served yet."""
        order = self.env["pos.order"].sudo().search([("uuid", "=", order_uuid)])
        items = [
            _void_item(line) for line in self._open_tickets(order.id).line_ids if line.voided_quantity < line.quantity
        ]
        tickets, struck = self._issue(order.id, facts, identity, kitchen.slips(items))
        tickets._announce("kitchen.ticket.created")
        struck._announce()

    def _strike(self, slips):
        """Strike voided quantities off their tickets, the latest first; cancel those left empty."""
        voids = [item for slip in slips for item in slip.items if item.kind == "void"]
        if not voids:
            return self._tickets()
        lines = (
            self.env["fynlo.kitchen.ticket.line"]
            .sudo()
            .search([("kind", "=", "new"), ("leaf_uuid", "in", [item.leaf_uuid for item in voids])], order="id desc")
        )
        for item in voids:
            left = float(item.quantity)
            for line in lines.filtered(lambda line, item=item: line.leaf_uuid == item.leaf_uuid):
                taken = min(left, line.quantity - line.voided_quantity)
                line.voided_quantity += taken
                left -= taken
        for ticket in lines.ticket_id:
            empty = all(line.voided_quantity >= line.quantity for line in ticket.line_ids)
            state = "cancelled" if empty and ticket.state in OPEN_STATES else ticket.state
            ticket.write({"state": state, "version": ticket.version + 1})
        return lines.ticket_id

    # --- for the kitchen -----------------------------------------------------------------

    @api.model
    def _page(self, identity, query):
        """Tickets of the location: unfinished ones the oldest first, finished ones the latest first."""
        finished = query.state in ("served", "cancelled")
        domain = [
            ("config_id", "=", identity.location_id),
            ("state", "in", [query.state] if query.state else OPEN_STATES),
        ]
        if query.station:
            domain.append(("station_id.fynlo_uuid", "=", str(query.station)))
        if query.order:
            domain.append(("order_id.uuid", "=", str(query.order)))
        if query.cursor:
            domain.append(("id", "<" if finished else ">", paging.decode(query.cursor, int)[0]))
        rows = self._tickets().search(domain, order="id desc" if finished else "id", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda ticket: ticket._api_values(), lambda ticket: [ticket.id])

    @api.model
    def _document(self, identity, uuid):
        return self._find(identity, uuid)._api_values()

    @api.model
    def _stations(self, identity):
        stations = self.env["fynlo.kitchen.station"].sudo().search([("config_id", "=", identity.location_id)])
        return [station._api_values() for station in stations]

    @api.model
    def _work(self, identity, uuid, verb, call):
        """Do ``verb`` (see ``VERBS``) to a ticket under its order's lock; the order's fulfilment follows.

        Raises ``not_found``, ``version_conflict``, ``illegal_transition``.
        """
        ticket = self._find(identity, uuid)
        service = self.env["fynlo.order.service"]
        facts = service._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(ticket.order_id.uuid, facts)
        ticket.invalidate_recordset()
        call.require_version(ticket.version, ticket._api_values())
        self._step(ticket, verb)
        ticket._announce()
        fulfilment = self._fulfilment(order.row_id)
        if fulfilment != order.fulfilment and order.state != "cancelled":
            order.fulfilment = fulfilment
            self.env["fynlo.order.rows"]._keep_sent(order)
            service._announce(order, facts, "order.updated")
        return ticket._api_values()

    def _step(self, ticket, verb):
        _sources, target, moment = VERBS[verb]
        require_transition(self.env, steps_for(ticket.kind, verb), ticket.state, target)
        values = {"state": target, "version": ticket.version + 1}
        if moment:
            values[moment] = self.env.cr.now().replace(microsecond=0)
        if verb == "recall":
            values |= {"ready_at": False, "served_at": False, "recalls": ticket.recalls + 1}
        ticket.write(values)

    @api.model
    def _print(self, identity, uuid):
        """Print a ticket once more. Raises ``no_printer``."""
        ticket = self._find(identity, uuid)
        self.env["fynlo.print.job"].sudo()._print_again(ticket)
        ticket._announce()
        return ticket._api_values()

    def _find(self, identity, uuid):
        ticket = self._tickets().search(
            [("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1
        )
        if not ticket:
            raise NotFound(self.env._("There is no such ticket at this location."))
        return ticket

    def _tickets(self):
        return self.env["fynlo.kitchen.ticket"].sudo()


def _line_values(item):
    return {
        "order_line_uuid": item.line_uuid,
        "leaf_uuid": item.leaf_uuid,
        "kind": item.kind,
        "quantity": float(item.quantity),
        "name": item.name,
        "part_of": item.part_of,
        "modifiers": [{"name": name, "quantity": quantity} for name, quantity in item.modifiers],
        "note": item.note,
        "seat": item.seat,
    }


def _void_item(line):
    """An item that takes back what is left of a ticket's line."""
    return kitchen.Item(
        kind="void",
        line_uuid=line.order_line_uuid,
        leaf_uuid=line.leaf_uuid,
        quantity=decimal_of(line.quantity) - decimal_of(line.voided_quantity),
        name=line.name,
        part_of=line.part_of or "",
        modifiers=tuple((modifier["name"], modifier["quantity"]) for modifier in line.modifiers or []),
        note=line.note or "",
        seat=line.seat or None,
        course=line.ticket_id.course,
        station_id=line.ticket_id.station_id.id,
    )
