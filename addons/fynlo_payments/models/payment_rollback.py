"""Giving back payments of an order that is still open, so that it can be changed, paid otherwise or cancelled.

Every payment goes back by itself: one that does not hold the others up, and a crash between two
leaves the others to be given back, by the recovery job or by asking for the same again.
"""

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.orders.order_states import payment_of_open
from odoo.addons.fynlo_pos_core.rest import NotFound, Problem

from .payment import HOLDING


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    @api.model
    def _roll_back(self, identity, order_uuid, wish):
        """Give back payments of an open order, all of them unless ``wish.payment_ids`` names some.

        What they paid is due again; a tip that came with them is due no longer. Attempts that are not
        over are left to the caller to cancel (``_attempts``). The same wish again gives back what it
        has not yet, and answers all that it ever gave back. Raises ``illegal_transition``,
        ``no_open_session``, ``nothing_to_refund``, ``refund_unavailable``, ``id_taken``.
        """
        orders = self.env["fynlo.order.service"]
        facts = orders._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(order_uuid, facts)
        begun = self._begun(order, wish)
        taken = self._taken(order, wish)
        shares = [(payment, payment._refundable()) for payment in taken if payment._refundable()]
        if not shares and (begun or taken.filtered(lambda payment: payment.state in HOLDING)):
            return self._answer(facts, order, begun)
        self._require_open(order)
        orders._require_drawer(order)
        if not shares:
            raise Problem("nothing_to_refund", self.env._("No payment of the order is left to give back."))
        self._check_providers(shares)
        refunds = self._take_back(identity, facts, order, shares, wish)
        orders._follow_payment(order, payment_of_open(order))
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        return self._answer(facts, order, begun | refunds)

    @api.model
    def _attempts(self, identity, order_uuid, wish):
        """The payments of the order that a rollback has to cancel, as they may still take money."""
        order = self.env["fynlo.order.rows"]._read_one(order_uuid, self.env["fynlo.order.service"]._facts(identity))
        return self._taken(order, wish).filtered(lambda payment: payment.state in HOLDING)

    # --- steps ---------------------------------------------------------------------------

    def _begun(self, order, wish):
        """What the same wish gave back before. Raises ``id_taken`` when the id belongs to another."""
        begun = self._refunds().search([("request_uuid", "=", str(wish.id)), ("kind", "=", "rollback")])
        if begun.order_id.ids not in ([], [order.row_id]):
            raise Problem("id_taken", self.env._("A refund with this id exists already."))
        if not begun:
            self._refuse_taken(wish.id)
        return begun

    def _take_back(self, identity, facts, order, shares, wish):
        shared = {
            "kind": "rollback",
            "session_id": order.session_id,
            "reason": wish.reason,
            "request_uuid": str(wish.id),
        }
        refunds = self._reserve(identity, facts, order, shares, 0, wish, shared)
        for refund in refunds:
            self._call(refund)
            self._unpay(refund, order, identity, facts)
        return refunds

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
