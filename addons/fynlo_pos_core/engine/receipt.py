"""A receipt as a document: what was sold, the taxes in it, how it was paid, and what it counts as in law."""

from dataclasses import dataclass

from ..tools.clock import wire
from ..tools.money import to_major
from ..tools.tax_mirror import round_minor
from .facts import quantity_text
from .order_document import money_of
from .receipt_taxes import tax_analysis

#: Above this total (minor units) a simplified VAT invoice will not do. UK: VAT Regulations 1995, reg. 16A.
SIMPLIFIED_LIMITS = {"GB": 25_000}
TAX_REGIMES = {"US": "sales_tax"}
#: Where menu prices hold no tax, tips are reckoned without it.
TIPS_BEFORE_TAX = frozenset({"US", "CA"})
CAPTURED = frozenset({"captured", "refund_due"})


@dataclass(frozen=True, slots=True)
class House:
    """Who trades at a location, and how its receipts look."""

    name: str
    location: str
    address: tuple[str, ...]
    country: str
    tax_number: str
    company_number: str
    phone: str
    email: str
    website: str
    header: str
    footer: str
    colour: str
    prefix: str
    language: str
    tip_rates_bp: tuple[int, ...] = ()
    #: ``net`` or ``gross``; ``country``: as is usual there.
    tips_base: str = "country"

    @property
    def tips_with_tax(self):
        """Whether tips are a share of the bill with its tax."""
        return self.country not in TIPS_BEFORE_TAX if self.tips_base == "country" else self.tips_base == "gross"

    @property
    def regime(self):
        """How taxes are worded: ``vat``, ``sales_tax``, or ``none`` for those who may not say VAT."""
        return TAX_REGIMES.get(self.country) or ("vat" if self.tax_number else "none")


@dataclass(frozen=True, slots=True)
class Bearings:
    """What a receipt tells beyond its order: other orders it refers to, the guest, earlier prints, its link."""

    guest: dict | None = None
    refund_of: tuple[str, ...] = ()
    refunds: tuple[dict, ...] = ()
    tax_names: dict | None = None
    prints: int = 0
    link: dict | None = None


def receipt_kind(order):
    """``bill`` until it is paid, then ``receipt``; ``refund`` when money goes back."""
    if order.state == "cancelled":
        return "cancelled"
    if order.total < 0:
        return "refund"
    return "receipt" if order.state == "completed" or (order.paid and not order.due) else "bill"


def receipt_document(order, facts, house, bearings):
    """The receipt of an order as it is now. ``copy`` is 0 on the original, then the number of the copy."""
    money = money_of(facts.currency)
    kind = receipt_kind(order)
    on_top = _taxes_on_top(order, facts)
    payments = [_payment(payment) for payment in order.payments if payment["state"] in CAPTURED]
    return {
        "order_id": order.uuid,
        "number": order.number,
        "receipt_number": "-".join(filter(None, (house.prefix, order.number))),
        "kind": kind,
        "copy": bearings.prints,
        "tax_regime": house.regime,
        "tax_document": _tax_document(order, house, kind, bearings.guest),
        "currency": facts.currency,
        "language": house.language,
        "time_zone": facts.time_zone,
        "issued_at": max((payment["at"] for payment in payments), default=wire(order.created_at)),
        "business_date": order.business_date.isoformat(),
        "business": _business(house),
        "branding": {"header": house.header, "footer": house.footer, "colour": house.colour},
        "server": order.created_by["name"],
        "table": order.table["name"] if order.table else None,
        "guests": order.guests,
        "serving": getattr(facts.preset(order.preset_id), "name", None),
        "customer": bearings.guest,
        "lines": [_line(line, order, facts, money) for line in order.active_lines if line.quantity],
        "discounts": [_discount(discount, money) for discount in order.discounts if not discount.line_uuid],
        "taxes": tax_analysis(order, facts, money, bearings.tax_names or {}, by_rate=house.regime == "vat"),
        "totals": _totals(order, facts, money, on_top),
        "payments": payments,
        "refund_of": list(bearings.refund_of),
        "refunds": list(bearings.refunds),
        "tip_suggestions": _tip_suggestions(order, house, kind, money),
        "link": bearings.link,
    }


def _tax_document(order, house, kind, guest):
    """What the paper is to the tax office: nothing before payment, then an invoice of some kind."""
    if house.regime != "vat" or kind in ("bill", "cancelled"):
        return None
    if kind == "refund":
        return "credit_note"
    supplied = order.total + order.surcharge
    if supplied <= SIMPLIFIED_LIMITS.get(house.country, supplied):
        return "simplified_invoice"
    return "invoice" if guest and guest["address"] else "modified_invoice"


