"""A surcharge is only captured once the provider has said which card it is: what tills say of cards is a guess."""

from odoo import models

from .fee_quote import Wish


class FynloPayment(models.Model):
    """A payment with a surcharge is authorised first; what the law lets be charged of it is then captured at once."""

    _inherit = "fynlo.payment"

    def _learn(self, said, state, failure_code):
        result = super()._learn(said, state, failure_code)
        if state == "authorised" and self.surcharge and not self.capture_amount:
            self.write(
                {
                    **self._confirmed_card(),
                    "capture_amount": self.amount + self.tip + self._lawful_surcharge(),
                    "next_look_at": self.env.cr.now(),
                }
            )
        return result

    def _keep_captured_part(self, said):
        """What the card may not be charged was not captured."""
        if self.surcharge and self.capture_amount:
            surcharge = self.capture_amount - self.amount - self.tip
            self.write(
                {"surcharge": surcharge, **self._fees_of(self.amount, surcharge), "tendered": self.capture_amount}
            )
        return super()._keep_captured_part(said)

    def _captures_at_once(self):
        """Whether what was authorised is to be captured now, as nobody else will ask for it."""
        return self.state == "authorised" and bool(self.surcharge and self.capture_amount)

    def _lawful_surcharge(self):
        """What of the surcharge the law lets this card be charged; nothing while the provider has not named it."""
        return min(self.surcharge, self._terms_of_card().surcharge)

    def _confirmed_card(self):
        return {"fee_card": self.card_funding or "unknown", "fee_rule_id": self._terms_of_card().rule_id}

    def _terms_of_card(self):
        wish = Wish(self.amount, self.tip, self.card_funding or "unknown", self.fee_channel)
        return self.env["fynlo.fees"]._terms_of(self.config_id.sudo(), self.method, wish)
