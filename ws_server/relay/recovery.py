"""Making Redis agree with the database again, after a start or any loss."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from .event import Event
from .outbox import Outbox
from .streams import Streams

__all__ = ["continues", "recover"]

_logger = logging.getLogger(__name__)


def recover(outbox: Outbox, streams: Streams, most: int) -> str:
    """Bring every stream to its topic's last offset and return the epoch that then holds.

    A stream that is merely behind is continued from the outbox. A new epoch begins when Redis
    was emptied, when the outbox no longer reaches back to where a stream ends, or when a stream
    is ahead of the database (restored from a backup). At most ``most`` events per topic return.
    """
    epoch = streams.epoch()
    in_redis = streams.last_offsets(outbox.last_offsets())
    # Read the database second: whatever another relay added meanwhile is then counted in it.
    in_database = outbox.last_offsets()
    apart = sorted(t for t, last in in_redis.items() if last != in_database.get(t, 0))
    if epoch is None:
        return _begin_epoch(outbox, streams, sorted({*in_redis, *in_database}), most)
    beyond_repair = []
    for topic in apart:
        events = _missing(outbox, topic, in_redis[topic], in_database.get(topic, 0), most)
        streams.append(events, epoch)
        if not events:
            beyond_repair.append(topic)
    if beyond_repair:
        return _begin_epoch(outbox, streams, beyond_repair, most)
    return epoch


def continues(events: Sequence[Event], after: int, upto: int) -> bool:
    """Whether the events are exactly those with ``after < offset <= upto``."""
    return [event.offset for event in events] == list(range(after + 1, upto + 1))


def _missing(outbox: Outbox, topic: str, after: int, last: int, most: int) -> list[Event]:
    """All events that the stream lacks, or none when they cannot be had without a gap."""
    if not after < last <= after + most:
        return []
    events = outbox.events_between(topic, after, last)
    if not continues(events, after, last):
        return []
    _logger.info("stream continued", extra={"topic": topic, "events": len(events)})
    return events


def _begin_epoch(outbox: Outbox, streams: Streams, topics: Sequence[str], most: int) -> str:
    epoch = streams.renew_epoch(topics)
    last_offsets = outbox.last_offsets()
    for topic in topics:
        last = last_offsets.get(topic, 0)
        events = _contiguous_end(outbox.events_between(topic, last - most, last), last)
        if events:
            streams.append(events, epoch)
        elif last:
            streams.mark_position(topic, last)
    _logger.warning("new epoch", extra={"epoch": epoch, "topics_rebuilt": len(topics)})
    return epoch


def _contiguous_end(events: Sequence[Event], last: int) -> list[Event]:
    """The longest run of events that ends at ``last`` without a gap."""
    run: list[Event] = []
    for event in reversed(events):
        if event.offset != last - len(run):
            break
        run.append(event)
    return run[::-1]
