"""Transactions of a TrueLayer merchant account: bank payments that settled, refunds and payouts."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from ..connection import ProviderUnavailable
from ..settlement import Movement, Payout, ReportUnreadable
from .calls import Calls, NoAnswer

#: TrueLayer answers for 31 days at most, and an answer must fit into what we read of one.
WINDOW = timedelta(hours=6)
PAGES_MAX = 200

#: type → (kind, sign, when it happened)
TYPES = {
    "merchant_account_payment": ("charge", 1, "settled_at"),
    "external_payment": ("adjustment", 1, "settled_at"),
    "refund": ("refund", -1, "executed_at"),
    "payout": ("payout", -1, "executed_at"),
}
DONE = ("settled", "executed")
WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError)


class TrueLayerSettlements:
    """Fulfils ``Settlements``. TrueLayer takes its fees elsewhere and does not itemise payouts."""

    provider = "truelayer"
    takes_platform_fee = False

    def __init__(self, calls: Calls, merchant_account: str, livemode: bool) -> None:
        self._calls = calls
        self._account = merchant_account
        self.livemode = livemode

    def account(self) -> str:
        return self._account

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        for row in self._transactions(since, until, {}):
            movement = _read(row)
            if movement and since <= movement.at < until:
                yield movement

    def movements_of(self, payout: str) -> Iterator[Movement]:
        return iter(())

    def payouts(self, since: datetime, until: datetime) -> Iterator[Payout]:
        for row in self._transactions(since, until, {"type": "payout"}):
            paid = _read(row)
            if paid and paid.kind == "payout" and since <= paid.at < until:
                yield Payout(paid.id, -paid.amount, paid.currency, "paid", paid.at, paid.at.date(), itemised=False)

    def _transactions(self, since: datetime, until: datetime, only: Mapping[str, str]) -> Iterator[Any]:
        start = since
        while start < until:
            end = min(start + WINDOW, until)
            yield from self._window({**only, "from": _moment(start), "to": _moment(end)})
            start = end

    def _window(self, wish: dict[str, str]) -> Iterator[Any]:
        cursor: str | None = None
        for _page in range(PAGES_MAX):
            body = self._page({**wish, "cursor": cursor} if cursor else wish)
            items, pages = body.get("items"), body.get("pagination") or {}
            if not isinstance(items, list) or not isinstance(pages, Mapping):
                raise ReportUnreadable("page")
            yield from items
            following = pages.get("next_cursor")
            if not following:
                return
            if not isinstance(following, str) or following == cursor:
                raise ReportUnreadable("page")
            cursor = following
        raise ReportUnreadable("pages")

    def _page(self, wish: Mapping[str, str]) -> Mapping[str, Any]:
        path = f"/v3/merchant-accounts/{quote(self._account, safe='')}/transactions?{urlencode(wish)}"
        try:
            answer = self._calls.get(path)
        except NoAnswer as late:
            raise ProviderUnavailable("provider_unavailable") from late
        if answer.status != 200:
            raise ProviderUnavailable("provider_refused", 60)
        return answer.body


def _read(row: Any) -> Movement | None:
    """A transaction as a movement; ``None`` while it is pending, for no money has moved yet."""
    try:
        kind, sign, happened = TYPES[row["type"]]
        if row["status"] not in DONE:
            return None
        amount = sign * _whole(row["amount_in_minor"])
        return Movement(
            id=_text(row["id"]),
            kind=kind,
            amount=amount,
            net=amount,
            currency=_text(row["currency"]),
            at=_when(row.get(happened) or row.get("settled_at")),
            reference=_text(row["payment_id"]) if kind in ("charge", "refund") else None,
            refund_reference=_text(row["refund_id"]) if kind == "refund" else None,
        )
    except WRONG_SHAPE as wrong:
        raise ReportUnreadable("transaction") from wrong


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _when(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no whole number")
    return value
