"""A verdict that could not be bad would be worth nothing: each thing that may go wrong is seen."""

import random
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests.chaos.crew import Answered
from loadtests.chaos.ledger import Applied, Ledger
from loadtests.chaos.recovery import recoveries, rows
from loadtests.chaos.seller import Sale
from loadtests.chaos.verdict import Hearing, Sent, check_books, has_everything, hear
from loadtests.chaos.villain import Struck, Villain
from scripts.till.event import Event, Place

TOPIC = "l.1.orders"
SENT = [Applied(offset, f"e{offset}") for offset in range(1, 6)]


class Feed:
    """A change feed that has what it is given, or is gone."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items

    async def end(self) -> int:
        return 0

    async def since(self, mark: object) -> SimpleNamespace | None:
        return SimpleNamespace(items=self.items, mark=mark) if self.items else None


def ledger(*offsets: int, began: int = 1) -> Ledger:
    """A till that began to follow at an offset and applied these."""
    kept = Ledger(Feed())  # type: ignore[arg-type]
    kept.began[TOPIC] = Place("e", began)
    for offset in offsets:
        kept.apply(Event(TOPIC, offset, f"e{offset}", "t", "", {}, heard_at=float(offset)), "e")
    return kept


@pytest.mark.parametrize(
    ("offsets", "verdict"),
    [
        ((2, 3, 4, 5), Hearing(deliveries=4)),
        ((2, 4, 5), Hearing(deliveries=3, lost=1)),
        ((), Hearing(lost=4)),
        ((2, 3, 3, 4, 5), Hearing(deliveries=5, doubled=1, disordered=1)),
        ((2, 4, 3, 5), Hearing(deliveries=4, disordered=1)),
        ((2, 3, 4, 5, 6), Hearing(deliveries=5, invented=1)),
    ],
)
def test_what_was_heard(offsets: tuple[int, ...], verdict: Hearing) -> None:
    assert hear([ledger(*offsets)], {TOPIC: SENT}) == verdict


def test_event_of_another_past_at_a_right_place_is_lost_and_invented() -> None:
    kept = ledger(2, 3, 4)
    kept.apply(Event(TOPIC, 5, "other", "t", "", {}, 0), "e")
    assert hear([kept], {TOPIC: SENT}) == Hearing(deliveries=4, lost=1, invented=1)


@pytest.mark.asyncio
async def test_what_the_stream_could_not_tell_counts_when_it_was_read_and_is_lost_when_it_was_not() -> None:
    change = {"topic": TOPIC, "event_id": "e3"}
    for feed, verdict in (
        (Feed(change), Hearing(deliveries=3, read_by_rest=1)),
        (Feed(), Hearing(deliveries=3, lost=1, fresh_starts=1)),
    ):
        kept = Ledger(feed)  # type: ignore[arg-type]
        await kept.restore(TOPIC, Place("e", 1))
        kept.apply(Event(TOPIC, 2, "e2", "t", "", {}, 0), "e")
        await kept.restore(TOPIC, Place("f", 3))
        for offset in (4, 5):
            kept.apply(Event(TOPIC, offset, f"e{offset}", "t", "", {}, 0), "f")
        assert hear([kept], {TOPIC: SENT}) == verdict


def test_till_has_everything_when_it_stands_at_the_end_of_every_topic() -> None:
    sent = Sent({TOPIC: SENT}, {})
    assert has_everything(ledger(5), sent)
    assert not has_everything(ledger(4), sent)
    assert has_everything(ledger(1), Sent({}, {}))


ROWS = {
    "right": (["a|done|500|1|500"], []),
    "gone": ([], ["order a was acknowledged and is gone", "the tills took 500, the database has 0"]),
    "twice": (["a|done|500|1|500"] * 2, ["order a is there 2 times", "the tills took 500, the database has 1000"]),
    "unknown": (["a|done|500|1|500", "b|draft|300|0|0"], ["order b is there, but no till made it"]),
    "paid twice": (
        ["a|done|500|2|1000"],
        ["order a: 500 in 2 payments of 1000, the till knows 500", "the tills took 500, the database has 1000"],
    ),
    "another total": (
        ["a|done|499|1|499"],
        ["order a: 499 in 1 payments of 499, the till knows 500", "the tills took 500, the database has 499"],
    ),
    "open": (["a|draft|500|1|500"], ["order a was completed and is draft"]),
}


@pytest.mark.parametrize(("found", "faults"), ROWS.values(), ids=ROWS)
def test_books(found: list[str], faults: list[str]) -> None:
    sales = {"a": Sale("a", 500, is_paid=True)}
    device: Any = SimpleNamespace(id="d")
    assert check_books(lambda _query: "\n".join(found), [device], sales).faults == faults


def test_recovery_ends_with_the_last_till_and_with_a_sale_sent_after_the_blow() -> None:
    one, other = ledger(2, 3), ledger(2, 3)
    other.known_at["e3"] = 9.0
    written = {"e2": 1.0, "e3": 2.5}
    writes = [Answered(sent_at=1.9, answered_at=2.2), Answered(sent_at=2.1, answered_at=4.0)]
    blows = [Struck(("relay",), 2.0), Struck(("relay",), 50.0)]
    first, late = recoveries(blows, writes, [one, other], written)
    assert (first.sales_s, first.events_s) == (2.0, 7.0)
    assert (late.sales_s, late.events_s) == (None, None)
    assert rows([first, late]) == [["relay", "2", "2.0", "2.0", "7.0", "7.0"]]


@pytest.mark.asyncio
async def test_villain_strikes_everything_before_he_stops_and_knows_what_was_down() -> None:
    said: list[str] = []
    blows = {"relay": lambda: True, "gateway": lambda: True, "redis": lambda: len(said) > 5}
    villain = Villain(blows, (0.0, 0.001), random.Random(3), said.append)
    await villain.strike_until(0.0)
    assert {name for struck in villain.struck for name in struck.targets} == set(blows)
    assert "redis is down already" in said
