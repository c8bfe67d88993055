"""What others may know of a gateway process: health, readiness and figures, answered over plain HTTP."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path

from redis.exceptions import RedisError
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from .admission import Admission
from .connection_log import ConnectionLog
from .handshake import Handshake
from .http_answers import json_answer, problem, text_answer
from .hub import Hub
from .key_set import KeySet
from .metrics import Metrics
from .reader import Reader
from .stream_store import StreamStore, Unavailable

__all__ = ["Monitor"]

LOOP_PROBE_S = 0.5
COMPARE_S = 15.0
PAGE_BYTES = resource.getpagesize()


class Monitor:
    """Looks at the parts of one gateway. Live means that the loop turns; ready, that it serves tills."""

    def __init__(
        self,
        *,
        metrics: Metrics,
        hub: Hub,
        reader: Reader,
        keys: KeySet,
        store: StreamStore,
        admission: Admission,
        handshake: Handshake,
        log: ConnectionLog,
    ) -> None:
        self._metrics = metrics
        self._hub = hub
        self._reader = reader
        self._keys = keys
        self._store = store
        self._admission = admission
        self._handshake = handshake
        self._log = log
        self._started_at = time.time()
        self._behind = 0

    def answer(self, path: str, *, with_metrics: bool = True) -> Response | None:
        """The answer to a path of the monitor's; None for any other."""
        match path:
            case "/health/live":
                return json_answer(200, {"live": True})
            case "/health/ready":
                report = self.readiness()
                return json_answer(200 if report["ready"] else 503, report)
            case "/metrics" if with_metrics:
                return text_answer(self.exposition())
        return None

    def serve(self, host: str, port: int) -> Server:
        """Answer on a port of the monitor's own, where no till connects."""

        def answer(_connection: ServerConnection, request: Request) -> Response:
            return self.answer(request.path) or problem(404, "not_found", "Only health and metrics are here.")

        return serve(_refuse, host, port, process_request=answer, open_timeout=5, server_header=None)

    def readiness(self) -> dict[str, object]:
        """Whether tills are served, and what that hangs on; the reader must have heard a heartbeat lately."""
        reader_moves, has_epoch = self._reader.moves(), self._hub.epoch is not None
        draining = self._handshake.draining
        return {
            "ready": reader_moves and has_epoch and len(self._keys) > 0 and not draining,
            "reader_moves": reader_moves,
            "epoch": self._hub.epoch,
            "keys": len(self._keys),
            "draining": draining,
            "connections": len(self._hub.connections),
        }

    def exposition(self) -> str:
        """Every figure in Prometheus' text format."""
        return self._metrics.render({**self._connections(), **self._reading(), **_process(), **self._age()})

    async def watch_loop(self) -> None:
        """Measure for ever how late the event loop is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOP_PROBE_S
            await asyncio.sleep(LOOP_PROBE_S)
            self._metrics.observe("fynlo_ws_loop_lag_seconds", loop.time() - due)

    async def watch_streams(self) -> None:
        """Compare for ever where the reader stands with where the streams end."""
        while True:
            await asyncio.sleep(COMPARE_S)
            try:
                await self.compare()
            except (Unavailable, RedisError, OSError):
                continue  # the reader says so itself, and loudly

    async def compare(self) -> None:
        """Note how many events the streams hold that the reader has not handed on; may raise."""
        ends = await self._store.last_offsets(sorted(self._hub.topics))
        topics = self._hub.topics
        self._behind = sum(max(0, end - topics[name].position) for name, end in ends.items() if name in topics)

    def _connections(self) -> dict[str, float]:
        connections = self._hub.connections
        return {
            "fynlo_ws_connections": len(connections),
            "fynlo_ws_connections_authenticated": sum(c.identity is not None for c in connections),
            "fynlo_ws_connections_closing": max(0, self._admission.admitted - len(connections)),
            "fynlo_ws_handshakes": self._admission.opening,
            "fynlo_ws_hung_up_total": self._admission.hung_up,
            "fynlo_ws_buffered_bytes": sum(c.buffered_bytes for c in connections),
            "fynlo_ws_pressed": len(self._hub.pressed),
            "fynlo_ws_connection_records_waiting": self._log.waiting,
        }

    def _reading(self) -> dict[str, float]:
        return {
            "fynlo_ws_topics": len(self._hub.topics),
            "fynlo_ws_reader_age_seconds": self._reader.age_s,
            "fynlo_ws_reader_behind": self._behind,
            "fynlo_ws_relay_age_seconds": self._reader.relay_age_s,
            "fynlo_ws_ready": float(bool(self.readiness()["ready"])),
        }

    def _age(self) -> dict[str, float]:
        return {"process_start_time_seconds": round(self._started_at, 3)}


def _process() -> dict[str, float]:
    times = os.times()
    return {
        "process_cpu_seconds_total": round(times.user + times.system, 3),
        "process_resident_memory_bytes": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES,
        "process_open_fds": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are all that is wanted
        "process_max_fds": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    }


async def _refuse(websocket: ServerConnection) -> None:
    """Never reached: every request is answered before it becomes a connection."""
    await websocket.close()
