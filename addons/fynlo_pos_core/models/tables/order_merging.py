"""Merging orders: the lines of some go to one of them, and they end as merged into it."""

from odoo import api, models

from ...engine import kitchen
from ...engine.bill_merging import Merging
from ...engine.order_document import order_document
from ...rest import Invalid, Problem
from ..kitchen.order_sending import WORKING
from ..orders.order_states import ORDER_STATES, payment_of_open
from ..system.transition import require_transition


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _merge(self, identity, uuid, order_ids):
        """Merge orders into the order ``uuid``; its document. Orders merged into it before are left out.

        Raises ``order_closed``, ``merge_paid_order``, ``orders_differ``, ``too_many_lines``,
        ``payment_in_progress``.
        """
        facts = self._facts(identity)
        if str(uuid) in map(str, order_ids):
            raise Invalid(self.env._("An order cannot be merged into itself."), field="order_ids")
        target, *sources = self.env["fynlo.order.rows"]._lock_all([uuid, *order_ids], facts)
        sources = [source for source in sources if (source.merged_into or {}).get("id") != target.uuid]
        for order in (target, *sources):
            if order.state != "open":
                raise Problem("order_closed", self.env._("Order %s is not open.", order.number))
            order.refuse_while_reserved()
        if not sources:
            return order_document(target, facts)
        before = {order.number: order.total for order in (target, *sources)}
        knew = kitchen.Known.of(target).header
        moved = [leaf.row_id for source in sources for line in source.lines for leaf in [line, *line.parts]]
        Merging(target, sources, facts).merge(self._odoo_taxes(facts))
        tickets = self._write_merged(identity, target, sources, moved, facts)
        self._audit_merge(target, sources, before, facts)
        document = self._announce_merged(target, sources, facts)
        tickets._announce()
        if target.fulfilment in WORKING and knew != kitchen.Known.of(target).header:
            desk = self.env["fynlo.kitchen.desk"]
            desk._refresh(desk._open_tickets(target.row_id) - tickets)
        return document

    # --- steps ---------------------------------------------------------------------------

    def _write_merged(self, identity, target, sources, row_ids, facts):
        rows, desk = self.env["fynlo.order.rows"], self.env["fynlo.kitchen.desk"]
        rows._move_lines(row_ids, target)
        tickets = desk._follow_order([source.row_id for source in sources], target.row_id)
        target.fulfilment = desk._fulfilment(target.row_id)
        self._follow_payment(target, payment_of_open(target))
        for source in sources:
            require_transition(self.env, ORDER_STATES, source.state, "cancelled")
            source.state, source.fulfilment = "cancelled", "new"
            source.merged_into = {"id": target.uuid, "number": target.number}
            rows._update(source, identity, facts, state="cancel", fynlo_merged_into_id=target.row_id)
        rows._update(target, identity, facts)
        return tickets

    def _audit_merge(self, target, sources, before, facts):
        for source in sources:
            self.env["fynlo.audit.log"]._record(
                "order.merged",
                company_id=facts.company_id,
                resource=("order", source.uuid),
                before={"number": source.number, "total": before[source.number]},
                after={"merged_into": target.number, "total": target.total},
                reason="merged_into",
            )

    def _announce_merged(self, target, sources, facts):
        for source in sources:
            self._announce(source, facts, "order.cancelled")
        return self._announce(target, facts, "order.updated")
