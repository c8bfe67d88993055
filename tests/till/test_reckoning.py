"""The reckoning finds every kind of disagreement, and none where there is none."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.lunch.counter import Counter, Sale
from scripts.lunch.reckoning import Reckoning, reckon
from scripts.lunch.tally import Tally
from scripts.till.answer import Answer
from scripts.till.event import Event

BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)


def document(**changes: Any) -> dict[str, Any]:
    """A completed order of £10 as the server answers it."""
    money = {"amount": 1000, "currency": "GBP"}
    totals = {"subtotal": 800, "tax": 200, "total": 1000, "paid": 1000, "due": 0}
    order = {
        "id": "o1",
        "number": "T1-000001",
        "state": "completed",
        "device_id": "d1",
        "created_at": "2026-11-22T12:30:00Z",
        "totals": {name: {"amount": amount, "currency": "GBP"} for name, amount in totals.items()},
        "payments": [{"id": "p1", "method": "cash", "state": "captured", "amount": money}],
        "lines": [{"total": money}],
    }
    return {**order, **changes}


def heard(*offsets: int) -> list[Event]:
    """The order's two events at the given offsets, more of the last where there are more."""
    kinds = ["order.created", "order.completed"]
    return [
        Event(
            "l.1.orders",
            offset,
            f"e{offset}",
            kinds[min(place, 1)] if place < 2 else "order.updated",
            "",
            {"id": "o1"},
            0,
        )
        for place, offset in enumerate(offsets)
    ]


async def reckoned(
    served: list[dict[str, Any]],
    events: list[Event],
    unsettled: int = 0,
    losses: int = 0,
    charged: dict[str, int] | None = None,
    **sale: Any,
) -> Reckoning:
    """The reckoning of one till that sold the order."""

    async def read(_path: str) -> Answer:
        return Answer(200, {}, {"items": served, "next_cursor": None})

    writes = [SimpleNamespace(path="/orders")] * unsettled
    till = SimpleNamespace(
        name="Soho 1",
        stream=SimpleNamespace(losses=losses),
        location_id="1",
        api=SimpleNamespace(read=read),
        sign_in=SimpleNamespace(device={"id": "d1"}),
        journal=SimpleNamespace(unsettled=lambda: writes),
    )
    believed = Sale(**{"order_id": "o1", "number": "T1-000001", "total": 1000, "step": "completed", **sale})
    counter = Counter(till, "Sam", Tally(), sales=[believed], heard=events)  # type: ignore[arg-type]
    return await reckon([counter], BEGAN, charged)


@pytest.mark.asyncio
async def test_agreement() -> None:
    result = await reckoned([document(), document(id="old", device_id="other")], heard(5, 6, 7))
    assert result.disagreements == []
    assert (result.orders, result.payments, result.takings, result.events) == (1, 1, 1000, 3)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("served", "events", "sale", "words"),
    [
        ([], heard(1, 2), {}, "is not at the server"),
        ([document(), document()], heard(1, 2), {}, "2 orders have the id o1"),
        ([document(), document(id="o2", payments=[])], heard(1, 2), {}, "2 orders have the number"),
        ([document(), document(id="o2", number="T1-000002")], heard(1, 2), {}, "no till made it"),
        ([document(state="open")], heard(1, 2), {}, "completed at the till and open at the server"),
        ([document()], heard(1, 2), {"total": 999}, "the till believes 999, the server 1000"),
        ([document()], heard(1, 2), {"step": "paid"}, "got no further than paid"),
        ([document(payments=[])], heard(1, 2), {}, "payments 0"),
        ([document(lines=[])], heard(1, 2), {}, "its lines add up to 0"),
        ([document()], heard(1, 3), {}, "with a gap or out of order: 1 then 3"),
        ([document()], heard(2, 1), {}, "with a gap or out of order: 2 then 1"),
        ([document()], [*heard(1, 2), heard(1)[0]], {}, "heard the event e1 2 times"),
        ([document()], heard(1), {}, "did not hear order.completed exactly once of o1"),
    ],
)
async def test_disagreements(served: Any, events: Any, sale: Any, words: str) -> None:
    result = await reckoned(served, events, **sale)
    assert not result.agrees
    assert any(words in sentence for sentence in result.disagreements), result.disagreements


@pytest.mark.asyncio
async def test_unanswered_write() -> None:
    result = await reckoned([document()], heard(1, 2), unsettled=1)
    assert result.disagreements == ["Soho 1: /orders is still unanswered"]


@pytest.mark.asyncio
async def test_loss_that_was_told() -> None:
    result = await reckoned([document()], heard(1, 2), losses=2)
    assert result.disagreements == ["Soho 1 was told 2 times that events could not be replayed; it read by REST"]


CARD = {"id": "p1", "method": "stripe", "state": "captured", "amount": {"amount": 1000, "currency": "GBP"}}


@pytest.mark.asyncio
async def test_cards_are_charged_what_their_orders_say() -> None:
    result = await reckoned([document(payments=[CARD])], heard(1, 2), charged={"o1": 1000, "another day": 5})
    assert result.disagreements == []
    assert result.by_card == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("payments", "charged", "words"),
    [
        ([CARD], {}, "1000 paid by card, but cards were charged 0"),
        ([CARD], {"o1": 2000}, "1000 paid by card, but cards were charged 2000"),
        (document()["payments"], {"o1": 1000}, "0 paid by card, but cards were charged 1000"),
    ],
)
async def test_charges_that_differ(payments: Any, charged: dict[str, int], words: str) -> None:
    result = await reckoned([document(payments=payments)], heard(1, 2), charged=charged)
    assert any(words in sentence for sentence in result.disagreements), result.disagreements
