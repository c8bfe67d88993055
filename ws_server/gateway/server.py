"""A gateway process: its parts put together, its life from start to drain."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Iterable, Sequence

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ..settings import GatewaySettings
from ..stream_keys import StreamKeys
from .acknowledgements import Acknowledgements
from .admission import Admission
from .attendance import Attendance
from .backlog import Backlog
from .close_codes import CloseCode
from .connection import Connection
from .connection_log import ConnectionLog
from .connection_log_writer import ConnectionLogWriter
from .handshake import AdmittedConnection, Handshake
from .http_answers import json_answer, text_answer
from .hub import Hub, Listener
from .key_set import KeySet, fetch_json
from .metrics import Metrics
from .peers import Peers
from .presence import Presence
from .presence_store import PresenceStore
from .reader import Reader
from .session import Session, SessionLimits
from .sign_ins import SignIns
from .stream_store import StreamStore
from .token_verifier import TokenVerifier

__all__ = ["Gateway"]

SUBPROTOCOL = Subprotocol("fynlo.v1")
MESSAGE_MOST_BYTES = 16 * 1024
DRAIN_SLICES = 20

_logger = logging.getLogger(__name__)


class Gateway:
    """Serves tills until told to stop."""

    def __init__(self, settings: GatewaySettings, limits: SessionLimits | None = None) -> None:
        self._settings = settings
        self._limits = limits or SessionLimits()
        self._metrics = Metrics()
        keys = StreamKeys(settings.stream_prefix)
        process = uuid.uuid4().hex
        self._store = StreamStore(settings.redis_url, keys, process)
        acknowledgements = Acknowledgements[Listener](settings.ack_topics, settings.ack_within_s, settings.ack_attempts)
        self._hub = Hub(self._store, self._metrics, acknowledgements)
        self._peers = Peers(settings.redis_url, keys, process)
        self._presence_store = PresenceStore(settings.redis_url, keys, process)
        presence = Presence(self._presence_store, self._peers, settings.presence_grace_s)
        self._attendance = Attendance(SignIns(settings, time.monotonic), presence, self._peers)
        self._log = ConnectionLog(process, time.time())
        self._log_writer = ConnectionLogWriter(settings.redis_url, keys, process, self._log, self._metrics)
        self._reader = Reader(self._store, self._hub, self._metrics)
        self._keys = KeySet(fetch_json(settings.jwks_url))
        self._verifier = TokenVerifier(self._keys)
        self._handshake = Handshake(
            settings, Admission(settings), self._verifier, self._hub, self._attendance, self._metrics
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set, then drain. A task that fails ends the process."""
        async with self._serve() as server:
            port = server.sockets[0].getsockname()[1]
            _logger.info("gateway listening", extra={"host": self._settings.host, "port": port})
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(work)
                    for work in (
                        self._reader.run(),
                        self._reader.beat(),
                        self._keys.keep_fresh(),
                        self._peers.speak(),
                        self._peers.listen(self._attendance.hear),
                        self._attendance.presence.run(),
                        self._log_writer.run(),
                        self._tick(),
                    )
                ]
                await stop.wait()
                await self._drain(server)
                await _end(background)
        await self._log_writer.finish()
        for store in (self._store, self._presence_store, self._peers):
            await store.close()

    def _serve(self) -> Server:
        return serve(
            self._handle,
            self._settings.host,
            self._settings.port,
            process_request=self._answer_request,
            create_connection=AdmittedConnection,
            select_subprotocol=_select_subprotocol,
            compression=None,
            open_timeout=5,
            ping_interval=self._settings.silence_s,
            ping_timeout=self._settings.silence_s,
            close_timeout=5,
            max_size=MESSAGE_MOST_BYTES,
            max_queue=16,
            server_header=None,
            backlog=4096,
        )

    # HTTP

    async def _answer_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, AdmittedConnection)
        match request.path:
            case "/health/live":
                return json_answer(200, {"live": True})
            case "/health/ready":
                report = self._readiness()
                return json_answer(200 if report["ready"] else 503, report)
            case "/metrics":
                return text_answer(self._metrics.render(self._gauges()))
        return await self._handshake.check(connection, request)

    def _readiness(self) -> dict[str, object]:
        reader_moves, has_epoch = self._reader.moves(), self._hub.epoch is not None
        ready = reader_moves and has_epoch and len(self._keys) > 0 and not self._handshake.draining
        return {
            "ready": ready,
            "reader_moves": reader_moves,
            "epoch": self._hub.epoch,
            "keys": len(self._keys),
            "draining": self._handshake.draining,
            "connections": len(self._hub.connections),
        }

    def _gauges(self) -> dict[str, float]:
        connections = self._hub.connections
        return {
            "fynlo_ws_connections": len(connections),
            "fynlo_ws_connections_authenticated": sum(c.identity is not None for c in connections),
            "fynlo_ws_topics": len(self._hub.topics),
            "fynlo_ws_reader_age_seconds": self._reader.age_s,
            "fynlo_ws_relay_age_seconds": self._reader.relay_age_s,
            "fynlo_ws_connection_records_waiting": self._log.waiting,
            "fynlo_ws_ready": float(bool(self._readiness()["ready"])),
        }

    # Connections

    async def _handle(self, websocket: ServerConnection) -> None:
        assert isinstance(websocket, AdmittedConnection)
        self._metrics.count("fynlo_ws_connects_total")
        settings = self._settings
        connection = Connection(
            websocket,
            Session(websocket.id.hex, self._limits, time.time()),
            Backlog(settings.buffer_soft_bytes, settings.buffer_hard_bytes, settings.buffer_patience_s),
            settings.buffer_patience_s,
            hub=self._hub,
            attendance=self._attendance,
            verifier=self._verifier,
            metrics=self._metrics,
            log=self._log,
        )
        await connection.run(websocket.identity)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._hub.tick()

    async def _drain(self, server: Server) -> None:
        """Send the clients away in random order, a slice at a time, so that none storms back."""
        self._handshake.draining = True
        leaving = list(self._hub.connections)
        random.shuffle(leaving)
        _logger.info("draining", extra={"connections": len(leaving)})
        size = max(1, -(-len(leaving) // DRAIN_SLICES))
        for start in range(0, len(leaving), size):
            for connection in leaving[start : start + size]:
                connection.end(CloseCode.RESTART, "restarting")
            await asyncio.sleep(self._settings.drain_s / DRAIN_SLICES)
        server.close(code=CloseCode.RESTART, reason="restarting")
        await server.wait_closed()


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until it is heeded: before Python 3.12 a command being sent to Redis may swallow it."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.2)


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None
