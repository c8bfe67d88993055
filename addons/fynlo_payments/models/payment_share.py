"""Payments of one share of a bill that several people share."""

from odoo import fields, models
from odoo.addons.fynlo_pos_core.rest import Invalid, Problem

from .payment import HOLDING


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    share_uuid = fields.Char("Share of the bill", readonly=True)


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    def _check_amounts(self, order, facts, wish):
        """A payment that names a share is of no more than that share is still due."""
        super()._check_amounts(order, facts, wish)
        if wish.share_id is None:
            return
        share = self._share(order, wish)
        if wish.amount.amount > _owed(share, facts, wish.method) - self._on_the_way(order, share):
            raise Problem(
                "amount_exceeds_due",
                self.env._("The share owes less than that."),
                due={"amount": share.due, "currency": facts.currency},
            )

    def _reserve(self, order, identity, facts, wish):
        attempt = super()._reserve(order, identity, facts, wish)
        if wish.share_id:
            attempt.share_uuid = str(wish.share_id)
        return attempt

    def _apply(self, attempt, outcome, order, facts, method_id, identity):
        """What was paid of a share is paid; a tip is on top of it."""
        document = super()._apply(attempt, outcome, order, facts, method_id, identity)
        share = order.shares.share(attempt.share_uuid) if order.shares and attempt.share_uuid else None
        if share:
            settled = attempt.amount == _owed(share, facts, attempt.method)
            share.paid += attempt.amount
            share.payments.append(attempt.fynlo_uuid)
            if settled:
                share.settle()
        return document

    def _on_the_way(self, order, share):
        """What payments that are not over yet would pay of the share."""
        if not order.reserved:
            return 0
        waiting = [("share_uuid", "=", share.uuid), ("state", "in", list(HOLDING))]
        return sum(self.env["fynlo.payment"].sudo().search(waiting).mapped("amount"))

    def _share(self, order, wish):
        share = order.shares.share(str(wish.share_id)) if order.shares else None
        if share is None:
            raise Invalid(self.env._("The bill has no such share."), code="unknown_item", field="share_id")
        return share


def _owed(share, facts, tender):
    """What settles a share; in cash as the coins in use can pay it, the others bear the difference."""
    rule = facts.cash_rounding
    return rule.rounded(share.due) if rule and rule.applies_to(tender) else share.due
