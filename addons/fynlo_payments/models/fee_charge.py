"""What a charge costs, decided before it is made and kept with the payment: fees, surcharge, and by which rows."""

from dataclasses import dataclass, replace

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement

KEEP = PreparedStatement(
    """UPDATE fynlo_payment
          SET fee = %(fee)s, platform_fee = %(platform_fee)s, surcharge = %(surcharge)s, fee_card = %(fee_card)s,
              tendered = %(tendered)s, fee_schedule_id = %(fee_schedule_id)s::integer,
              fee_rule_id = %(fee_rule_id)s::integer
        WHERE id = %(payment)s"""
)


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
    _inherit = "fynlo.payment"

    platform_fee = fields.Integer("Fynlo's fee (minor units)", readonly=True)
    fee_card = fields.Char("Card, as known before", readonly=True, help="What was known of it when fees were decided.")
    fee_schedule_id = fields.Many2one("fynlo.fee.schedule", "Fees by", readonly=True, ondelete="restrict")
    fee_rule_id = fields.Many2one("fynlo.surcharge.rule", "Surcharge rule", readonly=True, ondelete="restrict")

    _fees_fit = models.Constraint(
        "CHECK(surcharge >= 0 AND platform_fee >= 0 AND fee >= platform_fee)",
        "A fee is not negative, and Fynlo's is part of it.",
    )

    @property
    def _charged(self):
        """All that the guest is charged, change aside: the bill's part, the tip and the surcharge."""
        return self.amount + self.tip + self.surcharge

    def _keep_terms(self, terms):
        """Write what was decided of a payment that no provider was asked for yet; its surcharge is tendered too."""
        self.ensure_one()
        kept = {
            "fee": terms.fee,
            "platform_fee": terms.platform_fee,
            "surcharge": terms.surcharge,
            "fee_card": terms.card,
            "fee_schedule_id": terms.schedule_id,
            "fee_rule_id": terms.rule_id,
            "tendered": self.tendered - self.surcharge + terms.surcharge if self.tendered else 0,
        }
        KEEP.execute(self.env.cr, payment=self.id, **kept)
        self._know(**kept)
