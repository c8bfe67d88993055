"""A tender's cost that the guest pays: money on top of the bill, in a row of its own product."""

from .pricing import tax_of


def order_add_surcharge(order, amount, facts):
    """Put ``amount`` (minor units; below 0 takes off) on ``order``: due from now on, as a tip is.

    It is what the guest is charged, so its taxes lie in it. A row that is there already keeps its taxes.
    Raises :class:`ValueError` where less than nothing would be left.
    """
    if not amount:
        return
    if order.surcharge + amount < 0:
        raise ValueError("no more of a surcharge can be taken off than was charged")
    if not order.surcharge_row_id:
        order.surcharge_tax_ids = facts.surcharge_tax_ids
    order.surcharge += amount
    order.surcharge_tax = _tax_in(order.surcharge, order.surcharge_tax_ids, facts)


def surcharge_taxes(order, facts):
    """The taxes in a surcharge, as (tax uuid, rate in basis points, amount)."""
    taxed = tax_of(order.surcharge, 1.0, 0.0, _lying_in(order.surcharge_tax_ids, facts), facts, None)
    return tuple((rule.uuid, rule.rate_bp, amount) for rule, amount in taxed.by_tax)


def _tax_in(amount, tax_ids, facts):
    taxed = tax_of(amount, 1.0, 0.0, _lying_in(tax_ids, facts), facts, None)
    return taxed.included - taxed.excluded


def _lying_in(tax_ids, facts):
    """Those of the taxes that lie in a price; none other can be part of what was charged."""
    return tuple(tax_id for tax_id in tax_ids if tax_id in facts.taxes and facts.taxes[tax_id].included)
