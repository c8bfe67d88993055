"""Putting bills together: every line of some orders goes to one of them, and costs what it did.

A discount of an order stays with the lines it was given on. Bills that were split from one order
and are put together again have its discount as one again.
"""

from dataclasses import replace

from ..rest import Problem, declare
from .basket import LINES_MAX
from .bill_balance import Kept, balance
from .bill_parting import carry_stamps
from .order import Order
from .pricing import is_charged

declare(
    "merge_paid_order",
    409,
    "Money was taken on it",
    "An order on which money was taken cannot be merged into another one.",
    "Merge the other orders into it instead, or give the money back first.",
)
declare(
    "orders_differ",
    409,
    "Orders differ too much",
    "The orders are served in different ways, or one owes a service charge and the other does not.",
    "Make preset and service charge of the orders the same, then merge.",
)


class Merging:
    """Merges ``sources`` into ``target`` in memory, then prices it so that it costs what they all did."""

    def __init__(self, target: Order, sources: list[Order], facts):
        self.target, self.sources, self.facts = target, sources, facts
        self.orders = [target, *sources]

    def merge(self, odoo_taxes) -> Order:
        """Raises ``merge_paid_order``, ``orders_differ``, ``too_many_lines``."""
        self._check()
        service = sum(order.service.total for order in self.orders if order.service)
        kept = self._merged_discounts()
        self._share_service()
        for source in self.sources:
            self._take_header(source)
            self._take_lines(source)
        balance([self.target], kept, service, self.facts, odoo_taxes)
        balance(self.sources, [], 0, self.facts, odoo_taxes)
        return self.target

    def _check(self):
        for source in self.sources:
            if source.paid or source.payments:
                raise Problem("merge_paid_order", f"Money was taken on order {source.number}.")
        if len({order.preset_id for order in self.orders}) > 1:
            raise Problem("orders_differ", "The orders are served in different ways.")
        if len({self._charge(order) for order in self.orders}) > 1:
            raise Problem("orders_differ", "The service charges of the orders differ.")
        if not self.facts.service_charge and any(order.service and order.service.total for order in self.sources):
            raise Problem("orders_differ", "The location no longer has the service charge that was charged.")
        if sum(len(order.lines) for order in self.orders) > LINES_MAX:
            raise Problem("too_many_lines", f"An order has at most {LINES_MAX} lines.")

    def _charge(self, order):
        """The rate of the order's service charge; 0 when it owes none."""
        return order.service.rate_bp if is_charged(order, self.facts.service_charge) else 0

    def _share_service(self):
        """Whether the charge is owed stays as it was, though the party grows."""
        party = max(order.party for order in self.orders)
        if self.target.service:
            self.target.service = replace(self.target.service, party=party, rounding=0)

    def _take_header(self, source):
        target = self.target
        target.guests += source.guests
        target.tip, source.tip = target.tip + source.tip, 0
        if source.note and source.note not in target.note:
            target.note = f"{target.note}\n{source.note}".strip()
        if target.customer_id is None:
            target.customer_id, target.customer = source.customer_id, source.customer
        for number, course in source.courses.items():
            target.courses.setdefault(number, course)

    def _take_lines(self, source):
        for line in source.lines:
            carry_stamps(line, source, self.target, self.target.version + 1)
        self.target.lines += source.lines
        source.lines, source.discounts, source.shares = [], [], None

    def _merged_discounts(self):
        """The discounts of all orders; those of one id and kind are one again."""
        given = {}
        for order in self.orders:
            for discount in order.discounts:
                given.setdefault(_kind(discount), []).append((order, discount))
        merged, kept = [], []
        for holders in given.values():
            discount = self._one_of(holders)
            merged.append(discount)
            kept.append(Kept(sum(one.amount for _order, one in holders), [discount]))
        self.target.discounts = merged
        return sorted(kept, key=lambda one: one.shares[0].line_uuid is None)

    def _one_of(self, holders):
        _order, discount = holders[0]
        if discount.line_uuid:
            return discount
        whole = len(holders) == len(self.orders) and all(one.line_uuids is None for _order, one in holders)
        lines = [uuid for order, one in holders for uuid in _lines_of(order, one)]
        value = sum(one.value for _order, one in holders)
        return replace(discount, value=value, line_uuids=None if whole else lines, rounding=0)


def _kind(discount):
    return discount.uuid, discount.discount_uuid, discount.kind, discount.value_bp, discount.line_uuid


def _lines_of(order, discount):
    return [line.uuid for line in order.lines] if discount.line_uuids is None else discount.line_uuids
