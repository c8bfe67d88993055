"""What happened while the event stream could not tell: the change feed, as long as it reaches back far enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .answer import Refused
from .api_client import ApiClient

PAGE = 500
#: Whoever missed more than about this is served better, and the server too, by reading the present state.
MOST_CHANGES = 5000


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where the feed was read, and which event stands there (none when only the end was asked for)."""

    seq: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything after a mark, in order, and the mark to go on from."""

    items: Sequence[Mapping[str, Any]]
    mark: Mark

    @property
    def are_complete(self) -> bool:
        """Whether each says what it is about; one that could not be kept says ``null``."""
        return all(item["data"] is not None for item in self.items)


class ChangeFeed:
    """``GET /changes``: the location's events by the company's one clock."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def end(self) -> Mark:
        """Where the feed ends now."""
        return Mark(int((await self._api.read("/changes?after=latest")).body["last_seq"]))

    async def since(self, mark: Mark) -> Changes | None:
        """All changes after ``mark``; None when the state is to be read anew.

        That is so when they are gone, when they are too many, and when another event stands at the
        mark: then the server was restored from a backup, and what it tells belongs to another past.
        """
        items: list[Mapping[str, Any]] = []
        after = mark.seq - 1 if mark.event_id else mark.seq
        while len(items) <= MOST_CHANGES:
            try:
                page = (await self._api.read(f"/changes?after={after}&limit={PAGE}")).body
            except Refused as refused:
                if refused.code == "resync_required":
                    return None
                raise
            items += page["items"]
            after = page["last_seq"]
            if not page["has_more"]:
                return _after(mark, items, after)
        return None


def _after(mark: Mark, items: Sequence[Mapping[str, Any]], last_seq: int) -> Changes | None:
    if mark.event_id is None:
        fresh = items
    elif items and items[0]["event_id"] == mark.event_id:
        fresh = items[1:]
    else:
        return None
    if fresh:
        return Changes(fresh, Mark(fresh[-1]["seq"], fresh[-1]["event_id"]))
    return Changes(fresh, mark if mark.event_id else Mark(last_seq))
