"""Reopening orders that were cancelled by mistake (ADR 0015)."""

from odoo import api, models
from psycopg2.errors import SerializationFailure

from ...engine.portions import held
from ...rest import Problem
from ..system.transition import require_transition
from .order_states import ORDER_STATES


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _reopen(self, identity, uuid, reason, approval_id=None):
        """Make a cancelled order open again while its till session is open.

        The kitchen was told to stop, so what it had counts as not sent, and what is counted is taken
        again. Raises ``illegal_transition``, ``no_open_session``, ``approval_required``, and
        ``item_unavailable`` when it has run out meanwhile.
        """
        facts = self._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        require_transition(self.env, ORDER_STATES, order.state, "open")
        self._refuse_merged(order)
        self._require_open_session(order)
        service = self.env["fynlo.approval.service"]
        approver = service._require(identity, facts, "order.reopen", order.uuid, order.total, approval_id)
        wasted = held(order, facts)
        self.env["fynlo.order.rows"]._reopen_row(order)
        self._hold_portions(order, facts, before=wasted)
        self._forget_sent(order)
        self.env["fynlo.audit.log"]._record(
            "order.reopened",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            after={"total": order.total, "number": order.number},
            reason=reason,
            approver=approver,
        )
        return self._announce(order, facts, "order.updated")

    def _refuse_merged(self, order):
        """What was on an order that was merged into another is there now."""
        if order.merged_into:
            raise Problem(
                "illegal_transition",
                self.env._("The order was merged into %s.", order.merged_into["number"]),
                current_state=order.state,
                allowed=[],
            )

    def _require_open_session(self, order):
        """A cancelled order of a closed till is history: the Z report has counted it."""
        self.env.cr.execute("SELECT state FROM pos_session WHERE id = %s FOR SHARE", (order.session_id,))
        if self.env.cr.fetchone()[0] != "opened":
            raise Problem("no_open_session", self.env._("The till session of the order is closed."))

    def _forget_sent(self, order):
        order.fulfilment = self.env["fynlo.kitchen.desk"]._fulfilment(order.row_id)
        for line in order.active_lines:
            for leaf in [line, *line.parts]:
                if leaf.sent_quantity:
                    leaf.sent_quantity, leaf.dirty = type(leaf.sent_quantity)(0), True
        self.env["fynlo.order.rows"]._keep_sent(order)


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    @api.model
    def _reopen_row(self, order):
        """Make the order's row open again; the version moves on with what is written next."""
        self.env.cr.execute(
            "UPDATE pos_order SET state = 'draft' WHERE id = %s AND fynlo_version = %s AND state = 'cancel'",
            (order.row_id, order.version),
        )
        if not self.env.cr.rowcount:
            raise SerializationFailure(f"order {order.uuid} changed")
        order.state = "open"
        self.env["pos.order"].browse(order.row_id).invalidate_recordset(["state"], flush=False)
