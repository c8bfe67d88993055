"""Opaque, stable cursors for lists."""

import base64
import binascii
import json

from .problem import Invalid


def encode(*position):
    """A cursor that stands after ``position`` (the sort key of the last row)."""
    return base64.urlsafe_b64encode(json.dumps(position, default=str).encode()).rstrip(b"=").decode()


def decode(cursor, *kinds):
    """The position in ``cursor`` as values of ``kinds``. Raises ``validation_failed`` on any other text."""
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(position, list) or len(position) != len(kinds):
            raise ValueError(cursor)
        if any(type(value) is not kind for value, kind in zip(position, kinds, strict=True)):
            raise ValueError(cursor)
    except (ValueError, binascii.Error) as exc:
        raise Invalid("The cursor is not one of ours.", field="cursor") from exc
    return position


def page(rows, limit, shape, position):
    """The answer of a list: ``rows`` holds up to ``limit + 1`` rows, the extra one tells of more."""
    more = len(rows) > limit
    rows = rows[:limit]
    return {
        "items": [shape(row) for row in rows],
        "next_cursor": encode(*position(rows[-1])) if more else None,
    }
