"""Giving back payments of an order that is still open, so that it can be changed, paid otherwise or cancelled."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.orders.order_states import payment_of_open
from odoo.addons.fynlo_pos_core.rest import NotFound, Problem


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    @api.model
    def _roll_back(self, identity, order_uuid, wish):
        """Give back payments of an open order, all of them unless ``wish.payment_ids`` names some.

        What they paid is due again; a tip that came with them is due no longer. Raises
        ``illegal_transition``, ``no_open_session``, ``nothing_to_refund``.
        """
        orders = self.env["fynlo.order.service"]
        facts = orders._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(order_uuid, facts)
        self._require_open(order)
        orders._require_drawer(order)
        shares = [(payment, payment._refundable()) for payment in self._taken(order, wish) if payment._refundable()]
        if not shares:
            raise Problem("nothing_to_refund", self.env._("No payment of the order is left to give back."))
        self._shares([payment for payment, _left in shares], sum(left for _payment, left in shares))
        shared = {"kind": "rollback", "session_id": order.session_id, "reason": wish.reason}
        refunds = self._reserve(identity, facts, order, shares, 0, wish.id, shared)
        for refund in refunds:
            self._call(refund)
            self._unpay(refund, order, identity, facts)
        orders._follow_payment(order, payment_of_open(order))
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        return self._answer(facts, order, refunds)

    def _require_open(self, order):
        if order.state != "open":
            raise Problem(
                "illegal_transition",
                self.env._("Payments of a completed order are refunded."),
                current_state=order.state,
                allowed=[],
            )

    def _taken(self, order, wish):
        payments = self._payments(order)
        if wish.payment_ids is None:
            return payments
        named = payments.filtered(lambda payment: payment.fynlo_uuid in {str(uuid) for uuid in wish.payment_ids})
        if len(named) != len(set(wish.payment_ids)):
            raise NotFound(self.env._("The order has no such payment."))
        return named

    def _unpay(self, refund, order, identity, facts):
        """Take one payment off an open order."""
        payment = refund.payment_id
        refund.tip = min(payment.tip, order.tip)
        share = order.shares.of_payment(payment.fynlo_uuid) if order.shares else None
        if share:
            share.give_back(payment.fynlo_uuid, refund.amount - refund.tip - refund.surcharge)
        order.paid -= refund.amount
        order.tip -= refund.tip
        order.change -= payment.change
        order.rounding = 0  # the bill is not settled any more
        record = self.env["pos.order"].browse(order.row_id)
        self._book(refund, record, identity, facts)
