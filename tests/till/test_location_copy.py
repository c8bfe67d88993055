"""The copy and its place in the events are kept together; what ran out is struck off at once."""

import asyncio

import pytest

from scripts.till.answer import Answer, Refused
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


FIRST, LATER = Place("e1", 3), Place("e2", 9)


class Server:
    """Answers the reads of a till by path, from what a test has put there; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.changes: list[dict[str, object]] = []
        self.first_kept = 1
        self.past = "past"
        self.orders: list[dict[str, object]] = []
        self.session: dict[str, object] = {"id": "s1"}

    async def read(self, path: str, etag: str | None = None) -> Answer:
        self.asked.append(path)
        kind, _, query = path.partition("?")
        if kind == "/changes":
            return self._answer_changes(dict(part.split("=") for part in query.split("&")))
        bodies = {
            "/menu": document(),
            "/orders": {"items": self.orders, "next_cursor": None},
            "/till-sessions/current": self.session,
        }
        return Answer(200, {"ETag": '"1"'}, bodies[kind])

    def _answer_changes(self, query: dict[str, str]) -> Answer:
        last = len(self.changes)
        if query["after"] == "latest":
            return Answer(200, {}, {"items": [], "last_seq": last, "has_more": False})
        after, limit = int(query["after"]), min(2, int(query["limit"]))
        if after > last or after < self.first_kept - 1:
            body = {"code": "resync_required", "detail": "gone"}
            raise Refused(Answer(410, {}, body))
        items = self.changes[after : after + limit]
        has_more = after + len(items) < last
        return Answer(200, {}, {"items": items, "last_seq": after + len(items), "has_more": has_more})

    def happen(self, kind: str, data: dict[str, object] | None, topic: str = "orders") -> None:
        self.changes.append(
            {
                "seq": len(self.changes) + 1,
                "event_id": f"{self.past}-{len(self.changes)}",
                "topic": f"l.1.{topic}",
                "type": kind,
                "data": data,
            }
        )


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def copy(server: Server) -> LocationCopy:
    return LocationCopy(server, Store(":memory:"))  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_till_that_was_away_for_hours_reads_what_changed_and_nothing_else(
    server: Server, copy: LocationCopy
) -> None:
    server.orders = [{"id": "o1", "version": 1, "state": "open"}]
    await copy.restore("l.1.orders", FIRST)
    server.asked.clear()
    server.happen("order.updated", {"id": "o1", "version": 2, "state": "open"})
    server.happen("order.created", {"id": "o2", "version": 1, "state": "open"})
    server.happen("order.completed", {"id": "o1", "version": 3, "state": "completed"})
    server.happen("kitchen.ticket.created", {"id": "t"}, "kitchen")
    server.happen("till_session.updated", {"id": "s2"}, "till")
    copy.menu_is_stale.clear()
    server.happen("product.availability_changed", change(product_id="Water"), "menu")
    await copy.restore("l.1.orders", LATER)
    assert {path.partition("?")[0] for path in server.asked} == {"/changes"}
    assert {order["id"]: order["state"] for order in copy.orders().values()} == {"o1": "completed", "o2": "open"}
    assert copy.till_session == {"id": "s2"}
    assert not copy.menu.offers("water")
    assert copy.menu_is_stale.is_set()
    assert copy.place("l.1.orders") == LATER
    server.asked.clear()
    await copy.restore("l.1.menu", LATER)
    assert server.asked == ["/changes?after=5&limit=500"]


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["history is gone", "feed is another one", "a change without its data", "too many"])
async def test_state_is_read_anew_when_the_feed_cannot_tell(
    server: Server, copy: LocationCopy, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.happen("order.created", {"id": "old", "version": 1, "state": "open"})
    server.orders = [{"id": "old", "version": 1, "state": "open"}]
    await copy.restore("l.1.orders", FIRST)
    for number in range(4):
        server.happen("order.created", {"id": f"o{number}", "version": 1})
    if why == "history is gone":
        server.first_kept = 4
    elif why == "feed is another one":
        server.changes.clear()
    elif why == "a change without its data":
        server.happen("order.updated", None)
    else:
        monkeypatch.setattr("scripts.till.change_feed.MOST_CHANGES", 1)
    server.orders, server.session = [{"id": "present", "version": 1, "state": "open"}], {"id": "s9"}
    await copy.restore("l.1.orders", LATER)
    assert set(copy.orders()) == {"present"}
    assert (copy.till_session, copy.place("l.1.orders")) == ({"id": "s9"}, LATER)
    server.asked.clear()
    await copy.restore("l.1.till", LATER)
    assert server.asked == [f"/changes?after={len(server.changes)}&limit=500"]


@pytest.mark.asyncio
async def test_feed_of_another_past_is_not_believed(server: Server, copy: LocationCopy) -> None:
    """The server was restored from a backup, and its feed has grown beyond where the till had read it."""
    await copy.restore("l.1.orders", FIRST)
    server.happen("order.created", {"id": "lost", "version": 1})
    await copy.restore("l.1.orders", FIRST)
    server.changes.clear()
    server.past = "another past"
    for number in range(3):
        server.happen("order.created", {"id": f"o{number}", "version": 1})
    server.orders = [{"id": f"o{number}", "version": 1} for number in range(3)]
    await copy.restore("l.1.orders", LATER)
    assert set(copy.orders()) == {"o0", "o1", "o2"}


@pytest.mark.asyncio
async def test_catching_up_that_fails_moves_nothing(server: Server, copy: LocationCopy) -> None:
    await copy.restore("l.1.orders", FIRST)
    server.happen("order.created", {"id": "o1", "version": 1})
    server.happen("order.created", {"id": "no version"})
    with pytest.raises(KeyError):
        await copy.restore("l.1.orders", LATER)
    assert (copy.orders(), copy.place("l.1.orders")) == ({}, FIRST)
