"""The taxes of an order by rate, as a receipt lists them."""

from .pricing import split
from .surcharge import surcharge_taxes


def tax_analysis(order, facts, money, names, *, by_rate):
    """One row for each tax, or ``by_rate`` for each rate, the highest first, each with a letter that lines refer to.

    ``net`` is what the tax was charged on, ``gross`` both together. Goods outside every tax come
    last, without a letter. ``names`` are the names of taxes by public id.
    """
    rows = {}
    for net, taxes in _taxed(order, facts):
        for uuid, rate_bp, amount in taxes or ((None, 0, 0),):
            key = (uuid is None, -rate_bp, "" if by_rate else uuid or "")
            row = rows.setdefault(key, {"tax_ids": [], "rate_bp": rate_bp, "net": 0, "tax": 0})
            row["tax_ids"] += [uuid] if uuid and uuid not in row["tax_ids"] else []
            row["net"] += net
            row["tax"] += amount
    return [_row(place, rows[key], money, names) for place, key in enumerate(sorted(rows))]


def _row(place, row, money, names):
    return {
        "tax_ids": row["tax_ids"],
        "code": chr(ord("A") + place % 26) if row["tax_ids"] else None,
        "name": names.get(row["tax_ids"][0]) if len(row["tax_ids"]) == 1 else None,
        "rate_bp": row["rate_bp"],
        "net": money(row["net"]),
        "tax": money(row["tax"]),
        "gross": money(row["net"] + row["tax"]),
    }


def _taxed(order, facts):
    """What carries a price, as (net, its taxes)."""
    for line in order.active_lines:
        for leaf in line.leaves:
            if leaf.net or leaf.total or leaf.taxes:
                yield leaf.net, leaf.taxes
    if order.service and order.service.total:
        yield order.service.net, _service_taxes(order.service, facts)
    if order.surcharge:
        yield order.surcharge - order.surcharge_tax, surcharge_taxes(order, facts)


def service_rules(facts):
    """The taxes of the location's service charge."""
    rule = facts.service_charge
    return [facts.taxes[tax_id] for tax_id in rule.tax_ids if tax_id in facts.taxes] if rule else []


def _service_taxes(service, facts):
    """The service charge keeps one tax amount; its taxes share it by their rates."""
    rules = service_rules(facts)
    sign = -1 if service.tax < 0 else 1
    shares = split(sign * service.tax, [rule.rate_bp for rule in rules])
    return tuple((rule.uuid, rule.rate_bp, sign * share) for rule, share in zip(rules, shares, strict=True))
