"""Stripe's signed notifications: the raw body is verified before a byte of it is read."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..connection import Event, NotificationRefused, ProviderUnavailable

TOLERANCE_SECONDS = 300
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,255}")
KIND = re.compile(r"[a-z0-9_.]{1,100}")


class StripeListener:
    """Reads the notifications of every account and mode: whose they are, the receiver compares by ``Event.account``.

    Raises :class:`ProviderUnavailable` while there is no secret, for then nothing can be believed.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(filter(None, secrets))
        if not self._secrets:
            raise ProviderUnavailable("provider_unavailable", 60)

    def read_notification(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """One event. Raises :class:`NotificationRefused`."""
        verify(body, header_of(headers), self._secrets, now)
        return [read(body)]


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
            id=_known(event["id"]),
            kind=_kind(event["type"]),
            reference=_payment_of(subject),
            leg_uuid=_name((subject.get("metadata") or {}).get("leg_uuid")),
            account=_name(event.get("account")),
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


def _payment_of(subject: dict[str, Any]) -> str | None:
    """The page or PaymentIntent to fetch again; charges, refunds, disputes and what a reader does name theirs."""
    if subject.get("object") in ("payment_intent", "checkout.session"):
        return _name(subject["id"])
    at_reader = (subject.get("action") or {}).get("process_payment_intent") or {}
    return _name(subject.get("payment_intent") or at_reader.get("payment_intent"))


def _kind(value: Any) -> str:
    if not isinstance(value, str) or not KIND.fullmatch(value):
        raise ValueError("no kind")
    return value


def _known(value: Any) -> str:
    name = _name(value)
    if name is None:
        raise ValueError("no identifier")
    return name


def _name(value: Any) -> str | None:
    """An identifier. Raises ``ValueError`` for anything else but nothing."""
    if value is None or (isinstance(value, str) and IDENTIFIER.fullmatch(value)):
        return value
    raise ValueError("no identifier")
