"""Moments in UTC, their text on the wire, and the business day they belong to."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment as naive UTC, the way Odoo stores it, with microseconds."""
    return datetime.now(UTC).replace(tzinfo=None)


def wire(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds and ``Z``, e.g. ``2026-11-22T19:02:11.250Z``."""
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def naive_utc(moment: datetime) -> datetime:
    """An aware moment as naive UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def business_date(moment: datetime, time_zone: str, day_start_minutes: int) -> date:
    """The trading day of a naive UTC moment.

    A day begins ``day_start_minutes`` after local midnight by the clock on the wall, so a
    restaurant that closes at 02:00 still books those sales on the evening's date, also on
    the two nights a year when a day has 23 or 25 hours.
    """
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    return (local - timedelta(minutes=day_start_minutes)).date()


def day_begins(day: date, time_zone: str, day_start_minutes: int) -> datetime:
    """The naive UTC moment at which the trading day ``day`` begins."""
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=day_start_minutes)
    return naive_utc(local.replace(tzinfo=ZoneInfo(time_zone)))
