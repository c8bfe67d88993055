"""Looks for what an earlier call may have left at Stripe, by the ids that it was given with."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from ..connection import RefundLeg
from .transport import NoAnswer, ask

IN_FLIGHT = timedelta(seconds=60)
CLOCK_SLACK = timedelta(minutes=5)
Pages = Callable[[dict[str, Any]], Any]


def found_leg(kinds: Sequence[Pages], uuid: str, sent_at: datetime, keys_live: timedelta) -> dict[str, Any] | None:
    """What of these kinds of objects is a leg's, or ``None`` when it certainly never arrived.

    A leg may be sent again while its key lives, so all that was made until then is read; first what was
    made when it was first sent. Raises :class:`NoAnswer` while it may be under way yet, and when not all
    could be read in time.
    """
    now = datetime.now(UTC)
    near, last = sent_at + 2 * CLOCK_SLACK, min(now, sent_at + keys_live) + CLOCK_SLACK
    windows = [(sent_at - CLOCK_SLACK, near)] + ([(near, last)] if last > near else [])
    for pages, (since, until) in itertools.product(kinds, windows):
        bounds = {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}}
        for made in _all(pages, bounds):
            if (made.get("metadata") or {}).get("leg_uuid") == uuid:
                return made
    _settled(sent_at)
    return None


def found_refund(pages: Pages, refund: RefundLeg, *, in_flight: bool) -> dict[str, Any] | None:
    """The Refund of a leg, or ``None`` when there is certainly none.

    ``in_flight`` tells that an earlier request may be under way yet. Raises :class:`NoAnswer`.
    """
    for item in _all(pages, {"payment_intent": refund.payment.reference}):
        if (item.get("metadata") or {}).get("refund_uuid") == refund.uuid:
            return item
    if in_flight and refund.sent_at:
        _settled(refund.sent_at)
    return None


def _all(pages: Pages, only: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a list, however many pages it has, until the deadline of the call."""
    params = {"limit": 100, **only}
    while True:
        try:
            page = ask(lambda: pages(params))  # noqa: B023 (called at once)
        except stripe.InvalidRequestError as error:
            raise NoAnswer from error
        yield from page["data"]
        if not page["has_more"] or not page["data"]:
            return
        params = params | {"starting_after": page["data"][-1]["id"]}


def _settled(sent_at: datetime) -> None:
    if datetime.now(UTC) - sent_at < IN_FLIGHT:
        raise NoAnswer
