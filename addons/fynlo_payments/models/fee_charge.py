"""What a charge costs, decided before it is made and kept with the payment: fees, surcharge, and by which rows."""

from dataclasses import dataclass

from odoo import api, fields, models

from ..fees.charge import Terms
from ..providers.provider import PREFIX
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
        priced = self._quotes(location, [method], wish)[method]
        if priced is None:
            return ChargeTerms()
        quote = self._in_range(method, priced).quote
        return ChargeTerms(
            surcharge=quote.fee_line,
            provider_fee=quote.provider_fee,
            platform_fee=quote.platform_fee,
            schedule_id=priced.schedule_id,
            rule_id=priced.permission.rule_id,
            bank_discount=priced.discount,
        )


class FynloPayment(models.Model):
    """``fee`` is all that provider and Fynlo keep of the payment; ``application_fee`` is Fynlo's part of it."""

    _inherit = "fynlo.payment"

    fee_card = fields.Char("Card that fees are for", readonly=True)
    fee_channel = fields.Char("Way that fees are for", readonly=True)
    fee_schedule_id = fields.Many2one("fynlo.fee.schedule", "Fees by", readonly=True, ondelete="restrict")
    fee_rule_id = fields.Many2one("fynlo.surcharge.rule", "Surcharge rule", readonly=True, ondelete="restrict")

    _fees_fit = models.Constraint(
        "CHECK(surcharge >= 0 AND application_fee >= 0 AND fee >= application_fee)",
        "A fee is not negative, and Fynlo's is part of it.",
    )

    def _fees_of(self, bill, surcharge):
        """The columns of fees when ``bill`` and ``surcharge`` are charged, by the schedule that decided before."""
        terms = self.fee_schedule_id._terms() if self.fee_schedule_id else Terms()
        ours = terms.platform_fee(bill)
        return {"application_fee": ours, "fee": ours + terms.provider_fee(bill + self.tip + surcharge)}


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    def _terms(self, order, facts, wish):
        """The fees of a charge, decided by what is in force now; its surcharge is part of what is tendered.

        What is captured later may be less than was asked for, and is charged no surcharge.
        """
        location = self.env["pos.config"].sudo().browse(facts.location_id)
        provider = self.env[PREFIX + wish.method]
        later = bool(wish.details.get("manual_capture")) or provider._captures_later(location)
        tip = wish.tip.amount if wish.tip else 0
        asked = Wish(wish.amount.amount, tip, wish.funding, wish.channel, wish.pass_fee and not later)
        terms = self.env["fynlo.fees"]._terms_of(location, wish.method, asked)
        return {
            **super()._terms(order, facts, wish),
            "fee": terms.fee,
            "application_fee": terms.platform_fee,
            "surcharge": terms.surcharge,
            "tendered": asked.bill + asked.tip + terms.surcharge,
            "manual_capture": later or terms.surcharge > 0,
            "fee_card": wish.funding,
            "fee_channel": wish.channel,
            "fee_schedule_id": terms.schedule_id,
            "fee_rule_id": terms.rule_id,
        }

    @api.model
    def _wish_captured(self, identity, uuid, wish):
        """Fynlo's share is of what is captured."""
        captured = super()._wish_captured(identity, uuid, wish)
        if captured:
            attempt = self.env["fynlo.payment"].sudo().browse(captured)
            attempt.write(attempt._fees_of(attempt.capture_amount - attempt.tip - attempt.surcharge, attempt.surcharge))
        return captured
