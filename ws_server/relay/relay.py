"""The relay's loop: number, publish, keep house, sleep until woken; survive every outage."""

from __future__ import annotations

import logging
import os
import select
import time
from datetime import UTC, datetime, timedelta

import psycopg2
import redis

from ..backoff import Backoff
from ..settings import RelaySettings
from ..stream_keys import StreamKeys
from .event import Event
from .outbox import Outbox
from .recovery import recover
from .status import RelayStatus
from .streams import EpochLost, Streams

__all__ = ["Relay"]

BATCH = 500
POLL_S = 1.0
HEARTBEAT_S = 2.0
#: Rows are deleted in statements of some milliseconds, one a turn, so that numbering never waits for them.
FORGET_EVERY_S = 60.0
FORGET_BATCH = 1000
TRIM_EVERY_S = 60.0

REDIS_ERRORS = (redis.RedisError, EpochLost, OSError)

_logger = logging.getLogger(__name__)


class Relay:
    """Carries committed rows from the database to Redis, in order, until ``stop()``.

    Losing either side is normal: rows keep their places in the database, and whatever Redis
    lacks is added from there before anything new.
    """

    def __init__(self, settings: RelaySettings) -> None:
        keys = StreamKeys(settings.stream_prefix)
        self._settings = settings
        self._streams = Streams(settings.redis_url, keys, settings.stream_length)
        self._trimmer = self._streams.trimmer()
        self._outbox: Outbox | None = None
        self._epoch: str | None = None  # None: Redis is to be brought up to date first
        self._database_backoff = Backoff()
        self._redis_backoff = Backoff(most_s=1.0)  # tills ahead of a killed Redis wait for us
        self._redis_try_at = self._beat_at = self._forget_at = self._trim_at = 0.0
        self._stop_read, self._stop_write = os.pipe()
        self._stopping = False
        self.status = RelayStatus()

    def stop(self) -> None:
        """Ask the loop to end; safe in a signal handler."""
        self._stopping = True
        os.write(self._stop_write, b"x")

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping:
            try:
                self._turn()
            except psycopg2.Error as error:
                self._database_lost(error)
            self.status.turned_at = datetime.now(UTC)
        self._let_go_of_database()
        self._streams.close()

    def _turn(self) -> None:
        began = time.monotonic()
        outbox = self._outbox or self._connect()
        if self.status.role != "active" and not self._take_lead(outbox):
            return self._pause(POLL_S)
        events = self._carry(outbox)
        self._beat()
        self._forget(outbox)
        self._trim()
        self.status.note_turn(time.monotonic() - began)
        if len(events) < BATCH:
            outbox.wait(POLL_S, self._stop_read)

    def _carry(self, outbox: Outbox) -> list[Event]:
        """Number what waits and publish it; what Redis lacks goes first."""
        if self._epoch is None and time.monotonic() >= self._redis_try_at:
            self._recover(outbox)
        events = outbox.number(BATCH)
        self.status.numbered += len(events)
        if events and self._epoch is not None:
            self._publish(events, self._epoch)
        self._note_lag(outbox, events)
        return events

    # Leadership and the database

    def _connect(self) -> Outbox:
        self._outbox = Outbox(self._settings.database_dsn)
        self._database_backoff.reset()
        self.status.has_database = True
        return self._outbox

    def _take_lead(self, outbox: Outbox) -> bool:
        leads = outbox.take_lead()
        role = "active" if leads else "standby"
        if role != self.status.role:
            _logger.info("role changed", extra={"role": role})
        self.status.role = role
        if leads:
            self._epoch = None  # another relay may have written since we last looked
            self.status.leads_taken += 1
        return leads

    def _database_lost(self, error: psycopg2.Error) -> None:
        self._let_go_of_database()
        self.status.database_losses += 1
        delay = self._database_backoff.next_s()
        _logger.warning("database lost", extra={"error": str(error).strip(), "retry_s": delay})
        self._beat()
        self._pause(delay)

    def _let_go_of_database(self) -> None:
        if self._outbox is not None:
            self._outbox.close()
        self._outbox = None
        self.status.has_database = False
        self.status.role = "starting"

    # Redis

    def _recover(self, outbox: Outbox) -> None:
        try:
            recovery = recover(outbox, self._streams, self._settings.stream_length)
        except REDIS_ERRORS as error:
            return self._redis_lost(error)
        self._epoch = recovery.epoch
        self._redis_backoff.reset()
        status = self.status
        status.has_redis, status.epoch = True, recovery.epoch
        status.refills += 1
        status.refilled += recovery.refilled
        status.new_epochs += recovery.is_new
        status.oldest_unsent_at = None
        self._beat_at = 0.0
        _logger.info("streams up to date", extra={"epoch": recovery.epoch, "refilled": recovery.refilled})

    def _publish(self, events: list[Event], epoch: str) -> None:
        try:
            self._streams.append(events, epoch)
        except REDIS_ERRORS as error:
            return self._redis_lost(error)
        self.status.published += len(events)
        self.status.without_data = self._streams.without_data

    def _beat(self) -> None:
        if self._epoch is None or time.monotonic() < self._beat_at:
            return
        self._beat_at = time.monotonic() + HEARTBEAT_S
        try:
            self._streams.beat(self._epoch)
        except REDIS_ERRORS as error:
            self._redis_lost(error)

    def _redis_lost(self, error: Exception) -> None:
        self._epoch = None
        self.status.has_redis, self.status.epoch = False, None
        self.status.redis_losses += 1
        delay = self._redis_backoff.next_s()
        self._redis_try_at = time.monotonic() + delay
        cause = "epoch missing" if isinstance(error, EpochLost) else str(error)
        _logger.warning("redis lost", extra={"error": cause, "retry_s": delay})

    def _note_lag(self, outbox: Outbox, events: list[Event]) -> None:
        status = self.status
        if not status.has_redis:
            if status.oldest_unsent_at is None and events:
                status.oldest_unsent_at = events[0].created_at
        else:
            status.oldest_unsent_at = outbox.oldest_unnumbered() if len(events) == BATCH else None

    # House-keeping: what Redis may still lack is never deleted, however old

    def _forget(self, outbox: Outbox) -> None:
        if self._epoch is None or time.monotonic() < self._forget_at:
            return
        forgotten = outbox.forget(self._settings.retention_days, FORGET_BATCH)
        self.status.deleted += forgotten
        if forgotten < FORGET_BATCH // 2:  # some of a full batch may be held back by their predecessors
            self._forget_at = time.monotonic() + FORGET_EVERY_S
        if forgotten:
            _logger.info("outbox rows deleted", extra={"rows": forgotten})

    def _trim(self) -> None:
        if self._epoch is None or time.monotonic() < self._trim_at:
            return
        cutoff = datetime.now(UTC) - timedelta(hours=self._settings.stream_max_age_h)
        try:
            if self._trimmer.step(cutoff):
                self._trim_at = time.monotonic() + TRIM_EVERY_S
        except REDIS_ERRORS as error:
            return self._redis_lost(error)
        self.status.trimmed, self.status.streams = self._trimmer.trimmed, self._trimmer.streams

    def _pause(self, seconds: float) -> None:
        select.select([self._stop_read], [], [], seconds)
