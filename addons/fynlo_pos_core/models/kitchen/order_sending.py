"""Sending orders to the kitchen, and telling it of what changes afterwards."""

from odoo import api, models

from ...engine import kitchen
from ...engine.order_document import order_document
from ...rest import Invalid, Problem
from ...tools.clock import wire

#: Fulfilments in which the kitchen has tickets to work on.
WORKING = ("sent", "preparing", "ready")


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _send(self, identity, uuid, wish):
        """Send what is new on the order, or the lines or course of ``wish``. Sending nothing does nothing.

        A paid order can be sent too: counters take the money first. Raises ``order_closed`` on a
        cancelled one.
        """
        facts = self._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        if order.state == "cancelled":
            raise Problem("order_closed", self.env._("The order is cancelled."))
        lines = self._wanted(order, facts, wish)
        if not lines:
            return {"order": order_document(order, facts), "tickets": []}
        self._fire(order, identity, {wish.course} if wish.course else {1} & {line.course for line in lines})
        desk = self.env["fynlo.kitchen.desk"]
        tickets, _struck = desk._issue(order.row_id, facts, identity, kitchen.slips(kitchen.send(lines, facts)))
        order.fulfilment = desk._fulfilment(order.row_id)
        self.env["fynlo.order.rows"]._keep_sent(order)
        tickets._announce("kitchen.ticket.created")
        document = self._announce(order, facts, "order.updated")
        return {"order": document, "tickets": [ticket._api_values() for ticket in tickets]}

    def _wanted(self, order, facts, wish):
        """The lines to send. Lines that are named are sent whether or not their course was fired."""
        if wish.lines is None:
            return kitchen.due_lines(order, facts, {wish.course} if wish.course else None)
        named = [str(line_id) for line_id in wish.lines]
        for index, uuid in enumerate(named):
            line = order.line(uuid)
            if line is None or not line.active:
                raise Invalid(self.env._("The order has no such line."), code="unknown_item", field=f"lines[{index}]")
        courses = {wish.course} if wish.course else {line.course for line in order.lines}
        return [line for line in kitchen.due_lines(order, facts, courses) if line.uuid in named]

    def _fire(self, order, identity, courses):
        """Note when an order's courses began, where it has several."""
        if not kitchen.uses_courses(order) and not order.courses:
            return
        by = {"id": identity.employee_uuid, "name": identity.employee_name}
        for course in courses:
            if not kitchen.is_fired(order, course):
                order.courses[str(course)] = {"fired_at": wire(self.env.cr.now()), "by": by}

    def _keep_edits(self, order, facts, identity, editor):
        """The kitchen hears of what it has and was voided or changed, and gets the courses just fired."""
        desk, knew, knows = self.env["fynlo.kitchen.desk"], editor.kitchen_knew, kitchen.Known.of(order)
        shown = order.fulfilment in WORKING and knew.header != knows.header
        working = desk._open_tickets(order.row_id) if shown else self.env["fynlo.kitchen.ticket"]
        slips = kitchen.slips(_news(order, facts, knew, knows))
        if knew.note != knows.note:
            slips += _note_slips(working, slips)
        tickets, struck = desk._issue(order.row_id, facts, identity, slips)
        if slips:
            order.fulfilment = desk._fulfilment(order.row_id)
        document = super()._keep_edits(order, facts, identity, editor)
        tickets._announce("kitchen.ticket.created")
        struck._announce()
        desk._refresh(working - struck)
        return document

    def _cancel(self, identity, uuid, reason, approval_id=None):
        """The kitchen stops work on what it still has."""
        document = super()._cancel(identity, uuid, reason, approval_id)
        desk = self.env["fynlo.kitchen.desk"]
        desk._withdraw(identity, self._facts(identity), document["id"])
        return document


def _news(order, facts, knew, knows):
    """What was voided or changed, and everything of the courses that the edit fired."""
    items = kitchen.corrections(order, facts, knew)
    fired = knows.fired - knew.fired
    if fired:
        items += kitchen.send(kitchen.due_lines(order, facts, fired), facts)
    return items


def _note_slips(tickets, slips):
    """A notice without items for each station that works on the order and gets none yet: its note has changed."""
    told = {slip.station_id for slip in slips if slip.kind == "notice"}
    return [
        kitchen.Slip("notice", station.id, 1, ())
        for station in tickets.station_id.sorted("id")
        if station.id not in told
    ]
