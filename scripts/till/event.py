"""Events of the stream, and the one rule by which they are applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """How far the till has come in a topic; offsets count within their epoch only."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the location; ``heard_at`` is Unix time at this till.

    Without ``has_data`` it only says that something happened: what it was, the API must be asked.
    """

    topic: str
    offset: int
    id: str
    type: str
    at: str
    data: Mapping[str, Any]
    heard_at: float
    has_data: bool = True

    @classmethod
    def from_frame(cls, frame: Mapping[str, Any], heard_at: float) -> "Event":
        """Read a frame of the gateway."""
        return cls(
            topic=frame["topic"],
            offset=frame["offset"],
            id=frame["id"],
            type=frame["type"],
            at=frame["at"],
            data=frame["data"] or {},
            heard_at=heard_at,
            has_data=frame["data"] is not None,
        )


class Verdict(Enum):
    """What to do with an event."""

    APPLY = "apply"
    IGNORE = "ignore"  # applied before
    GAP = "gap"  # something is missing before it: subscribe again from where we stand


def judge(place: Place, offset: int) -> Verdict:
    """Exactly once and in order: only the very next offset is applied."""
    if offset == place.offset + 1:
        return Verdict.APPLY
    return Verdict.IGNORE if offset <= place.offset else Verdict.GAP
