"""The relay's loop: number, publish, keep house, sleep until woken; survive every outage."""

from __future__ import annotations

import logging
import os
import select
import time
from datetime import UTC, datetime

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
FORGET_EVERY_S = 3600.0
FORGET_BATCH = 5000

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
        self._outbox: Outbox | None = None
        self._epoch: str | None = None  # None: Redis is to be brought up to date first
        self._database_backoff = Backoff()
        self._redis_backoff = Backoff(most_s=1.0)  # tills ahead of a killed Redis wait for us
        self._redis_try_at = self._beat_at = self._forget_at = 0.0
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
        outbox = self._outbox or self._connect()
        if self.status.role != "active" and not self._take_lead(outbox):
            return self._pause(POLL_S)
        events = outbox.number(BATCH)
        self._publish(outbox, events)
        self._beat()
        self._forget(outbox)
        if len(events) < BATCH:
            outbox.wait(POLL_S, self._stop_read)

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
        return leads

    def _database_lost(self, error: psycopg2.Error) -> None:
        self._let_go_of_database()
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

    def _publish(self, outbox: Outbox, events: list[Event]) -> None:
        try:
            if self._epoch is None:
                if time.monotonic() >= self._redis_try_at:
                    self._recover(outbox)
            elif events:
                self._streams.append(events, self._epoch)
                self.status.published += len(events)
        except (redis.RedisError, EpochLost, OSError) as error:
            self._redis_lost(error)
        self._note_lag(outbox, events)

    def _recover(self, outbox: Outbox) -> None:
        # This also publishes the rows just numbered: they are what the streams lack.
        self._epoch = recover(outbox, self._streams, self._settings.stream_length)
        self._redis_backoff.reset()
        self.status.has_redis, self.status.epoch = True, self._epoch
        self._beat_at = 0.0
        _logger.info("streams up to date", extra={"epoch": self._epoch})

    def _beat(self) -> None:
        if self._epoch is None or time.monotonic() < self._beat_at:
            return
        self._beat_at = time.monotonic() + HEARTBEAT_S
        try:
            self._streams.beat(self._epoch)
        except (redis.RedisError, EpochLost, OSError) as error:
            self._redis_lost(error)

    def _redis_lost(self, error: Exception) -> None:
        self._epoch = None
        self.status.has_redis, self.status.epoch = False, None
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

    # House-keeping

    def _forget(self, outbox: Outbox) -> None:
        # What Redis may still lack is never deleted, however old.
        if self._epoch is None or time.monotonic() < self._forget_at:
            return
        forgotten = outbox.forget(self._settings.retention_days, FORGET_BATCH)
        if forgotten < FORGET_BATCH:
            self._forget_at = time.monotonic() + FORGET_EVERY_S
        if forgotten:
            _logger.info("outbox rows deleted", extra={"rows": forgotten})

    def _pause(self, seconds: float) -> None:
        select.select([self._stop_read], [], [], seconds)
