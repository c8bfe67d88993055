"""What a verified notification of TrueLayer says."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ..connection import Event, NotificationRefused
from .signature import TIMESTAMP

TOLERANCE = timedelta(minutes=5)
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_event(headers: Mapping[str, str], body: bytes, now: datetime, live: bool) -> Event:
    """``headers`` have lower-case names. Raises :class:`NotificationRefused` for what is old or damaged."""
    sent_at = _moment(headers.get(TIMESTAMP, ""))
    if abs(now - sent_at) > TOLERANCE:
        raise NotificationRefused("the notification is not of now")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise NotificationRefused("the body is no JSON") from wrong
    if not isinstance(told, dict):
        raise NotificationRefused("the body is no object")
    metadata = told.get("metadata")
    return Event(
        id=_identifier(told.get("event_id")),
        kind=_identifier(told.get("type")),
        reference=_identifier(told.get("payment_id")) if told.get("payment_id") else None,
        leg_uuid=_leg(metadata) if isinstance(metadata, dict) else None,
        livemode=live,
        created_at=sent_at,
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise NotificationRefused("the time is damaged") from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise NotificationRefused("an identifier is missing or damaged")
    return value


def _leg(metadata: Mapping[str, object]) -> str | None:
    return _identifier(metadata["leg_uuid"]) if metadata.get("leg_uuid") else None
