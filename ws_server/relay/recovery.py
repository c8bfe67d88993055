"""Making Redis agree with the database again, after a start or any loss."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .event import Event
from .outbox import Outbox
from .streams import StreamEnd, Streams

__all__ = ["Recovery", "continues", "recover"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovery:
    """The epoch that now holds, whether it is a new one, and how many events Redis was given back."""

    epoch: str
    is_new: bool
    refilled: int


def recover(outbox: Outbox, streams: Streams, most: int) -> Recovery:
    """Bring every stream to its topic's last offset.

    A stream that is merely behind is continued from the outbox. A new epoch begins when Redis
    was emptied, when the outbox no longer reaches back to where a stream ends, or when a stream
    tells another story than the database: it is ahead, or another event stands at its end. Then
    one of the two was restored from a backup. At most ``most`` events per topic return.

    To be called before anything new is numbered: a place that a restored database gives a second
    time is then not yet given.
    """
    epoch = streams.epoch()
    ends = streams.ends(outbox.last_offsets())
    # Read the database second: whatever another relay added meanwhile is then counted in it.
    in_database = outbox.last_offsets()
    if epoch is None:
        return _begin_epoch(outbox, streams, sorted({*ends, *in_database}), most)
    beyond_repair = _strangers(outbox, ends)
    refilled = 0
    for topic in sorted(ends.keys() - beyond_repair):
        after, last = ends[topic].offset, in_database.get(topic, 0)
        if after != last:
            events = _missing(outbox, topic, after, last, most)
            streams.append(events, epoch)
            refilled += len(events)
            beyond_repair |= set() if events else {topic}
    if beyond_repair:
        return _begin_epoch(outbox, streams, sorted(beyond_repair), most)
    return Recovery(epoch, is_new=False, refilled=refilled)


def continues(events: Sequence[Event], after: int, upto: int) -> bool:
    """Whether the events are exactly those with ``after < offset <= upto``."""
    return [event.offset for event in events] == list(range(after + 1, upto + 1))


def _strangers(outbox: Outbox, ends: Mapping[str, StreamEnd]) -> set[str]:
    """Topics at whose end stands another event than the database has there."""
    places = {topic: end.offset for topic, end in ends.items() if end.event_id is not None}
    kept = outbox.event_ids(places)
    return {topic for topic, event_id in kept.items() if event_id != ends[topic].event_id}


def _missing(outbox: Outbox, topic: str, after: int, last: int, most: int) -> list[Event]:
    """All events that the stream lacks, or none when they cannot be had without a gap."""
    if not 0 <= after < last <= after + most:
        return []
    events = outbox.events_between(topic, after, last)
    if not continues(events, after, last):
        return []
    _logger.info("stream continued", extra={"topic": topic, "events": len(events)})
    return events


def _begin_epoch(outbox: Outbox, streams: Streams, topics: Sequence[str], most: int) -> Recovery:
    epoch = streams.renew_epoch(topics)
    last_offsets = outbox.last_offsets()
    refilled = 0
    for topic in topics:
        last = last_offsets.get(topic, 0)
        events = _contiguous_end(outbox.events_between(topic, last - most, last), last)
        if events:
            streams.append(events, epoch)
        elif last:
            streams.mark_position(topic, last, epoch)
        refilled += len(events)
    _logger.warning("new epoch", extra={"epoch": epoch, "topics_rebuilt": len(topics)})
    return Recovery(epoch, is_new=True, refilled=refilled)


def _contiguous_end(events: Sequence[Event], last: int) -> list[Event]:
    """The longest run of events that ends at ``last`` without a gap."""
    run: list[Event] = []
    for event in reversed(events):
        if event.offset != last - len(run):
            break
        run.append(event)
    return run[::-1]
