"""From what a till asks for to an order in memory: every id looked up, every rule checked.

Nothing here comes from the client but ids, quantities and texts. Each refusal names the field.
"""

from dataclasses import replace
from decimal import Decimal

from ..rest import Invalid, Problem, declare
from ..tools.identifiers import uuid7
from .allowance import may_alone
from .order import AppliedDiscount, Modifier, variant_line
from .pricing import combo_prices

declare(
    "unknown_item", 422, "Unknown item", "The menu has no such item.", "Read the menu again and offer what is on it."
)
declare(
    "item_unavailable",
    422,
    "Not available",
    "The item has run out.",
    "Read the menu again; take the item off the order.",
)
declare(
    "invalid_choice",
    422,
    "Choice not possible",
    "The modifiers or combo choices do not fit the product.",
    "Show the product's choices again; the menu gives their minimum and maximum.",
)
declare("too_many_lines", 422, "Too many lines", "The order is full.", "Begin another order.")
declare(
    "fixed_price",
    422,
    "Price is fixed",
    "The menu gives the item's price; a till cannot name another.",
    "Leave open_price out, or have the product allow an open price.",
)
declare(
    "discount_conflict",
    422,
    "Discounts exclude each other",
    "One of the discounts cannot be combined with another.",
    "Remove the other discount first.",
)
declare(
    "discount_limit",
    403,
    "Too much discount",
    "The discounts take off more of the order than this person may.",
    "Make the order without the discount, then add it with an approval of ``discount.override``.",
)

QUANTITY_MAX = Decimal(10_000)
LINES_MAX = 500


class Basket:
    """Builds lines and discounts of one order at one location."""

    def __init__(self, facts, identity, preset, moment, *, served=False):
        """``moment`` (naive UTC) decides on prices that change with the hour.

        What is ``served`` already is taken although it has run out since.
        """
        self.facts, self.identity, self.preset, self.moment = facts, identity, preset, moment
        self.served = served

    def line(self, wish, path):
        """The line for one ``LineShape``; ``path`` is its place in the request."""
        variant = self._variant(wish.variant_id, f"{path}.variant_id")
        quantity = self._quantity(wish.quantity, f"{path}.quantity")
        halves = self._halves(wish, variant, path) if wish.halves else ()
        variant = max(halves, key=self._price, default=variant)
        line = self._fresh(str(wish.id), variant, quantity)
        if halves:
            line.halves = [{"variant_id": half.uuid, "name": half.name} for half in halves]
            line.name = " / ".join(f"½ {half.name}" for half in halves)
        line.note, line.course, line.seat = wish.note, wish.course, wish.seat
        if wish.open_price is not None:
            self._set_open_price(line, variant, wish.open_price, f"{path}.open_price")
        if variant.combo:
            line.parts = self._parts(variant, wish, quantity, path)
        elif wish.combo:
            raise _refused("invalid_choice", f"{variant.name} is not a combo.", f"{path}.combo")
        self._choose(line, variant, wish.modifiers, f"{path}.modifiers")
        return line

    def discount(self, wish, path, lines, given):
        """The discount for one ``DiscountShape``, if the employee may give it beside those ``given``."""
        known = self.facts.discounts.get(str(wish.discount_id))
        if known is None:
            raise _refused("unknown_item", "There is no such discount.", f"{path}.discount_id")
        self.identity.require(known.permission)
        line_uuid = str(wish.line_id) if wish.line_id else None
        if (known.scope == "line") != (line_uuid is not None):
            raise _refused("invalid_choice", f"{known.name} is a discount of the {known.scope}.", f"{path}.line_id")
        if line_uuid and all(line.uuid != line_uuid for line in lines):
            raise _refused("unknown_item", "The order has no such line.", f"{path}.line_id")
        _check_exclusive(known, line_uuid, given, path)
        return AppliedDiscount(
            uuid=str(wish.id),
            discount_uuid=known.uuid,
            name=known.name,
            kind=known.kind,
            value_bp=known.value_bp,
            value=known.amount,
            line_uuid=line_uuid,
            reason=wish.reason,
            by=self.identity.employee_uuid,
            exclusive=known.exclusive,
        )

    def _halves(self, wish, variant, path):
        """The two dishes of a half-and-half: both allow it, and they are of one size."""
        halves = [self._variant(uuid, f"{path}.halves[{index}]") for index, uuid in enumerate(wish.halves)]
        if variant not in halves:
            raise _refused("invalid_choice", "The line's variant is one of its halves.", f"{path}.halves")
        if not all(half.halves and half.size == variant.size for half in halves):
            raise _refused("invalid_choice", "Halves are dishes of one size that may be halved.", f"{path}.halves")
        return halves

    def _price(self, variant):
        return self.facts.price_of(variant, self.preset, self.moment)

    def _variant(self, uuid, field):
        variant = self.facts.variants.get(str(uuid))
        if variant is None:
            raise _refused("unknown_item", "The menu has no such item.", field)
        if not variant.available and not self.served:
            raise _refused("item_unavailable", f"{variant.name} has run out.", field)
        return variant

    def _quantity(self, quantity, field):
        if not 0 < quantity <= QUANTITY_MAX:
            raise _refused("invalid_quantity", f"A quantity lies above 0 and up to {QUANTITY_MAX}.", field)
        return quantity

    def _fresh(self, uuid, variant, quantity):
        tax_ids = self.facts.taxes_of(variant.taxes, self.preset)
        return variant_line(uuid, variant, quantity, self._price(variant), tax_ids, self.facts.version)

    def _set_open_price(self, line, variant, money, field):
        """A price named at the till, only where the product and the employee allow it."""
        if not variant.open_price:
            raise _refused("fixed_price", f"{variant.name} has a fixed price.", field)
        self.identity.require("price.override")
        if money.currency != self.facts.currency or money.amount < 0:
            raise Invalid(f"A price is an amount of {self.facts.currency} from 0.", field=field)
        line.unit_price = line.base_price = money.amount

    def _choose(self, line, variant, wishes, field):
        """Put modifiers on the line; the cheapest ones are the free ones of a group.

        Modifiers add to the price of one piece.
        """
        wanted = {}
        for index, wish in enumerate(wishes):
            wanted[str(wish.modifier_id)] = wanted.get(str(wish.modifier_id), 0) + wish.quantity
            if all(str(wish.modifier_id) not in group.modifiers for group in variant.groups):
                raise _refused("unknown_item", f"{variant.name} has no such modifier.", f"{field}[{index}].modifier_id")
        for group in variant.groups:
            chosen = [(group.modifiers[uuid], count) for uuid, count in wanted.items() if uuid in group.modifiers]
            _check_count(group, sum(count for _modifier, count in chosen), variant, field)
            for modifier, count in chosen:
                if not modifier.available and not self.served:
                    raise _refused("item_unavailable", f"{modifier.name} has run out.", field)
                line.modifiers.append(Modifier(modifier.uuid, modifier.name, count, modifier.price))
            line.unit_price += _price_of(chosen, group.free)

    def rechosen(self, line, wishes, field):
        """A copy of ``line`` with other modifiers, priced by today's menu."""
        variant = self._variant(line.variant_uuid, field)
        fresh = replace(line, modifiers=[], unit_price=line.base_price)
        self._choose(fresh, variant, wishes, field)
        return fresh

    def _parts(self, variant, wish, quantity, path):
        """A combo's parts: exactly one item for each of its choices, in the menu's order."""
        wishes = {str(part.choice_id): (index, part) for index, part in enumerate(wish.combo)}
        if len(wishes) != len(wish.combo) or wishes.keys() != {choice.uuid for choice in variant.combo}:
            raise _refused("invalid_choice", f"{variant.name} needs one item for each choice.", f"{path}.combo")
        prices = combo_prices(self._price(variant), [choice.base_price for choice in variant.combo])
        return [
            self._part(choice, price, *wishes[choice.uuid], quantity, path)
            for choice, price in zip(variant.combo, prices, strict=True)
        ]

    def _part(self, choice, price, index, wish, quantity, path):
        field = f"{path}.combo[{index}]"
        item = choice.items.get(str(wish.variant_id))
        if item is None:
            raise _refused("invalid_choice", f"{choice.name} does not offer that.", f"{field}.variant_id")
        variant = self._variant(wish.variant_id, f"{field}.variant_id")
        part = self._fresh(uuid7(), variant, quantity)
        part.choice_uuid, part.combo_item_id = choice.uuid, item[0]
        part.unit_price = part.base_price = price + item[1]
        self._choose(part, variant, wish.modifiers, f"{field}.modifiers")
        return part


