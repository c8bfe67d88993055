"""Quotes: what a charge costs with a tender at a location, who bears it, and by which rule."""

from dataclasses import dataclass

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid, declare

from ..fees.charge import Quote, Terms, absorb, discount, pass_on
from .surcharge_rule import Permission

declare(
    "fee_unknown",
    422,
    "Fee not known",
    "No fee schedule tells what this tender costs in this currency.",
    "Offer another tender; a fee schedule is added in the back office.",
)
declare(
    "charge_out_of_range",
    422,
    "Too small or too large for the tender",
    "The provider takes no charge of that size.",
    "Offer cash or a payment by bank.",
)
BY_BANK = "open_banking"
#: Tenders whose provider says which card it is before money is captured; no other can be charged more by the card.
CARD_TENDERS = frozenset({"stripe", "apple_pay"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be charged. ``pass_fee`` can only switch passing on off."""

    bill: int
    tip: int = 0
    funding: str = "unknown"
    channel: str = "in_person"
    pass_fee: bool = True


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote with what decided it. ``out_of_range``: the provider takes no such charge."""

    quote: Quote
    terms: Terms
    permission: Permission
    schedule_id: int
    schedule_uuid: str
    out_of_range: bool
    discount: int = 0


class FynloFees(models.AbstractModel):
    """Reads the tables once for several tenders; reckons with :mod:`..fees`. Writes nothing."""

    _name = "fynlo.fees"
    _description = "Fees of tenders"

    @api.model
    def _quote(self, location, method, wish):
        """What ``wish`` costs with ``method``. Raises ``fee_unknown`` and ``charge_out_of_range``.

        The law is asked each time: a setting that was lawful once passes nothing on where it no longer is.
        """
        priced = self._quotes(location, [method], wish)[method]
        if priced is None:
            raise Invalid(self.env._("It is not known what %s costs.", method), code="fee_unknown", field="method")
        return self._in_range(method, priced)

    def _in_range(self, method, priced):
        if priced.out_of_range:
            message = self.env._("%s takes no charge of that size.", method)
            raise Invalid(message, code="charge_out_of_range", field="bill")
        return priced

    @api.model
    def _quotes(self, location, methods, wish):
        """:class:`Priced` by tender, ``None`` where no schedule tells; one query a table."""
        location = location.sudo()
        day, company = location._fynlo_business_date(), location.company_id
        schedules = self.env["fynlo.fee.schedule"]._in_force(location, methods, day)
        rules = self.env["fynlo.surcharge.rule"]._of_country(company.country_id, day)
        priced = {}
        for method in methods:
            permission = rules._permission(company.state_id, method, wish.funding)
            schedule = schedules._deciding(method, wish.channel, wish.funding)
            priced[method] = _price(location, method, wish, schedule, permission) if schedule else None
        return priced


def _price(location, method, wish, schedule, permission):
    terms = schedule._terms()
    passing = permission.allowed and wish.pass_fee and method in CARD_TENDERS and location._fynlo_passes_fees()
    quote = pass_on(terms, wish.bill, wish.tip, permission.limit) if passing else absorb(terms, wish.bill, wish.tip)
    fits = schedule.least <= quote.charge and (not schedule.most or quote.charge <= schedule.most)
    saved = discount(wish.bill, location.fynlo_bank_discount_id.value_bp) if method == BY_BANK else 0
    return Priced(quote, terms, permission, schedule.id, schedule.fynlo_uuid, not fits, saved)
