"""What the gateway processes tell each other, by pub/sub: said once, heard by those who listen then."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..backoff import Backoff
from ..stream_keys import StreamKeys

__all__ = ["Peers"]

WAITING_MOST = 10_000
BATCH = 500
LISTEN_S = 1.0

_logger = logging.getLogger(__name__)

Message = dict[str, Any]


class Peers:
    """Sends and receives small messages; nothing that must not be lost goes this way."""

    def __init__(self, url: str, keys: StreamKeys, process: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._channel = keys.peers
        self._process = process
        self._waiting: deque[Message] = deque(maxlen=WAITING_MOST)
        self._something = asyncio.Event()

    def tell(self, message: Message) -> None:
        """Send to all other processes, without waiting."""
        self._waiting.append({**message, "process": self._process})
        self._something.set()

    async def speak(self) -> None:
        """Send for ever; what cannot be sent now is sent when Redis is back."""
        backoff = Backoff(most_s=2.0)
        while True:
            await self._something.wait()
            try:
                await self._send_waiting()
                backoff.reset()
            except (RedisError, OSError) as error:
                _logger.debug("peers not told", extra={"error": str(error)})
                await asyncio.sleep(backoff.next_s())

    async def listen(self, hear: Callable[[Message], None]) -> None:
        """Hand over what other processes say, for ever."""
        backoff = Backoff(most_s=2.0)
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(self._channel)
                    while True:
                        self._hear(await channel.get_message(timeout=LISTEN_S), hear)
                        backoff.reset()
            except (RedisError, OSError) as error:
                _logger.debug("peers not heard", extra={"error": str(error)})
                await asyncio.sleep(backoff.next_s())

    async def close(self) -> None:
        """Drop the connections."""
        await self._redis.aclose()

    async def _send_waiting(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
            pipe = self._redis.pipeline(transaction=False)
            for message in batch:
                pipe.publish(self._channel, json.dumps(message))
            try:
                await pipe.execute()
            except (RedisError, OSError):
                self._waiting.extendleft(reversed(batch))
                raise
        self._something.clear()

    def _hear(self, raw: Any, hear: Callable[[Message], None]) -> None:
        if raw is None:
            return
        try:
            message = json.loads(raw["data"])
        except ValueError:
            return
        if isinstance(message, dict) and message.get("process") != self._process:
            hear(message)