def over_discount_limit(order, facts):
    """What the discounts of a priced order take off when that is above the company's limit, else 0.

    What was given away line by line (comps) has its own permission and does not count.
    """
    before = order.total + order.discount
    given = sum(discount.amount for discount in order.discounts if discount.discount_uuid)
    return given if given * 10_000 > before * facts.discount_limit_bp else 0


def check_discount_limit(order, facts, identity):
    """Refuse a priced order on which more is taken off than this employee may alone."""
    given = over_discount_limit(order, facts)
    policies = facts.approval_policies
    if given and not may_alone("discount.override", given, identity.role, identity.permissions, policies):
        raise Problem(
            "discount_limit",
            f"Together the discounts take off more than {facts.discount_limit_bp / 100:g} % of the order.",
            limit_bp=facts.discount_limit_bp,
        )


def _check_exclusive(known, line_uuid, given, path):
    """An exclusive discount stands alone on its order or line."""
    beside = [discount for discount in given if discount.line_uuid == line_uuid]
    if beside and (known.exclusive or any(discount.exclusive for discount in beside)):
        raise _refused("discount_conflict", f"{known.name} cannot be combined with another discount.", path)


def _check_count(group, count, variant, field):
    if count < group.min or (group.max and count > group.max):
        limit = f"at least {group.min}" if count < group.min else f"at most {group.max}"
        raise _refused("invalid_choice", f"{variant.name}: choose {limit} of {group.name}.", field)


def _price_of(chosen, free):
    """What the chosen modifiers of one group cost on one piece, after the group's free ones."""
    prices = sorted(modifier.price for modifier, count in chosen for _ in range(count))
    return sum(prices[free:])


def _refused(code, detail, field):
    return Invalid(detail, code=code, field=field)
