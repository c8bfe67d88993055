"""How a client learns that a route will go: RFC 9745 ``Deprecation`` and RFC 8594 ``Sunset``."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from .route import Route


def lifecycle_headers(route: Route) -> dict[str, str]:
    """The headers that announce a route's end; none for a route that stays."""
    headers = {}
    if route.deprecated:
        headers["Deprecation"] = f"@{int(_midnight(route.deprecated).timestamp())}"
    if route.sunset:
        headers["Sunset"] = format_datetime(_midnight(route.sunset), usegmt=True)
    return headers


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
