"""Odoo's tax arithmetic for plain taxes, step by step in the same floats.

Closing a till session computes every tax again from price, quantity and discount, and a half
penny that is rounded the other way there would leave the session's journal entry unbalanced. So
this mirrors the float steps of ``account.tax`` (``addons/account/models/account_tax.py``,
``_get_tax_details`` and ``_round_base_lines_tax_details``) instead of computing exactly.

Covered: percent, fixed and division taxes, included or excluded, on top of each other. Anything
else (groups, Python code, reverse charge, cash basis) has no :class:`TaxRule`; see
``engine/pricing.py`` for what happens then. ``tests/test_tax_mirror.py`` compares both over
thousands of random baskets.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

MIRRORED_KINDS = frozenset({"percent", "fixed", "division"})


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One ``account.tax``. ``rate`` is Odoo's ``amount``: a percentage, or major units when fixed."""

    id: int
    uuid: str
    kind: str
    rate: float
    included: bool
    raises_base: bool = False
    base_affected: bool = True
    sequence: int = 1

    @property
    def rate_bp(self) -> int:
        """The rate in basis points, for the wire; a fixed tax has none."""
        return round(self.rate * 100) if self.kind != "fixed" else 0


@dataclass(frozen=True, slots=True)
class TaxedAmount:
    """A line's amounts in minor units; ``by_tax`` follows the order of ``plan.rules``."""

    excluded: int
    included: int
    by_tax: tuple[tuple[TaxRule, int], ...]


def round_minor(amount: float, digits: int) -> int:
    """``odoo.tools.float_round`` to the currency, as a whole number: half away from zero with
    Odoo's epsilon (2 to the power of the exponent minus 50)."""
    if amount == 0:
        return 0
    scaled = amount * 10.0**digits
    scaled += math.copysign(2.0 ** (math.log2(abs(scaled)) - 50), scaled)
    return int(math.copysign(math.floor(abs(scaled) + 0.5), scaled))


@dataclass(slots=True)
class TaxPlan:
    """What can be known of a set of taxes before any price is: their order and their batches.

    A batch is a run of taxes that share one base; ``before``/``after`` name the taxes whose base
    a tax may change.
    """

    rules: list[TaxRule]
    batch: list[list[int]] = field(default_factory=list)
    before: list[list[int]] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Iterable[TaxRule]) -> "TaxPlan":
        plan = cls(sorted(rules, key=lambda rule: (rule.sequence, rule.id)))
        plan.batch = _batches(plan.rules)
        count = range(len(plan.rules))
        plan.before = [[other for other in count if other < min(plan.batch[i])] for i in count]
        plan.after = [[other for other in reversed(count) if other > max(plan.batch[i])] for i in count]
        return plan

    def batch_rate(self, index: int) -> float:
        return sum(self.rules[member].rate for member in self.batch[index]) / 100.0


def _batches(rules: Sequence[TaxRule]) -> list[list[int]]:
    """For each tax the indexes of its batch, found from the last tax to the first as Odoo does."""
    found: list[list[int]] = [[] for _ in rules]
    batch: list[int] = []
    affected = False
    for index in range(len(rules) - 1, -1, -1):
        rule = rules[index]
        if batch and not _joins(rule, rules[batch[0]], affected):
            for member in batch:
                found[member] = batch
            batch = []
        affected = rule.base_affected
        batch.append(index)
    for member in batch:
        found[member] = batch
    return found


def _joins(rule: TaxRule, head: TaxRule, affected: bool) -> bool:
    same = (rule.kind, rule.included, rule.raises_base) == (head.kind, head.included, head.raises_base)
    return same and (not rule.raises_base or not affected)


@lru_cache(maxsize=4096)
def plan_for(rules: tuple[TaxRule, ...]) -> TaxPlan:
    """The plan of a set of taxes, computed once a process."""
    return TaxPlan.of(rules)


def tax_line(price: float, quantity: float, discount: float, rules: tuple[TaxRule, ...], digits: int) -> TaxedAmount:
    """Tax one line when the company rounds per line.

    ``price`` in major units with included taxes in it, ``discount`` in percent.
    """
    plan = plan_for(rules)
    raw = round_minor(quantity * (price * (1 - (discount / 100.0))), digits) / 10.0**digits
    if not plan.rules:
        whole = round_minor(raw, digits)
        return TaxedAmount(whole, whole, ())
    amounts, excluded = _Evaluation(plan, raw, quantity, price < 0, digits).run()
    by_tax = tuple((rule, round_minor(amount, digits)) for rule, amount in zip(plan.rules, amounts, strict=True))
    return TaxedAmount(round_minor(excluded, digits), round_minor(excluded + sum(amounts), digits), by_tax)


class _Evaluation:
    """One pass of ``_get_tax_details``: fixed taxes, then included ones, then the others."""

    def __init__(self, plan: TaxPlan, raw: float, quantity: float, negative: bool, digits: int) -> None:
        self.plan, self.raw, self.quantity, self.negative, self.digits = plan, raw, quantity, negative, digits
        count = len(plan.rules)
        self.amounts: list[float | None] = [None] * count
        self.extra_for_tax = [0.0] * count
        self.extra_for_base = [0.0] * count

    def run(self) -> tuple[list[float], float]:
        """The amount of each tax and the base without tax."""
        rules = self.plan.rules
        backwards = range(len(rules) - 1, -1, -1)
        for index in backwards:
            if rules[index].kind == "fixed":
                self._put(index, (-1 if self.negative else 1) * self.quantity * rules[index].rate)
        for index in backwards:
            if rules[index].included and self.amounts[index] is None:
                self._put(index, self._included(index))
        for index in range(len(rules)):
            if self.amounts[index] is None:
                self._put(index, self._excluded(index))
        amounts = [amount for amount in self.amounts if amount is not None]
        excluded = self.raw + self.extra_for_base[0]
        if rules[0].included:
            excluded -= sum(amounts[member] for member in self.plan.batch[0])
        return amounts, excluded

    def _included(self, index: int) -> float:
        rule, base = self.plan.rules[index], self.raw + self.extra_for_tax[index]
        if rule.kind == "division":
            return base * rule.rate / 100.0
        rate = self.plan.batch_rate(index)
        to_base = 1 / (1 + rate) if rate != -1 else 0.0
        return base * to_base * rule.rate / 100.0

    def _excluded(self, index: int) -> float:
        rule, base = self.plan.rules[index], self.raw + self.extra_for_tax[index]
        if rule.kind == "percent":
            return base * rule.rate / 100.0
        rate = self.plan.batch_rate(index)
        return base * rule.rate / 100.0 / (1.0 if rate == 1.0 else 1 - rate)

    def _put(self, index: int, amount: float) -> None:
        """Fix a tax's amount and tell the taxes whose base it changes."""
        amount = round_minor(amount, self.digits) / 10.0**self.digits
        self.amounts[index] = amount
        rule, rules = self.plan.rules[index], self.plan.rules
        if rule.included:
            for other in self.plan.after[index]:
                if not rule.raises_base or not rules[other].base_affected:
                    self._shift(other, -amount)
            for other in self.plan.before[index]:
                self._shift(other, -amount)
        elif rule.raises_base:
            for other in self.plan.after[index]:
                if rules[other].base_affected:
                    self._shift(other, amount)

    def _shift(self, index: int, amount: float) -> None:
        if self.amounts[index] is None:
            self.extra_for_tax[index] += amount
        self.extra_for_base[index] += amount
