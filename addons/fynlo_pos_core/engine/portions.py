"""Portions: how much of what is counted or kept in stock an order takes, and whether there is enough.

An order holds its portions from the moment it names them: what is on a bill is promised to a guest,
long before it is paid. What was sent to the kitchen and voided afterwards stays held, as it is eaten
or thrown away.
"""

from collections import defaultdict
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..rest import Problem

#: Kinds of what an order can hold. A countdown is a manager's word and always binds.
COUNT, STOCK = "count", "stock"
HALF, NOTHING = Decimal("0.5"), Decimal(0)


def held(order, facts):
    """What ``order`` holds: thing → amount, for things that its location counts."""
    amounts = defaultdict(Decimal)
    for line in order.lines:
        for leaf in (line, *line.parts):
            pieces = leaf.wasted + (leaf.quantity if leaf.active and order.state != "cancelled" else NOTHING)
            for thing, share in _things(leaf, facts):
                amounts[thing] += pieces * share
    return {thing: _whole(thing, amount) for thing, amount in amounts.items() if amount}


def _things(leaf, facts):
    """What one piece of a line or combo part takes. Stock moves by the booked dish, portions by each half."""
    dishes = [(half["variant_id"], HALF) for half in leaf.halves] or [(leaf.variant_uuid, 1)]
    for uuid, share in dishes:
        yield from ((thing, per * share) for thing, per in facts.uses.get(uuid, ()) if thing.kind == COUNT)
    yield from ((thing, per) for thing, per in facts.uses.get(leaf.variant_uuid, ()) if thing.kind == STOCK)
    for modifier in leaf.modifiers:
        yield from ((thing, per * modifier.quantity) for thing, per in facts.uses.get(modifier.uuid, ()))


def _whole(thing, amount):
    """Portions are counted in whole numbers: half a pizza takes one."""
    return amount.to_integral_value(ROUND_CEILING) if thing.kind == COUNT else amount


class Portions:
    """The portions of one order while it is made or edited, and what there is of them."""

    def __init__(self, facts, before, left, countdowns):
        """``left``: thing → what there is beyond ``before``, which the order holds already.

        ``countdowns`` are the locked rows behind things of the kind ``COUNT``, by id.
        """
        self.facts, self.countdowns = facts, countdowns
        self.before = self.now = before
        self.limits = {thing: amount + before.get(thing, NOTHING) for thing, amount in left.items()}

    def hold(self, order, *, served=False):
        """Take what ``order`` holds now. Raises ``item_unavailable`` when it asks for more than there is.

        What is ``served`` already is taken even then: it cannot be brought back.
        """
        wanted = held(order, self.facts)
        if not served:
            for thing, amount in wanted.items():
                if self._binds(thing) and amount > max(self.limits.get(thing, amount), self.now.get(thing, NOTHING)):
                    raise self._refusal(thing)
        self.now = wanted

    def changes(self):
        """Thing → how much more the order holds than before; less is negative."""
        things = {**self.before, **self.now}
        changes = {thing: self.now.get(thing, NOTHING) - self.before.get(thing, NOTHING) for thing in things}
        return {thing: change for thing, change in changes.items() if change and thing in self.limits}

    def left(self, thing):
        """What is left beside what the order holds now; below zero when more was promised than there is."""
        return self.limits[thing] - self.now.get(thing, NOTHING)

    def shortages(self):
        """What the order holds beyond what there is, as stored with it."""
        return [thing.stored(-self.left(thing)) for thing in self.now if thing in self.limits and self.left(thing) < 0]

    def _binds(self, thing):
        return thing.kind == COUNT or self.facts.stock_policy == "refuse"

    def _refusal(self, thing):
        left = max(self.limits[thing] - self.now.get(thing, NOTHING), NOTHING).to_integral_value(ROUND_FLOOR)
        detail = f"Only {left} of {thing.name} can still be had." if left else f"{thing.name} has run out."
        return Problem("item_unavailable", detail, left=int(left), **thing.ids())
