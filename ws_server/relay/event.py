"""One row of the outbox and the frame that tills receive for it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

__all__ = ["CONTROL_TYPES", "LARGEST_DATA_BYTES", "Event", "event_id_in", "written_at_in"]

_logger = logging.getLogger(__name__)

# Events that end or narrow live connections: gateways hear of them whoever is subscribed.
CONTROL_TYPES = frozenset({"device.revoked", "permissions.changed", "session.revoked"})
# A larger frame would fill a till's buffer at the gateway: it would be cut, come back and be sent it again, for ever.
LARGEST_DATA_BYTES = 512 * 1024
NO_DATA = b"null"


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
        return b'%b,"data":%b}' % (head[:-1].encode(), self._data())

    def lost_data_in(self, frame: bytes) -> bool:
        """Whether the frame had to go out without the payload that the row has."""
        return frame.endswith(b'"data":null}') and self.payload != "null"

    def _data(self) -> bytes:
        """The payload as compact JSON; ``null`` when no client could read it.

        One such row must not stop every later event, and may not be left out either, or the topic
        would have a hole: tills get null and ask the API.
        """
        try:
            value = json.loads(self.payload or "null", parse_constant=_refuse_constant)
            data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:  # no JSON, half a character, nested without end
            _logger.error("payload cannot be sent", extra={"event": self.event_id, "error": str(error)})
            return NO_DATA
        if len(data) > LARGEST_DATA_BYTES:
            _logger.error("payload is too large", extra={"event": self.event_id, "bytes": len(data)})
            return NO_DATA
        return data


def event_id_in(frame: bytes) -> str:
    """The id of the event in a frame."""
    return str(json.loads(frame)["id"])


def written_at_in(frame: bytes) -> datetime:
    """When the event in a frame was written."""
    return datetime.fromisoformat(json.loads(frame)["at"])


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
