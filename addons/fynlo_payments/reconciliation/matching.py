"""The match of one day: facts of the ledger with movements of the provider, one by one, never sum by sum.

Two mistakes of the same size would hide each other in a sum.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

#: Kind of a movement → kind of the fact that the ledger must have of it.
FACT_OF = {
    "charge": "capture",
    "release": "capture",
    "refund": "refund",
    "refund_failed": "refund_failed",
    "dispute": "dispute",
}
#: Movements that add to others of the same fact: what was not captured; what banks held, and gave back again.
ADDING = frozenset({"release", "dispute"})
DIFFERENCE_KINDS = (
    "missing_at_provider",
    "missing_here",
    "amount_differs",
    "fee_differs",
    "duplicate",
    "wrong_currency",
    "unbooked_order",
)


class Subject(NamedTuple):
    """What happened to which money: kind of fact, payment and refund (0 when it is none)."""

    kind: str
    payment: int
    refund: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the ledger. ``amount`` is what the tender's account received, ``due`` what of it orders must show.

    ``booked`` is what they show. ``platform_fee`` is what Fynlo earned by it, ``None`` where that is not known.
    """

    subject: Subject
    amount: int
    currency: str
    due: int
    booked: int
    platform_fee: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement at the provider in the guest's currency. Without ``subject`` it belongs to nothing of ours."""

    id: int
    kind: str
    amount: int
    currency: str
    platform_fee: int = 0
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A difference. ``expected`` is what we have, ``found`` what the provider (or the order) has, in minor units."""

    kind: str
    expected: int
    found: int
    subject: Subject | None = None
    movement: int | None = None

    @property
    def key(self) -> str:
        """Tells the differences of a day apart; the same for the same difference in every run."""
        if self.kind in ("missing_here", "duplicate"):
            return f"{self.kind}:movement:{self.movement}"
        assert self.subject is not None  # noqa: S101 - our own invariant: all other kinds are about a fact
        return f"{self.kind}:{self.subject.kind}:{self.subject.payment}:{self.subject.refund}"


def came_to_nothing(facts: Iterable[Subject], moved: Iterable[tuple[Subject, int]]) -> set[tuple[int, int]]:
    """Payment and refund of refunds that a provider undid before they counted here: they moved out and in again.

    ``facts`` and ``moved`` (with its amount) are all there is of these refunds, on whichever day.
    """
    sums: dict[tuple[int, int], int] = {}
    for subject, amount in moved:
        if subject.refund:
            key = (subject.payment, subject.refund)
            sums[key] = sums.get(key, 0) + amount
    counted = {(subject.payment, subject.refund) for subject in facts}
    return {key for key, amount in sums.items() if amount == 0 and key not in counted}


def match(facts: Iterable[Fact], moved: Iterable[Moved], settled: bool = True) -> list[Found]:
    """Every difference between the facts and the movements of a day, these in the order in which they happened.

    ``settled`` is false for money that no provider reports of (cash, gift cards): then only the
    ledger and the orders are compared.
    """
    by_subject = {fact.subject: fact for fact in facts}
    found = [difference for fact in by_subject.values() for difference in _unbooked(fact)]
    if settled:
        found += _against_provider(by_subject, list(moved))
    return found


def _against_provider(facts: dict[Subject, Fact], moved: list[Moved]) -> Iterator[Found]:
    known = sorted((one for one in moved if one.subject), key=lambda one: one.subject)
    groups = {subject: list(group) for subject, group in groupby(known, lambda one: one.subject)}
    for one in moved:
        if one.subject is None:
            yield Found("missing_here", 0, one.amount, movement=one.id)
    for subject, group in groups.items():
        if subject and subject in facts:
            yield from _compare(facts[subject], group)
        else:
            yield from (Found("missing_here", 0, one.amount, subject, one.id) for one in group)
    for subject, fact in facts.items():
        if subject not in groups:
            yield Found("missing_at_provider", fact.amount, 0, subject)


def _compare(fact: Fact, group: list[Moved]) -> Iterator[Found]:
    """One fact and all movements of it: the first counts, others should not be there unless they add to it."""
    first, *others = [one for one in group if one.kind not in ADDING] or group
    for other in others:
        if other.kind not in ADDING:
            yield Found("duplicate", 0, other.amount, fact.subject, other.id)
    amount = first.amount + sum(one.amount for one in group if one.kind in ADDING and one is not first)
    if any(one.currency != fact.currency for one in group):
        yield Found("wrong_currency", fact.amount, amount, fact.subject, first.id)
    elif amount != fact.amount:
        yield Found("amount_differs", fact.amount, amount, fact.subject, first.id)
    if fact.platform_fee is not None and fact.platform_fee != first.platform_fee:
        yield Found("fee_differs", fact.platform_fee, first.platform_fee, fact.subject, first.id)


def _unbooked(fact: Fact) -> Iterator[Found]:
    if fact.due != fact.booked:
        yield Found("unbooked_order", fact.due, fact.booked, fact.subject)
