"""One row of the outbox and the frame that tills receive for it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

__all__ = ["CONTROL_TYPES", "Event"]

_logger = logging.getLogger(__name__)

# Events that end or narrow live connections: gateways hear of them whoever is subscribed.
CONTROL_TYPES = frozenset({"device.revoked", "permissions.changed", "session.revoked"})


@dataclass(frozen=True, slots=True)
class Event:
    """A committed event with its place in its topic."""

    topic: str
    offset: int
    event_id: str
    type: str
    payload: str
    created_at: datetime  # naive UTC, as the database keeps it

    @property
    def at(self) -> str:
        """RFC 3339 in UTC, with milliseconds."""
        return self.created_at.isoformat(timespec="milliseconds") + "Z"

    def frame(self) -> bytes:
        """The complete frame as compact JSON, the same bytes for every till."""
        head = json.dumps(
            {
                "topic": self.topic,
                "offset": self.offset,
                "id": self.event_id,
                "type": self.type,
                "at": self.at,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        )
        return f'{head[:-1]},"data":{self._data()}}}'.encode()

    def _data(self) -> str:
        # One unreadable row must not stop every later event: tills get null and ask the API.
        try:
            value = json.loads(self.payload or "null", parse_constant=_refuse_constant)
        except ValueError:
            _logger.error("payload is not JSON", extra={"event": self.event_id})
            return "null"
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
