"""Keeping a bill's sum when it is parted or put together: the pennies that rounding would lose or add.

Discounts and the service charge are whole minor units. Each part of a bill rounds them on its
own, so the parts keep what they differ by (``rounding``) and together come to what the whole did.
Lines are left alone: where tax is not in the price, or a weighed line was cut, each part rounds
its own tax and price as the books will, and may differ by a penny.
"""

from dataclasses import dataclass, field

from .order import AppliedDiscount, Order
from .pricing import price_order


@dataclass(slots=True)
class Kept:
    """What a discount took off before, and the discounts that stand for it now."""

    amount: int
    shares: list[AppliedDiscount] = field(default_factory=list)


def balance(orders: list[Order], kept: list[Kept], service: int, facts, odoo_taxes) -> None:
    """Price ``orders`` so that their discounts and service charges add up to what they were.

    ``kept`` is in the order in which discounts apply: a discount takes off what those before it left.
    """

    leaves = [leaf for order in orders for line in order.lines for leaf in [line, *line.parts]]
    before = [leaf.amounts for leaf in leaves]

    def reprice():
        for order in orders:
            price_order(order, facts, odoo_taxes)

    reprice()
    for one in kept:
        _even_out(one.shares, one.amount, "amount", reprice)
    if facts.service_charge:
        _even_out([order.service for order in orders if order.service], service, "total", reprice)
    for leaf, amounts in zip(leaves, before, strict=True):
        leaf.dirty = leaf.dirty or leaf.amounts != amounts


def applied(discounts: list[AppliedDiscount]) -> list[AppliedDiscount]:
    """Discounts in the order in which they apply: first those of lines."""
    return sorted(discounts, key=lambda discount: discount.line_uuid is None)


def _even_out(shares, whole, name, reprice):
    """Have the largest share bear what the shares together differ by from ``whole``; the next what it cannot."""
    for share in sorted(shares, key=lambda share: -getattr(share, name)):
        difference = whole - sum(getattr(one, name) for one in shares)
        if not difference:
            break
        before = getattr(share, name)
        share.rounding += difference
        reprice()
        share.rounding -= difference - (getattr(share, name) - before)
