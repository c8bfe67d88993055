"""Stripe's signed notifications: the raw body is verified before a byte of it is read."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..connection import Event, NotificationRefused

TOLERANCE_SECONDS = 300


def verify(body: bytes, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Refuses a body that no secret signed, or that was signed more than five minutes before or after ``now``.

    Several secrets serve while one replaces another. Raises :class:`NotificationRefused`.
    """
    signed_at, signatures = _parts(header)
    if abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
        raise NotificationRefused("stale")
    payload = b"%d." % signed_at + body
    for secret in filter(None, secrets):
        expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return
    raise NotificationRefused("signature")


def read(body: bytes) -> Event:
    """The event of a verified body. Raises :class:`NotificationRefused` when it has not the shape of one."""
    try:
        event = json.loads(body)
        subject = event["data"]["object"]
        return Event(
            id=event["id"],
            kind=event["type"],
            reference=_intent_of(subject),
            leg_uuid=(subject.get("metadata") or {}).get("leg_uuid"),
            account=event.get("account"),
            livemode=event.get("livemode") is True,
            created_at=datetime.fromtimestamp(event["created"], UTC),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise NotificationRefused("shape") from error


def header_of(headers: Mapping[str, str]) -> str:
    """The signature header, however its name is written; empty when there is none."""
    return next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")


def _parts(header: str) -> tuple[int, list[bytes]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise NotificationRefused("header")
    return int(times[0]), [value.encode(errors="replace") for name, _, value in pairs if name == "v1"]


def _intent_of(subject: dict[str, Any]) -> str | None:
    """The PaymentIntent to fetch again; charges, refunds and disputes name theirs."""
    return subject["id"] if subject.get("object") == "payment_intent" else subject.get("payment_intent")
