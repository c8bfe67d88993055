"""Gift cards and store credit: the ledger is our own, so a charge is a capture in the request's transaction."""

from odoo import models

from .provider import PREFIX, Outcome


class FynloProviderGiftCard(models.AbstractModel):
    """The payment service names the card in the context; its code never gets here."""

    _name = PREFIX + "gift_card"
    _inherit = ["fynlo.provider"]
    _description = "Gift card"

    _immediate = True
    _needs_journal = False

    def _charge(self, attempt):
        """Take the amount and the tip off the card. Raises ``gift_card_balance`` with what it holds."""
        spent = self._entries().search([("payment_id", "=", attempt.id), ("kind", "=", "redeem")], limit=1)
        if not spent:
            card = self.env["fynlo.stored.value"].sudo().browse(self.env.context["fynlo_stored_value"])
            spent = card._move(
                "redeem",
                -(attempt.amount + attempt.tip),
                payment_id=attempt.id,
                order_id=attempt.order_id.id,
                employee_id=attempt.employee_id.id,
            )
        return Outcome("captured", reference=spent.card_id.fynlo_uuid)

    def _refund(self, refund):
        """Put the amount back on the card it came from; a blocked card stays blocked, a lapsed one is renewed.

        What another tender took goes on the card that the refund service names in the context.
        """
        given = self._entries().search([("refund_id", "=", refund.id), ("kind", "=", "refund")], limit=1)
        if not given:
            card = self._card_of(refund)
            card._renew()
            card._move(
                "refund",
                refund.amount,
                any_state=True,
                refund_id=refund.id,
                order_id=refund.order_id.id,
                employee_id=refund.employee_id.id,
                reason=refund.reason,
            )
        return Outcome("succeeded")

    def _card_of(self, refund):
        if refund.to_method:
            return self.env["fynlo.stored.value"].sudo().browse(self.env.context["fynlo_stored_value"])
        spent = [("payment_id", "=", refund.payment_id.id), ("kind", "=", "redeem")]
        return self._entries().search(spent, limit=1).card_id

    def _entries(self):
        return self.env["fynlo.stored.value.entry"].sudo()


class FynloProviderStoreCredit(models.AbstractModel):
    _name = PREFIX + "store_credit"
    _inherit = [PREFIX + "gift_card"]
    _description = "Store credit"
