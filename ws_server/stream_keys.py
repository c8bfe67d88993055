"""Names of the Redis keys that relay and gateway share, and the ids of their entries."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FRAME_FIELD", "RECORD_FIELD", "StreamKeys", "entry_id", "offset_of"]

FRAME_FIELD = b"f"
RECORD_FIELD = b"r"


@dataclass(frozen=True, slots=True)
class StreamKeys:
    """Keys below one prefix, so that several installations can share a Redis."""

    prefix: str

    @property
    def epoch(self) -> str:
        """The string that names the present numbering of all topics."""
        return f"{self.prefix}epoch"

    @property
    def heartbeat(self) -> str:
        """The stream that proves to a reader that it still moves."""
        return f"{self.prefix}s:_hb"

    @property
    def control(self) -> str:
        """The stream of events that end connections, for every gateway."""
        return f"{self.prefix}s:_ctl"

    @property
    def connections(self) -> str:
        """The stream of what became of connections, for Odoo to read."""
        return f"{self.prefix}connections"

    def gateway(self, process: str) -> str:
        """The key in which a gateway process tells of itself, in JSON, for Odoo to read."""
        return f"{self.prefix}gateway:{process}"

    def topic(self, name: str) -> str:
        """The stream of one topic."""
        return f"{self.prefix}s:{name}"

    def wake(self, process: str) -> str:
        """The stream by which a gateway process wakes its own reader."""
        return f"{self.prefix}wake:{process}"

    @property
    def peers(self) -> str:
        """The pub/sub channel of the gateway processes."""
        return f"{self.prefix}peers"

    def presence(self, location: str) -> str:
        """The hash of the devices online at a location, by process and device."""
        return f"{self.prefix}presence:{location}"

    def alive(self, process: str) -> str:
        """The key that exists while a gateway process lives, for other gateways; it says no more."""
        return f"{self.prefix}alive:{process}"

    def topic_of(self, key: str) -> str:
        """The topic whose stream is ``key``."""
        return key.removeprefix(f"{self.prefix}s:")

    @property
    def every_topic(self) -> str:
        """The pattern of the topics' streams; names of our own begin with ``_``."""
        return f"{self.prefix}s:[^_]*"


def entry_id(offset: int) -> str:
    """The stream id of the event with this offset."""
    return f"{offset}-0"


def offset_of(raw: bytes) -> int:
    """The offset of the event with this stream id."""
    return int(raw.partition(b"-")[0])
