"""What a guest paid for how they paid goes back with the payment it was charged on, in proportion."""

from odoo import fields, models
from odoo.addons.fynlo_pos_core.engine import refund as engine
from odoo.addons.fynlo_pos_core.engine.surcharge import order_add_surcharge

from ..fees.returned import fee_line_back


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    def _refundable(self):
        """What of bill and tip has not gone back yet; the surcharge goes back with it, see :meth:`_surcharge_back`."""
        return super()._refundable() + self._surcharge_gone() if self.state == "captured" else 0

    def _surcharge_back(self, share):
        """What of the surcharge goes back with ``share`` of bill and tip; all of it with the last of them."""
        if not self.surcharge:
            return 0
        whole, gone = self.amount + self.tip, self._surcharge_gone()
        return fee_line_back(self.surcharge, whole, self.refunded + self.owed - gone + share, gone)

    def _surcharge_gone(self):
        """What of the surcharge was given back, or is owed to the guest since a refund failed."""
        if not self.surcharge:
            return 0
        taken = [("payment_id", "=", self.id), ("kind", "in", ("refund", "rollback"))]
        return sum(self.env["fynlo.refund"].sudo().search(taken).mapped("surcharge"))


class FynloRefund(models.Model):
    """``amount`` holds the ``surcharge`` as it holds the tip."""

    _inherit = "fynlo.refund"

    surcharge = fields.Integer("Surcharge in it (minor units)", required=True, readonly=True, default=0)

    _surcharge_fits = models.Constraint(
        "CHECK(surcharge >= 0 AND tip + surcharge <= amount)", "Tip and surcharge are part of what goes back."
    )

    def _api_values(self):
        return {**super()._api_values(), "surcharge": {"amount": self.surcharge, "currency": self.currency_id.name}}

    def _lines(self):
        return super()._lines().filtered(lambda line: line.product_id != self.config_id._fynlo_surcharge_product())


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    def _reserve(self, identity, facts, order, shares, *wished, **named):
        """``shares`` are of bill and tip; each payment's surcharge is added to its own refund."""
        backs = {payment.id: payment._surcharge_back(share) for payment, share in shares}
        refunds = super()._reserve(identity, facts, order, shares, *wished, **named)
        for refund in refunds:
            back = backs[refund.payment_id.id]
            if back:
                refund.write({"surcharge": back, "amount": refund.amount + back})
                refund.payment_id._give(back)
        return refunds

    def _apply(self, identity, facts, order, refunds, returned):
        back = sum(refunds.mapped("surcharge"))
        if back:
            sold = self.env["fynlo.order.rows"]._sold(order, facts)
            rows = engine.returned_rows(engine.pieces_of_surcharge(sold, back), facts, self._odoo_taxes(facts))
            returned = [*returned, *rows]
        return super()._apply(identity, facts, order, refunds, returned)

    def _unpay(self, refund, order, identity, facts):
        order_add_surcharge(order, -refund.surcharge, facts)
        return super()._unpay(refund, order, identity, facts)
