"""Stripe's balance transactions and payouts of one account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import stripe

from ..connection import ProviderUnavailable
from ..settlement import Movement, Payout, ReportUnreadable
from .transport import NoAnswer, ask

PAGE = 100
PAGES_MAX = 2_000  # a report that never ends is none

KIND_OF_CATEGORY = {
    "charge": "charge",
    "partial_capture_reversal": "release",
    "refund": "refund",
    "refund_failure": "refund_failed",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
    "payout": "payout",
    "payout_reversal": "payout",
} | dict.fromkeys(("fee", "network_cost", "tax", "platform_earning", "platform_earning_refund"), "fee")
STATE_OF_PAYOUT = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "cancelled",
}
#: What reading an answer of the wrong shape raises.
WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class StripeSettlements:
    """Fulfils ``Settlements`` for one account, or for the key's own account when none is named."""

    provider = "stripe"

    def __init__(self, client: stripe.StripeClient, account: str | None, livemode: bool) -> None:
        self._accounts, self._transactions = client.v1.accounts, client.v1.balance_transactions
        self._payouts = client.v1.payouts
        self._account = account
        self.livemode = livemode
        self.takes_platform_fee = account is not None  # of connected accounts alone

    def account(self) -> str:
        if not self._account:
            own = _answer(lambda: self._accounts.retrieve_current())
            if not isinstance(own.get("id"), str):
                raise ReportUnreadable("account")
            self._account = own["id"]
        return self._account

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        yield from self._movements({"created": _span(since, until)}, None)

    def movements_of(self, payout: str) -> Iterator[Movement]:
        found = self._movements({"payout": payout}, payout)
        yield from (movement for movement in found if movement.kind != "payout")

    def payouts(self, since: datetime, until: datetime) -> Iterator[Payout]:
        for row in _rows(self._payouts.list, {"created": _span(since, until)}):
            try:
                yield _payout(row)
            except WRONG_SHAPE as wrong:
                raise ReportUnreadable("payout") from wrong

    def _movements(self, only: dict[str, Any], payout: str | None) -> Iterator[Movement]:
        for row in _rows(self._transactions.list, {**only, "expand": ["data.source"]}):
            try:
                yield _movement(row, payout)
            except WRONG_SHAPE as wrong:
                raise ReportUnreadable("balance transaction") from wrong


def _rows(page_of: Any, only: dict[str, Any]) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {**only, "limit": PAGE}
    for _page in range(PAGES_MAX):
        page = _answer(lambda: page_of(params))  # noqa: B023 (called at once)
        try:
            rows, more = page["data"], page["has_more"]
            last = rows[-1]["id"] if rows else None
        except WRONG_SHAPE as wrong:
            raise ReportUnreadable("page") from wrong
        yield from rows
        if not more:
            return
        if last is None or last == params.get("starting_after"):
            raise ReportUnreadable("page")
        params = {**params, "starting_after": last}
    raise ReportUnreadable("pages")


def _answer(call: Any) -> dict[str, Any]:
    try:
        return ask(call)
    except NoAnswer as late:
        raise ProviderUnavailable("provider_unavailable") from late
    except stripe.StripeError as refused:
        raise ProviderUnavailable("provider_refused", 60) from refused


def _span(since: datetime, until: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}


def _movement(row: dict[str, Any], payout: str | None) -> Movement:
    source = row.get("source")
    source = source if isinstance(source, dict) else {"id": source}
    kind = KIND_OF_CATEGORY.get(row["reporting_category"], "adjustment")
    kind = "dispute" if source.get("object") == "dispute" else kind
    metadata = source.get("metadata") or {}
    exchanged = row.get("exchange_rate") is not None
    refunded = kind in ("refund", "refund_failed")
    return Movement(
        id=row["id"],
        kind=kind,
        amount=_whole(row["amount"]),
        fee=_whole(row["fee"]),
        platform_fee=sum(_whole(part["amount"]) for part in row["fee_details"] if part["type"] == "application_fee"),
        net=_whole(row["net"]),
        currency=row["currency"].upper(),
        at=datetime.fromtimestamp(row["created"], UTC),
        reference=source.get("payment_intent"),
        refund_reference=source.get("id") if refunded else None,
        leg_uuid=metadata.get("leg_uuid"),
        refund_uuid=metadata.get("refund_uuid") if refunded else None,
        charged=_charged(kind, _whole(source["amount"])) if exchanged and "amount" in source else None,
        charged_currency=source["currency"].upper() if exchanged and "currency" in source else None,
        payout=payout,
    )


def _charged(kind: str, amount: int) -> int:
    """The guest's side of an exchange; sources tell it without a sign."""
    return -amount if kind == "refund" else amount


def _payout(row: dict[str, Any]) -> Payout:
    return Payout(
        id=row["id"],
        amount=_whole(row["amount"]),
        currency=row["currency"].upper(),
        state=STATE_OF_PAYOUT[row["status"]],
        at=datetime.fromtimestamp(row["created"], UTC),
        arrives_on=datetime.fromtimestamp(row["arrival_date"], UTC).date(),
        itemised=row["automatic"] is True,
    )


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("no whole number")
    return value
