"""The discount for paying by bank: on the bill while a payment by bank of all of it stands, and only then."""

from dataclasses import is_dataclass, replace

from odoo import fields, models
from odoo.addons.fynlo_pos_core.engine.order import AppliedDiscount
from odoo.addons.fynlo_pos_core.engine.pricing import reprice_order
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape

from .fee_quote import BY_BANK


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    bank_discount_uuid = fields.Char("Given the discount", readonly=True, help="For paying all of the bill by bank.")


class FynloPaymentService(models.AbstractModel):
    """A discount is on an order under the id of the payment it is for, on the lines that were paid."""

    _inherit = "fynlo.payment.service"

    def _send(self, order, identity, facts, method_id, wish):
        """A payment by bank of all that is due, with or without the discount, is of what is due with it."""
        return super()._send(order, identity, facts, method_id, self._discounted(order, facts, wish))

    def _terms(self, order, facts, wish):
        given = next((one for one in order.discounts if one.uuid == str(wish.id)), None)
        return {**super()._terms(order, facts, wish), "bank_discount_uuid": given and given.discount_uuid}

    def _keep(self, attempt, order, identity, facts):
        """A payment that came to nothing takes its discount along; late money that paid the rest brings it back."""
        if order.state == "open" and attempt.bank_discount_uuid:
            if attempt._is_void():
                self._withdraw_discount(order, facts, attempt.fynlo_uuid)
            elif attempt.state == "captured":
                self._give_discount(order, facts, attempt.fynlo_uuid, attempt.bank_discount_uuid, attempt.amount)
        return super()._keep(attempt, order, identity, facts)

    # --- steps ---------------------------------------------------------------------------

    def _discounted(self, order, facts, wish):
        """The wish, of less where the discount was given."""
        location = self.env["pos.config"].sudo().browse(facts.location_id)
        discount = location.fynlo_bank_discount_id.fynlo_uuid
        whole = not (order.paid or order.reserved or order.shares or wish.share_id)
        if wish.method != BY_BANK or not discount or not whole:
            return wish
        tip = wish.tip.amount if wish.tip else 0
        asked = wish.amount.amount + tip
        due = None if asked == order.due else asked
        if not self._give_discount(order, facts, str(wish.id), discount, due):
            return wish
        return _of(wish, MoneyShape(amount=order.due - tip, currency=facts.currency))

    def _give_discount(self, order, facts, payment_uuid, discount_uuid, due=None):
        """Put the discount on the order, unless with it something else than ``due`` would be due."""
        known = facts.discounts.get(discount_uuid)
        if known is None or not _stands_with(known, order.discounts):
            return False
        order.discounts = [*order.discounts, _applied(known, payment_uuid, order)]
        self._reprice(order, facts)
        if not order.due or due not in (None, order.due):
            self._withdraw_discount(order, facts, payment_uuid)
            return False
        return True

    def _withdraw_discount(self, order, facts, payment_uuid):
        kept = [one for one in order.discounts if one.uuid != payment_uuid]
        if len(kept) < len(order.discounts):
            order.discounts = kept
            self._reprice(order, facts)

    def _reprice(self, order, facts):
        reprice_order(order, facts, self.env["fynlo.order.service"]._odoo_taxes(facts))


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    def _unpay(self, refund, order, identity, facts):
        """A payment by bank that is taken back takes its discount along."""
        result = super()._unpay(refund, order, identity, facts)
        self.env["fynlo.payment.service"]._withdraw_discount(order, facts, refund.payment_id.fynlo_uuid)
        return result


def _of(wish, amount):
    """The wish of a till or of a guest with a pay link, but of another amount."""
    return replace(wish, amount=amount) if is_dataclass(wish) else wish.model_copy(update={"amount": amount})


def _stands_with(known, given):
    """Whether the discount may stand beside those given: once, and not beside one that stands alone."""
    of_order = [one for one in given if one.line_uuid is None]
    again = any(one.discount_uuid == known.uuid for one in of_order)
    return not again and not (of_order and (known.exclusive or any(one.exclusive for one in of_order)))


def _applied(known, payment_uuid, order):
    return AppliedDiscount(
        uuid=payment_uuid,
        discount_uuid=known.uuid,
        name=known.name,
        kind=known.kind,
        value_bp=known.value_bp,
        value=known.amount,
        line_uuid=None,
        exclusive=known.exclusive,
        line_uuids=[line.uuid for line in order.active_lines],
    )
