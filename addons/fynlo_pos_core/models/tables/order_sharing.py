"""Sharing an order's bill: evenly among several, or by amounts that they agreed on."""

from odoo import models

from ...engine.bill_shares import BillShares, Share
from ...engine.order_document import order_document
from ...rest import Invalid, Problem, declare

declare(
    "share_paid",
    409,
    "A share is paid",
    "Somebody has paid a share of the bill, so it is not shared anew.",
    "Take what is left as the order's due, or as the open shares.",
)


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    def _share_bill(self, identity, uuid, wish):
        """Give the order's bill these shares, or make it one again. Sharing it alike again changes nothing."""
        facts = self._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        if order.state != "open":
            raise Problem("order_closed", self.env._("The order is %s.", order.state))
        wanted = self._wanted_shares(order, wish, facts)
        if _same(order.shares, wanted):
            return _answer(order_document(order, facts), facts)
        if order.shares and any(share.paid for share in order.shares.shares):
            raise Problem("share_paid", self.env._("A share of the bill is paid already."))
        order.refuse_while_reserved()
        order.shares = wanted
        self.env["fynlo.order.rows"]._update(order, identity, facts)
        return _answer(self._announce(order, facts, "order.updated"), facts)

    def _wanted_shares(self, order, wish, facts):
        if wish.by == "whole":
            return None
        if wish.by == "even":
            return BillShares("even", [Share(str(share_id), 1) for share_id in wish.share_ids])
        weights = self._weights(order, wish, facts)
        return BillShares(
            "amount", [Share(str(share.id), weight) for share, weight in zip(wish.shares, weights, strict=True)]
        )

    def _weights(self, order, wish, facts):
        """The amounts agreed on. They add up to what is due; one that is not said is the rest."""
        for place, share in enumerate(wish.shares):
            if share.amount and (share.amount.currency != facts.currency or share.amount.amount <= 0):
                raise Invalid(
                    self.env._("A share is an amount of %s above nothing.", facts.currency),
                    field=f"shares[{place}].amount",
                )
        said = [share.amount.amount if share.amount else None for share in wish.shares]
        rest = order.due - sum(amount for amount in said if amount)
        unsaid = said.count(None)
        if unsaid > 1 or (unsaid and rest <= 0) or (not unsaid and rest):
            raise Invalid(
                self.env._("The shares do not add up to what is due; leave out one amount for the rest."),
                field="shares",
                due={"amount": order.due, "currency": facts.currency},
            )
        return [rest if amount is None else amount for amount in said]


def _same(shares, wanted):
    """Whether the bill is shared like this already: a request that came twice."""
    if shares is None or wanted is None:
        return shares is wanted
    return (shares.kind, [share.uuid for share in shares.shares]) == (
        wanted.kind,
        [share.uuid for share in wanted.shares],
    )


def _answer(document, facts):
    return {"order": document, "orders": [], "difference": {"amount": 0, "currency": facts.currency}}
