"""The copy and its place in the events are kept together; what ran out is struck off at once."""

import asyncio

import pytest

from scripts.till.answer import Answer
from scripts.till.event import Event, Place
from scripts.till.location_copy import LocationCopy
from scripts.till.store import Store

from .test_basket import change, document


class MenuApi:
    """Answers the menu when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def read(self, _path: str, etag: str | None = None) -> Answer:
        self.asked += 1
        answer = Answer(200, {"ETag": f'"{self.asked}"'}, document())
        await self.go.wait()
        return answer


def event(offset: int, kind: str, data: dict[str, object], topic: str = "orders") -> Event:
    return Event(f"l.1.{topic}", offset, f"e{offset}", kind, "2026-11-22T19:00:00.000Z", data, 0)


def test_transaction_keeps_all_or_nothing(tmp_path) -> None:
    store = Store(tmp_path / "till.sqlite")
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.keep(one=1)
        _ = 1 / 0
    assert store.recall("one") is None
    with store.transaction():
        store.keep(one=1, two=[2])
    store.close()
    again = Store(tmp_path / "till.sqlite")
    assert (again.recall("one"), again.recall("two")) == (1, [2])


def test_event_that_cannot_be_applied_does_not_move_the_place() -> None:
    copy = LocationCopy(None, Store(":memory:"))  # type: ignore[arg-type]
    copy.apply(event(1, "order.created", {"id": "o", "version": 1}), "e1")
    with pytest.raises(KeyError):
        copy.apply(event(2, "order.updated", {"id": "o"}), "e1")
    assert copy.place("l.1.orders") == Place("e1", 1)


def test_older_version_never_replaces_a_newer_one() -> None:
    copy = LocationCopy(None, Store(":memory:"))  # type: ignore[arg-type]
    copy.keep_order({"id": "o", "version": 3, "state": "completed"})
    copy.apply(event(1, "order.updated", {"id": "o", "version": 2, "state": "open"}), "e1")
    assert copy.order("o") == {"id": "o", "version": 3, "state": "completed"}


@pytest.mark.asyncio
async def test_what_runs_out_while_the_menu_is_read_stays_off_it() -> None:
    api = MenuApi()
    copy = LocationCopy(api, Store(":memory:"))  # type: ignore[arg-type]
    reading = asyncio.create_task(copy.read_menu())
    await asyncio.sleep(0)
    copy.apply(event(1, "product.availability_changed", change(product_id="Water"), "menu"), "e1")
    api.go.set()
    assert not (await reading).offers("water")
    assert copy.menu_is_stale.is_set()
    assert (await copy.read_menu()).offers("water")
    assert not copy.menu_is_stale.is_set()
    assert api.asked == 2
