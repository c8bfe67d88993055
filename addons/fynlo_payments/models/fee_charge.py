"""What a charge costs, decided before it is made and kept with the payment: fees, surcharge, and by which rows."""

from dataclasses import dataclass, replace

from odoo import api, fields, models

from .fee_quote import Wish


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """Amounts in minor units. ``surcharge`` is on top of bill and tip; ``bank_discount`` may be taken off the bill.

    ``platform_fee`` is Fynlo's, of the bill without the tip. ``rule_id`` is the surcharge rule that
    decided, also where it decided that the guest is charged nothing.
    """

    surcharge: int = 0
    provider_fee: int = 0
    platform_fee: int = 0
    schedule_id: int | None = None
    rule_id: int | None = None
    bank_discount: int = 0
    card: str = "unknown"

    @property
    def fee(self):
        """All that the provider and Fynlo keep, whoever bears it."""
        return self.provider_fee + self.platform_fee


class FynloFees(models.AbstractModel):
    _inherit = "fynlo.fees"

    @api.model
    def _terms_of(self, location, method, wish):
        """:class:`ChargeTerms` for ``wish`` with ``method``. Raises ``charge_out_of_range``.

        A tender whose cost no schedule tells is taken as free: nobody is charged for what is not known.
        """
        if wish.pass_fee and not location._fynlo_surcharge_fits():
            wish = replace(wish, pass_fee=False)
        if self._quotes(location, [method], wish)[method] is None:
            return ChargeTerms(card=wish.funding)
        priced = self._quote(location, method, wish)
        quote = priced.quote
        return ChargeTerms(
            surcharge=quote.fee_line,
            provider_fee=quote.provider_fee,
            platform_fee=quote.platform_fee,
            schedule_id=priced.schedule_id,
            rule_id=priced.permission.rule_id,
            bank_discount=priced.discount,
            card=wish.funding,
        )


class FynloPayment(models.Model):
    """``fee`` is all that provider and Fynlo keep of the payment; ``application_fee`` is Fynlo's part of it."""

    _inherit = "fynlo.payment"

    fee_card = fields.Char("Card, as known before", readonly=True, help="What was known of it when fees were decided.")
    fee_schedule_id = fields.Many2one("fynlo.fee.schedule", "Fees by", readonly=True, ondelete="restrict")
    fee_rule_id = fields.Many2one("fynlo.surcharge.rule", "Surcharge rule", readonly=True, ondelete="restrict")

    _fees_fit = models.Constraint(
        "CHECK(surcharge >= 0 AND application_fee >= 0 AND fee >= application_fee)",
        "A fee is not negative, and Fynlo's is part of it.",
    )


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    def _terms(self, order, facts, wish):
        """The fees of a charge, decided by what is in force now; its surcharge is part of what is tendered."""
        location = self.env["pos.config"].sudo().browse(facts.location_id)
        asked = Wish(wish.amount.amount, wish.tip.amount if wish.tip else 0, wish.funding, wish.channel, wish.pass_fee)
        terms = self.env["fynlo.fees"]._terms_of(location, wish.method, asked)
        return {
            **super()._terms(order, facts, wish),
            "fee": terms.fee,
            "application_fee": terms.platform_fee,
            "surcharge": terms.surcharge,
            "tendered": asked.bill + asked.tip + terms.surcharge,
            "fee_card": terms.card,
            "fee_schedule_id": terms.schedule_id,
            "fee_rule_id": terms.rule_id,
        }
