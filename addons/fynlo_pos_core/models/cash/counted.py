"""Counted money as tills send it: an amount, and the piles of coins and notes it is made of."""

from ...rest import Invalid


def counted_minor(money, denominations, currency, field):
    """A counted amount in minor units; denominations, when given, must add up to it."""
    if money.currency != currency:
        raise Invalid(f"This location trades in {currency}.", field=f"{field}.currency")
    if money.amount < 0:
        raise Invalid("A counted amount cannot be negative.", field=f"{field}.amount")
    if denominations and sum(pile.value * pile.count for pile in denominations) != money.amount:
        raise Invalid("The denominations do not add up to the amount.", field="denominations")
    return money.amount


def stored_piles(denominations):
    return [pile.model_dump() for pile in denominations or []]
