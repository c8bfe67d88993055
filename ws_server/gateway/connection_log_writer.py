"""Writes the connection log to Redis in batches, and a key that proves this process lives."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..stream_keys import RECORD_FIELD, StreamKeys
from .connection_log import Batch, ConnectionLog
from .metrics import Metrics

__all__ = ["ConnectionLogWriter"]

EVERY_S = 1.0
ALIVE_KEY_LIVES_S = 15
STREAM_LENGTH = 50_000
FINISH_WITHIN_S = 3.0

_logger = logging.getLogger(__name__)


class ConnectionLogWriter:
    """One transaction a batch: its records and the key ``gateway:{process}``.

    Redis away: the log waits in memory. Redis emptied, or this process away for longer than its
    key lives: the key is missing, so all open connections are announced anew.
    """

    def __init__(self, url: str, keys: StreamKeys, process: str, log: ConnectionLog, metrics: Metrics) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._stream = keys.connections
        self._alive_key = keys.gateway(process)
        self._log = log
        self._metrics = metrics
        self._started_at = time.time()
        self._was_written = False
        self._is_away = False
        self._dropped = 0

    async def run(self) -> None:
        """Write about once a second, until cancelled."""
        task = asyncio.current_task()
        # redis-py may swallow a cancellation that comes during a pipeline: the count of them tells.
        while task is not None and not task.cancelling():
            await asyncio.sleep(EVERY_S)
            await self.write()

    async def finish(self) -> None:
        """Write what is left and take the key away: the process ends by its own will."""
        try:
            async with asyncio.timeout(FINISH_WITHIN_S):
                if await self.write():
                    await self._redis.delete(self._alive_key)
        except (RedisError, OSError, TimeoutError) as error:
            _logger.warning("connection log not finished", extra={"error": str(error), "left": self._log.waiting})
        finally:
            await self._redis.aclose()

    async def write(self) -> bool:
        """Write all that waits; False, and it still waits, when Redis does not take it."""
        while True:
            batch = self._log.take(time.time())
            try:
                await self._write(batch)
            except (RedisError, OSError) as error:
                self._log.give_back(batch)
                self._note_away(error)
                return False
            except asyncio.CancelledError:
                self._log.give_back(batch)  # the last write, at the end, repeats it
                raise
            finally:
                self._count_dropped()
            self._is_away = False
            self._metrics.count("fynlo_ws_connection_records_total", by=len(batch.records))
            if not self._log.waiting:
                return True

    async def _write(self, batch: Batch) -> None:
        pipe = self._redis.pipeline(transaction=True)
        for record in batch.records:
            pipe.xadd(self._stream, {RECORD_FIELD: record}, maxlen=STREAM_LENGTH, approximate=True)
        pipe.set(self._alive_key, self._sign_of_life(), ex=ALIVE_KEY_LIVES_S, get=True)
        *_, before = await pipe.execute()
        if before is None and self._was_written:
            self._log.announce_again()
        self._was_written = True

    def _note_away(self, error: Exception) -> None:
        """Once an outage: Odoo takes the open connections for lost when it lasts."""
        if not self._is_away:
            _logger.warning("connection log not written", extra={"error": str(error)})
        self._is_away = True

    def _sign_of_life(self) -> str:
        return json.dumps(
            {
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "started_at": round(self._started_at, 3),
                "connections": len(self._log),
                "swept_at": round(self._log.swept_at, 3),
            }
        )

    def _count_dropped(self) -> None:
        dropped, self._dropped = self._log.dropped - self._dropped, self._log.dropped
        if dropped:
            self._metrics.count("fynlo_ws_connection_records_dropped_total", by=dropped)