def _business(house):
    return {
        "name": house.name,
        "location": house.location,
        "address": list(house.address),
        "country": house.country or None,
        "tax_number": house.tax_number or None,
        "company_number": house.company_number or None,
        "phone": house.phone or None,
        "email": house.email or None,
        "website": house.website or None,
    }


def _gross(line, digits):
    """The line at menu prices, before anything is taken off."""
    return sum(round_minor(float(leaf.quantity) * to_major(leaf.unit_price, digits), digits) for leaf in line.leaves)


def _line(line, order, facts, money):
    return {
        "id": line.uuid,
        "name": line.name,
        "quantity": quantity_text(line.quantity),
        "unit_price": money(sum(leaf.unit_price for leaf in line.leaves)),
        "gross": money(_gross(line, facts.digits)),
        "details": list(_details(line, money)),
        "discounts": [_discount(given, money) for given in order.discounts if given.line_uuid == line.uuid],
        "net": money(line.net),
        "tax": money(line.tax),
        "total": money(line.total),
        "tax_ids": [uuid for uuid, _rate, _amount in line.taxes],
    }


def _details(line, money):
    """What was chosen on a line: halves, modifiers, and the parts of a combo with theirs."""
    for half in line.halves:
        yield {"kind": "half", "name": half["name"], "quantity": 1, "price": None}
    yield from _modifiers(line, money)
    for part in line.parts:
        yield {"kind": "part", "name": part.name, "quantity": 1, "price": None}
        yield from _modifiers(part, money)


def _modifiers(leaf, money):
    """Modifiers, priced only when each was charged: of a group with free choices it cannot be told which was."""
    prices = [modifier.price * modifier.quantity for modifier in leaf.modifiers]
    told = sum(prices) == leaf.unit_price - leaf.base_price
    for modifier, price in zip(leaf.modifiers, prices, strict=True):
        yield {
            "kind": "modifier",
            "name": modifier.name,
            "quantity": modifier.quantity,
            "price": money(price) if told and price else None,
        }


def _discount(discount, money):
    comp = discount.discount_uuid is None and discount.value_bp == 10_000
    return {"name": discount.name, "comp": comp, "amount": money(discount.amount)}


def _taxes_on_top(order, facts):
    """Whether prices on the menu are without tax."""
    rules = {rule.uuid: rule for rule in facts.taxes.values()}
    used = {uuid for line in order.active_lines for leaf in line.leaves for uuid, _rate, _amount in leaf.taxes}
    return any(uuid in rules and not rules[uuid].included for uuid in used)


def _totals(order, facts, money, on_top):
    """``subtotal`` − ``discount`` + ``service_charge`` + ``added_tax`` = ``total``; then what is on top."""
    subtotal = sum(_gross(line, facts.digits) for line in order.active_lines)
    service = (order.service.net if on_top else order.service.total) if order.service else 0
    amounts = {
        "subtotal": subtotal,
        "discount": order.discount,
        "service_charge": service,
        "added_tax": order.total - (subtotal - order.discount + service),
        "net": order.net,
        "tax": order.tax,
        "total": order.total,
        "tip": order.tip,
        "surcharge": order.surcharge,
        "rounding": order.rounding,
        "to_pay": order.charged,
        "paid": order.paid,
        "change": order.change,
        "refunded": order.refunded,
        "due": order.due,
        "cash_due": facts.cash_rounding.rounded(order.due) if facts.cash_rounding else order.due,
    }
    return {name: money(amount) for name, amount in amounts.items()}


def _payment(payment):
    """A payment as the guest sees it: what the card or the drawer was charged, the tip in it."""
    charged = payment["amount"]["amount"] + payment["tip"]["amount"] + payment["surcharge"]["amount"]
    return {
        "method": payment["method"],
        "charged": {**payment["amount"], "amount": charged},
        "tip": payment["tip"],
        "surcharge": payment["surcharge"],
        "tendered": payment["tendered"],
        "change": payment["change"],
        "refunded": payment["refunded"],
        "card": payment["card"],
        "reference": payment["provider"]["reference"],
        "at": payment["created_at"],
    }


def _tip_suggestions(order, house, kind, money):
    """On a bill: what a tip of each rate of its lines comes to, half a unit up."""
    if kind != "bill":
        return []
    name = "total" if house.tips_with_tax else "net"
    base = getattr(order, name) - (getattr(order.service, name) if order.service else 0)
    return [{"rate_bp": rate, "amount": money((2 * base * rate + 10_000) // 20_000)} for rate in house.tip_rates_bp]
