"""The taxes of an order by rate, as a receipt lists them."""

from .pricing import split

#: What no tax applies to.
UNTAXED = None


def tax_analysis(order, facts, money, names):
    """One row for each tax, the highest rate first, each with a letter that lines refer to.

    ``net`` is what the tax was charged on, ``gross`` both together. Goods outside every tax come
    last, without a letter. ``names`` are the names of taxes by public id.
    """
    sums = {}
    for net, taxes in _taxed(order, facts):
        for uuid, rate_bp, amount in taxes or ((UNTAXED, 0, 0),):
            row = sums.setdefault((uuid, rate_bp), [0, 0])
            row[0] += net
            row[1] += amount
    ranked = sorted(sums, key=lambda key: (key[0] is UNTAXED, -key[1], key[0] or ""))
    return [
        {
            "tax_id": uuid,
            "code": None if uuid is UNTAXED else chr(ord("A") + place % 26),
            "name": names.get(uuid),
            "rate_bp": rate_bp,
            "net": money(sums[uuid, rate_bp][0]),
            "tax": money(sums[uuid, rate_bp][1]),
            "gross": money(sum(sums[uuid, rate_bp])),
        }
        for place, (uuid, rate_bp) in enumerate(ranked)
    ]


def _taxed(order, facts):
    """What carries a price, as (net, its taxes)."""
    for line in order.active_lines:
        for leaf in line.leaves:
            if leaf.net or leaf.total or leaf.taxes:
                yield leaf.net, leaf.taxes
    if order.service and order.service.total:
        yield order.service.net, _service_taxes(order.service, facts)


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
