"""Several gateway processes on one port: started, started again when they die, drained together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping

from ..backoff import Backoff
from ..settings import GatewaySettings

__all__ = ["WORKER_VARIABLE", "Workers", "claim_port", "orphaned"]

#: Tells a worker its number, from 0; its standard input ends when the supervisor does.
WORKER_VARIABLE = "FYNLO_WS_WORKER"
STEADY_S = 30.0
#: Beyond the drain: for clients that do not answer the closing handshake.
KILL_AFTER_S = 15.0
WORST_BACKOFF_S = 10.0

_logger = logging.getLogger(__name__)


class Workers:
    """Keeps ``settings.workers`` gateways alive until told to stop."""

    def __init__(self, settings: GatewaySettings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._stopping = False
        self._running: dict[int, Process] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Return when every worker has drained; raises ``OSError`` when the port is taken."""
        claim_port(self._settings.host, self._settings.port)
        async with asyncio.TaskGroup() as tasks:
            keepers = [tasks.create_task(self._keep(number)) for number in range(self._settings.workers)]
            await stop.wait()
            self._stopping = True
            self.signal(signal.SIGTERM)
            _done, late = await asyncio.wait(keepers, timeout=self._settings.drain_s + KILL_AFTER_S)
            if late:
                _logger.warning("workers killed", extra={"workers": sorted(self._running)})
                self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Pass a signal on to every worker."""
        for process in self._running.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _keep(self, number: int) -> None:
        backoff = Backoff(most_s=WORST_BACKOFF_S)
        while not self._stopping:
            began = time.monotonic()
            status = await self._live_once(number)
            if self._stopping:
                return
            if time.monotonic() - began > STEADY_S:
                backoff.reset()
            delay = backoff.next_s()
            _logger.error("worker died", extra={"worker": number, "status": status, "retry_s": round(delay, 2)})
            await self._pause(delay)

    async def _live_once(self, number: int) -> int:
        command = (sys.executable, "-m", "ws_server", "gateway")
        env = {**self._env, WORKER_VARIABLE: str(number), "FYNLO_WS_WORKERS": str(self._settings.workers)}
        process = await asyncio.create_subprocess_exec(*command, env=env, stdin=asyncio.subprocess.PIPE)
        self._running[number] = process
        _logger.info("worker started", extra={"worker": number, "pid": process.pid})
        try:
            return await process.wait()
        finally:
            del self._running[number]

    async def _pause(self, seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < give_up_at:
            await asyncio.sleep(0.1)


def claim_port(host: str, port: int) -> None:
    """Raise ``OSError`` when somebody listens there: workers share a port, so the kernel would not say."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


async def orphaned() -> None:
    """Return when the supervisor is gone: its end of our standard input closes with it."""
    loop = asyncio.get_running_loop()
    gone = loop.create_future()
    reading = sys.stdin.fileno()
    os.set_blocking(reading, False)

    def look() -> None:
        if not os.read(reading, 4096):
            loop.remove_reader(reading)
            gone.set_result(None)

    loop.add_reader(reading, look)
    await gone
