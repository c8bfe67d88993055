"""Stripe's balance transactions and payouts of one account."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import stripe

from ..connection import ProviderUnavailable
from ..settlement import Movement, Payout, ReportUnreadable
from .currencies import Scale
from .transport import NoAnswer, ask, in_time

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
    """Fulfils ``Settlements`` for one account, or for the key's own account when none is named.

    ``api`` is version 1 of a ``StripeClient``. ``digits`` is what our minor unit counts of the currency that
    guests pay in; ``None``: the same as Stripe's.
    """

    provider = "stripe"

    def __init__(self, api: Any, account: str | None, livemode: bool, digits: int | None = None) -> None:
        self._api = api
        self._account = account
        self._digits = digits
        self.livemode = livemode
        self.takes_platform_fee = account is not None  # of connected accounts alone

    def account(self) -> str:
        if not self._account:
            own = self._answer(lambda: self._api.accounts.retrieve_current())
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
        for row in self._rows(self._api.payouts.list, {"created": _span(since, until)}):
            try:
                yield self._payout(row)
            except WRONG_SHAPE as wrong:
                raise ReportUnreadable("payout") from wrong

    def _movements(self, only: dict[str, Any], payout: str | None) -> Iterator[Movement]:
        for row in self._rows(self._api.balance_transactions.list, {**only, "expand": ["data.source"]}):
            try:
                yield self._movement(row, payout)
            except WRONG_SHAPE as wrong:
                raise ReportUnreadable("balance transaction") from wrong

    def _rows(self, page_of: Any, only: dict[str, Any]) -> Iterator[dict[str, Any]]:
        params: dict[str, Any] = {**only, "limit": PAGE}
        for _page in range(PAGES_MAX):
            page = self._answer(lambda: page_of(params))  # noqa: B023 (called at once)
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

    @in_time
    def _answer(self, call: Callable[[], Any]) -> dict[str, Any]:
        try:
            return ask(call)
        except NoAnswer as late:
            raise ProviderUnavailable("provider_unavailable") from late
        except stripe.StripeError as refused:
            raise ProviderUnavailable("provider_refused", 60) from refused

    def _movement(self, row: dict[str, Any], payout: str | None) -> Movement:
        source = row.get("source")
        source = source if isinstance(source, dict) else {"id": source}
        kind = KIND_OF_CATEGORY.get(row["reporting_category"], "adjustment")
        kind = "dispute" if source.get("object") == "dispute" else kind
        metadata = source.get("metadata") or {}
        exchanged = row.get("exchange_rate") is not None
        refunded = kind in ("refund", "refund_failed")
        currency = row["currency"].upper()
        # where the guest paid another currency, the account's has the digits that Stripe gives it
        own = Scale(currency, None if exchanged else self._digits)
        guests = Scale(source["currency"].upper(), self._digits) if exchanged and "currency" in source else None
        shares = [part["amount"] for part in row["fee_details"] if part["type"] == "application_fee"]
        return Movement(
            id=row["id"],
            kind=kind,
            amount=_ours(own, row["amount"]),
            fee=_ours(own, row["fee"]),
            platform_fee=sum(_ours(own, share) for share in shares),
            net=_ours(own, row["net"]),
            currency=currency,
            at=datetime.fromtimestamp(row["created"], UTC),
            reference=source.get("payment_intent"),
            refund_reference=source.get("id") if refunded else None,
            leg_uuid=metadata.get("leg_uuid"),
            refund_uuid=metadata.get("refund_uuid") if refunded else None,
            charged=_charged(kind, _ours(guests, source["amount"])) if guests else None,
            charged_currency=guests.currency if guests else None,
            payout=payout,
        )

    def _payout(self, row: dict[str, Any]) -> Payout:
        currency = row["currency"].upper()
        return Payout(
            id=row["id"],
            amount=_ours(Scale(currency, self._digits), row["amount"]),
            currency=currency,
            state=STATE_OF_PAYOUT[row["status"]],
            at=datetime.fromtimestamp(row["created"], UTC),
            arrives_on=datetime.fromtimestamp(row["arrival_date"], UTC).date(),
            itemised=row["automatic"] is True,
        )


def _span(since: datetime, until: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}


def _charged(kind: str, amount: int) -> int:
    """The guest's side of an exchange; sources tell it without a sign."""
    return -amount if kind == "refund" else amount


def _ours(scale: Scale, amount: Any) -> int:
    """An amount of Stripe's in our minor units. Raises ``ValueError`` for what is no whole number of them."""
    ours = scale.to_ours(amount) if type(amount) is int else None
    if ours is None:
        raise ValueError("no whole number")
    return ours
