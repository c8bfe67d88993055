"""A gateway process: its parts put together, its life from start to drain."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ..settings import GatewaySettings
from ..stream_keys import StreamKeys
from .acknowledgements import Acknowledgements
from .admission import Admission
from .admitted_connection import AdmittedConnection
from .attendance import Attendance
from .backlog import Backlog
from .close_codes import CloseCode
from .connection import Connection
from .connection_log import ConnectionLog
from .connection_log_writer import ConnectionLogWriter
from .handshake import Handshake
from .hub import Hub, Listener
from .key_set import KeySet, fetch_json
from .metrics import Metrics
from .monitor import Monitor
from .peers import Peers
from .presence import Presence
from .presence_store import PresenceStore
from .reader import Reader
from .session import Session, SessionLimits
from .sign_ins import SignIns
from .stream_store import StreamStore
from .tls import Certificate
from .token_verifier import TokenVerifier

__all__ = ["Gateway"]

SUBPROTOCOL = Subprotocol("fynlo.v1")
MESSAGE_MOST_BYTES = 16 * 1024
DRAIN_SLICES = 20
#: A connection hears of every single byte that has to wait, and gives up its lane (see fan_out.py) ...
WRITE_LIMIT_BYTES = 0
#: ... which an encrypted one never has; there a limit of zero would count an empty buffer as full.
WRITE_LIMIT_TLS_BYTES = 32 * 1024

_logger = logging.getLogger(__name__)


class Gateway:
    """Serves tills until told to stop."""

    def __init__(self, settings: GatewaySettings, limits: SessionLimits | None = None) -> None:
        """Raises ``OSError`` when the certificate cannot be read."""
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
        self._admission = Admission(settings)
        self._handshake = Handshake(settings, self._verifier, self._hub, self._attendance, self._metrics)
        self._certificate = _certificate(settings)
        self.monitor = Monitor(
            metrics=self._metrics,
            hub=self._hub,
            reader=self._reader,
            keys=self._keys,
            store=self._store,
            admission=self._admission,
            handshake=self._handshake,
            log=self._log,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set, then drain. A task that fails ends the process."""
        settings = self._settings
        async with AsyncExitStack() as open_ports:
            if settings.health_port is not None:
                await open_ports.enter_async_context(self.monitor.serve(settings.health_host, settings.health_port))
            server = await open_ports.enter_async_context(self._serve())
            port = server.sockets[0].getsockname()[1]
            _logger.info("gateway listening", extra={"host": settings.host, "port": port})
            await self._work_until(stop, server)
        await self._log_writer.finish()
        for store in (self._store, self._presence_store, self._peers):
            await store.close()

    def reload_certificate(self) -> None:
        """Use what the certificate's files hold now, for new connections; a bad pair changes nothing."""
        if self._certificate is None:
            return
        try:
            self._certificate.reload()
        except OSError as error:
            _logger.error("certificate not reloaded", extra={"error": str(error)})
        else:
            _logger.info("certificate reloaded")

    async def _work_until(self, stop: asyncio.Event, server: Server) -> None:
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
                    self.monitor.watch_loop(),
                    self.monitor.watch_streams(),
                    self._tick(),
                )
            ]
            await stop.wait()
            await self._drain(server)
            await _end(background)

    def _serve(self) -> Server:
        settings = self._settings
        create_connection: Any = partial(AdmittedConnection, admission=self._admission)
        return serve(
            self._handle,
            settings.host,
            settings.port,
            process_request=self._answer_request,
            create_connection=create_connection,
            select_subprotocol=_select_subprotocol,
            compression=None,
            open_timeout=5,
            ping_interval=self._settings.silence_s,
            ping_timeout=self._settings.silence_s,
            close_timeout=5,
            max_size=MESSAGE_MOST_BYTES,
            max_queue=16,
            write_limit=WRITE_LIMIT_BYTES if self._certificate is None else WRITE_LIMIT_TLS_BYTES,
            server_header=None,
            ssl=None if self._certificate is None else self._certificate.context,
            reuse_port=settings.workers > 1,
            backlog=4096,
        )

    async def _answer_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, AdmittedConnection)
        answer = self.monitor.answer(request.path, with_metrics=self._settings.health_port is None)
        return answer or await self._handshake.check(connection, request)

    # Connections

    async def _handle(self, websocket: ServerConnection) -> None:
        assert isinstance(websocket, AdmittedConnection)
        self._metrics.count("fynlo_ws_connects_total")
        websocket.response = None  # sent, and of no use to anybody any more
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
        """Send the clients away in random order, a slice at a time, so that none storms back.

        New ones are answered 503 with a time to come back until the last has left; those that are
        still there go on getting their events.
        """
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


def _certificate(settings: GatewaySettings) -> Certificate | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_cert, settings.tls_key)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until it is heeded: before Python 3.12 a command being sent to Redis may swallow it."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.2)


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None
