"""The one pricing engine: for calculating, creating and editing alike.

Discounts are whole minor units, split over the lines by largest remainder; each line's share is
then handed to Odoo as the percentage that takes off exactly that much, so the books computed
again at closing agree to the penny.
"""

from ..tools.money import split, to_major
from ..tools.tax_mirror import round_minor, tax_line
from .order import ServiceCharge


def price_order(order, facts, odoo_taxes=None):
    """Compute every amount of ``order`` in place.

    ``odoo_taxes(price, quantity, discount, tax_ids)`` prices a line whose taxes are not mirrored
    (see ``tools/tax_mirror.py``); it returns a ``TaxedAmount``.
    """
    lines = order.active_lines
    for line in order.lines:
        if not line.active:
            _price_nothing(line)
    for line in lines:
        _price_gross(line, facts.digits)
    _apply_line_discounts(order, lines)
    _apply_order_discounts(order, lines)
    for line in lines:
        for leaf in line.leaves:
            _price_leaf(leaf, facts, odoo_taxes)
        gather_parts(line)
    service = _price_service(order, lines, facts, odoo_taxes)
    order.net = sum(line.net for line in lines) + service.net
    order.tax = sum(line.tax for line in lines) + service.tax
    order.total = sum(line.total for line in lines) + service.total
    order.discount = sum(line.discount for line in lines)
    return order


def reprice_order(order, facts, odoo_taxes=None):
    """Price an order whose rows exist; those that now cost something else are marked to be written."""
    leaves = [leaf for line in order.lines for leaf in (line, *line.parts)]
    before = [leaf.amounts for leaf in leaves]
    price_order(order, facts, odoo_taxes)
    for leaf, amounts in zip(leaves, before, strict=True):
        leaf.dirty = leaf.dirty or leaf.amounts != amounts
    return order


def _price_service(order, lines, facts, odoo_taxes):
    """The service charge: a share of what the lines come to, half a penny up; none for small parties."""
    service, rule = order.service, facts.service_charge
    if service is None:
        return ServiceCharge(0)
    if rule is None:  # the location no longer has one; what was charged so far stands
        return service
    service.net = service.tax = service.total = 0
    if is_charged(order, rule):
        base = sum(line.total for line in lines)
        amount = max(0, (2 * base * service.rate_bp + 10_000) // 20_000 + service.rounding) if base else 0
        taxed = tax_of(amount, 1.0, 0.0, rule.tax_ids, facts, odoo_taxes)
        service.net, service.total = taxed.excluded, taxed.included
        service.tax = service.total - service.net
    return service


def is_charged(order, rule):
    """Whether a service charge by ``rule`` is due on the order."""
    service = order.service
    if service is None or rule is None or service.declined:
        return False
    return order.party >= rule.guests


def combo_prices(price, base_prices):
    """A combo's price over its choices in proportion to their base prices, to the penny.

    As Odoo's till does it (``point_of_sale`` ``compute_combo_items.js``): each choice is rounded,
    the last one takes the rest.
    """
    whole = sum(base_prices) or len(base_prices)
    weights = base_prices if sum(base_prices) else [1] * len(base_prices)
    prices = [(2 * price * weight + whole) // (2 * whole) for weight in weights[:-1]]
    return [*prices, price - sum(prices)]


def _price_gross(line, digits):
    """The amount at menu prices, before discounts."""
    for leaf in line.leaves:
        major = float(leaf.quantity) * to_major(leaf.unit_price, digits)
        leaf.gross = round_minor(major, digits)
        leaf.discount = 0
    line.gross = sum(leaf.gross for leaf in line.leaves)
    line.discount = 0


def _price_nothing(line):
    """A voided line stays on the order and costs nothing."""
    for leaf in {id(leaf): leaf for leaf in [line, *line.parts]}.values():
        leaf.gross = leaf.discount = leaf.net = leaf.tax = leaf.total = 0
        leaf.discount_percent, leaf.taxes = 0.0, ()


def _apply_line_discounts(order, lines):
    """Discounts of one line, each on what the ones before left."""
    by_uuid = {line.uuid: line for line in lines}
    for discount in order.discounts:
        if discount.line_uuid is None:
            continue
        line = by_uuid.get(discount.line_uuid)
        discount.amount = _take_off(discount, [line]) if line else 0


def _apply_order_discounts(order, lines):
    """Discounts of the whole order, after those of its lines."""
    for discount in order.discounts:
        if discount.line_uuid is None:
            discount.amount = _take_off(discount, discount.covered(lines))


def _take_off(discount, lines):
    """Spread one discount over the leaves of ``lines``; return what it took off."""
    leaves = [leaf for line in lines for leaf in line.leaves]
    left = [max(0, leaf.gross - leaf.discount) for leaf in leaves]
    whole = sum(left)
    amount = (2 * whole * discount.value_bp + 10_000) // 20_000 if discount.kind == "percent" else discount.value
    amount = min(max(0, amount + discount.rounding), whole)
    for leaf, share in zip(leaves, split(amount, left), strict=True):
        leaf.discount += share
    return amount


def _price_leaf(leaf, facts, odoo_taxes):
    leaf.discount_percent = 100.0 * leaf.discount / leaf.gross if leaf.gross else 0.0
    taxed = tax_of(leaf.unit_price, float(leaf.quantity), leaf.discount_percent, leaf.tax_ids, facts, odoo_taxes)
    leaf.net, leaf.total = taxed.excluded, taxed.included
    leaf.taxes = tuple((rule.uuid, rule.rate_bp, amount) for rule, amount in taxed.by_tax)
    leaf.tax = leaf.total - leaf.net


def tax_of(price, quantity, discount, tax_ids, facts, odoo_taxes):
    """A line's amounts: by the mirror where it covers the taxes, by Odoo's engine otherwise."""
    major = to_major(price, facts.digits)
    if all(tax_id in facts.taxes for tax_id in tax_ids):
        rules = tuple(facts.taxes[tax_id] for tax_id in tax_ids)
        return tax_line(major, quantity, discount, rules, facts.digits)
    return odoo_taxes(major, quantity, discount, tax_ids)


def gather_parts(line):
    """A combo's amounts are those of its parts together."""
    if not line.parts:
        return
    line.discount = sum(part.discount for part in line.parts)
    line.net = sum(part.net for part in line.parts)
    line.tax = sum(part.tax for part in line.parts)
    line.total = sum(part.total for part in line.parts)
    by_tax = {}
    for part in line.parts:
        for uuid, rate_bp, amount in part.taxes:
            by_tax[uuid, rate_bp] = by_tax.get((uuid, rate_bp), 0) + amount
    line.taxes = tuple((uuid, rate_bp, amount) for (uuid, rate_bp), amount in by_tax.items())
