"""How long after each blow sales and events went on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtests.chaos.crew import Answered
from loadtests.chaos.ledger import Ledger
from loadtests.chaos.villain import Struck
from loadtests.figures import median


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds until a sale made after the blow was answered, and until an event written after it was at every till."""

    blow: Struck
    sales_s: float | None
    events_s: float | None


def recoveries(
    blows: Iterable[Struck],
    writes: Sequence[Answered],
    ledgers: Sequence[Ledger],
    written_at: Mapping[str, float],
) -> list[Recovery]:
    """For every blow; None where nothing came after it any more."""
    complete = _known_everywhere(ledgers)
    answered = sorted((write.answered_at, write.sent_at) for write in writes)
    found = []
    for blow in blows:
        sold = next((done - blow.at for done, sent in answered if sent >= blow.at), None)
        arrivals = [known for event, known in complete.items() if written_at.get(event, 0.0) >= blow.at]
        found.append(Recovery(blow, sold, min(arrivals) - blow.at if arrivals else None))
    return found


def _known_everywhere(ledgers: Sequence[Ledger]) -> dict[str, float]:
    """When the last till learnt of each event that all of them know."""
    common = set(ledgers[0].known_at).intersection(*(ledger.known_at for ledger in ledgers[1:]))
    return {event: max(ledger.known_at[event] for ledger in ledgers) for event in common}


def rows(found: Sequence[Recovery]) -> list[list[str]]:
    """A line for each kind of blow."""
    names = sorted({recovery.blow.name for recovery in found}, key=lambda name: (" + " in name, name))
    return [_row(name, [recovery for recovery in found if recovery.blow.name == name]) for name in names]


def _row(name: str, found: Sequence[Recovery]) -> list[str]:
    sales = [recovery.sales_s for recovery in found if recovery.sales_s is not None]
    events = [recovery.events_s for recovery in found if recovery.events_s is not None]
    return [name, str(len(found)), *(_seconds(values, pick) for values in (sales, events) for pick in (median, max))]


def _seconds(values: Sequence[float], pick: object) -> str:
    return f"{pick(values):.1f}" if values and callable(pick) else "–"
