"""The till's copy of its location: orders, menu, till session, and how far the events have brought it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

from .answer import Refused
from .api_client import ApiClient
from .change_feed import ChangeFeed, Changes, Mark
from .event import Event, Place
from .menu import Menu, without
from .store import Store

#: Topics that a till at the counter follows.
TOPICS = ("orders", "payments", "menu", "till")
PAGE = 200
MENU_EVENTS = frozenset({"menu.changed", "product.availability_changed"})


class LocationCopy:
    """A place in a topic is written in the transaction of the state it stands for.

    That is what makes each event count exactly once, whenever the app or the line breaks.
    """

    def __init__(self, api: ApiClient, store: Store) -> None:
        self._api = api
        self._feed = ChangeFeed(api)
        self._store = store
        self._menu: Menu | None = None
        self._run_out_meanwhile: list[Mapping[str, Any]] = []
        self._reading = asyncio.Lock()
        self.menu_is_stale = asyncio.Event()
        if store.recall("menu_is_stale"):
            self.menu_is_stale.set()

    # --- orders --------------------------------------------------------------------------

    def orders(self) -> dict[str, dict[str, Any]]:
        """Every order the till knows of, by id."""
        return {row[0]: json.loads(row[1]) for row in self._store.run("SELECT id, document FROM order_copy")}

    def order(self, order_id: str) -> dict[str, Any] | None:
        rows = self._store.run("SELECT document FROM order_copy WHERE id = ?", order_id)
        return json.loads(rows[0][0]) if rows else None

    def keep_order(self, document: Mapping[str, Any]) -> None:
        """Take an order's document, unless a later version is known: answers and events may cross."""
        self._store.run(
            """INSERT INTO order_copy VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
                  SET version = excluded.version, document = excluded.document
                WHERE excluded.version >= order_copy.version""",
            document["id"],
            document["version"],
            json.dumps(document),
        )

    # --- menu ----------------------------------------------------------------------------

    @property
    def menu(self) -> Menu:
        """The menu as last read. Raises ``LookupError`` before the first time."""
        if self._menu is None:
            document = self._store.recall("menu")
            if document is None:
                raise LookupError("the menu was never read")
            self._menu = Menu.from_document(document)
        return self._menu

    async def read_menu(self) -> Menu:
        """The present menu; an unchanged one costs a 304.

        An answer may be older than what is heard while it is under way: that is applied to it again.
        """
        async with self._reading:
            await self._read_menu()
        return self.menu

    async def _read_menu(self) -> None:
        self.menu_is_stale.clear()
        self._run_out_meanwhile.clear()
        answer = None
        try:
            answer = await self._api.read("/menu", etag=self._store.recall("menu_etag"))
        finally:
            if answer is None:
                self.menu_is_stale.set()
        with self._store.transaction():
            if answer.status != 304:
                document = answer.body
                for change in self._run_out_meanwhile:
                    document = without(document, change)
                self._store.keep(menu=document, menu_etag=answer.headers.get("ETag"))
                self._menu = None
            if not self.menu_is_stale.is_set():
                self._store.keep(menu_is_stale=None)

    # --- till session --------------------------------------------------------------------

    @property
    def till_session(self) -> dict[str, Any] | None:
        """The location's till session as last heard of."""
        session: dict[str, Any] | None = self._store.recall("till_session")
        return session

    # --- events --------------------------------------------------------------------------

    def place(self, topic: str) -> Place | None:
        """Where to go on in a topic; None before the first subscription."""
        rows = self._store.run("SELECT epoch, offset_ FROM place WHERE topic = ?", topic)
        return Place(*rows[0]) if rows else None

    def apply(self, event: Event, epoch: str) -> None:
        """Apply the next event of its topic."""
        with self._moving(event.topic, Place(epoch, event.offset)):
            self._take(event.type, event.data)

    def _take(self, kind: str, data: Mapping[str, Any]) -> None:
        """Payments are part of their orders' documents, so they need no keeping of their own."""
        if kind.startswith("order."):
            self.keep_order(data)
        elif kind == "till_session.updated":
            self._store.keep(till_session=data)
        elif kind in MENU_EVENTS:
            self._store.keep(menu_is_stale=True)
            self._strike_off(kind, data)
            self.menu_is_stale.set()

    def _strike_off(self, kind: str, data: Mapping[str, Any]) -> None:
        """What has run out is not offered from this moment on; the whole menu is read right after.

        What is back comes with that reading: only the menu knows whether all of its parts are there.
        """
        if kind != "product.availability_changed" or data["available"]:
            return
        self._run_out_meanwhile.append(data)
        document = self._store.recall("menu")
        if document is not None:
            self._store.keep(menu=without(document, data))
            self._menu = None

    # --- when the events cannot tell -----------------------------------------------------

    async def restore(self, topic: str, place: Place) -> None:
        """Read by REST what the events can no longer tell; then go on from ``place``.

        The change feed tells it from where it was last read; where it cannot either, and at the
        first time, everything is read anew. Repeating does no harm: documents carry their versions.
        """
        read_to = self._store.recall("feed_read_to")
        changes = await self._feed.since(Mark(*read_to)) if read_to else None
        if changes is not None and changes.are_complete:
            self._catch_up(topic, place, changes)
        else:
            await self._read_anew(topic, place)

    def _catch_up(self, topic: str, place: Place, changes: Changes) -> None:
        with self._moving(topic, place):
            for change in changes.items:
                self._take(change["type"], change["data"])
            self._store.keep(feed_read_to=astuple(changes.mark))

    async def _read_anew(self, topic: str, place: Place) -> None:
        """The end of the feed is asked for first: what happens while the rest is read comes after it."""
        end = await self._feed.end()
        before = set(self.orders())
        orders = await self._read_orders()
        session = await self._read_till_session()
        with self._moving(topic, place):
            for order_id in before - {document["id"] for document in orders}:
                self._store.run("DELETE FROM order_copy WHERE id = ?", order_id)  # closed on an earlier day
            for document in orders:
                self.keep_order(document)
            self._store.keep(till_session=session, feed_read_to=astuple(end))

    @contextmanager
    def _moving(self, topic: str, place: Place) -> Iterator[None]:
        with self._store.transaction():
            yield
            self._store.run("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", topic, place.epoch, place.offset)

    async def _read_orders(self) -> list[dict[str, Any]]:
        """Orders that are still open, whatever their age, and all of today's."""
        today = (await self.read_menu()).business_date
        return [*await self._read_pages("state=open"), *await self._read_pages(f"business_date={today}")]

    async def _read_pages(self, filters: str) -> list[dict[str, Any]]:
        documents: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            suffix = f"&cursor={cursor}" if cursor else ""
            page = (await self._api.read(f"/orders?limit={PAGE}&{filters}{suffix}")).body
            documents += page["items"]
            cursor = page["next_cursor"]
        return documents

    async def _read_till_session(self) -> dict[str, Any] | None:
        try:
            return (await self._api.read("/till-sessions/current")).body
        except Refused as refused:
            if refused.code == "not_found":
                return None
            raise
