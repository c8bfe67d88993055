"""Starts one of the processes: ``python -m ws_server relay`` or ``… gateway [--workers N]``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from .gateway.process import allow_open_files, collect_rarely
from .gateway.server import Gateway
from .gateway.workers import WORKER_VARIABLE, Workers, orphaned
from .json_log import start_logging
from .relay.health import serve_health
from .relay.relay import Relay
from .settings import GatewaySettings, RelaySettings, SettingsError


def main() -> int:
    """Run the process named on the command line; 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m ws_server", description=__doc__)
    processes = parser.add_subparsers(dest="process", required=True)
    processes.add_parser("relay", help="carry the outbox to Redis")
    gateway = processes.add_parser("gateway", help="carry Redis to the tills")
    gateway.add_argument("--workers", help="processes that share the port (FYNLO_WS_WORKERS)")
    options = parser.parse_args()
    try:
        if options.process == "relay":
            run_relay()
        else:
            run_gateway({**os.environ, **({"FYNLO_WS_WORKERS": options.workers} if options.workers else {})})
    except (SettingsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run_relay() -> None:
    """Relay until SIGTERM or SIGINT."""
    settings = RelaySettings.from_env(os.environ)
    start_logging("relay", settings.log_level)
    relay = Relay(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
    if settings.health_port is not None:
        serve_health(relay.status, settings.health_host, settings.health_port)
    relay.run()


def run_gateway(env: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT, then drain; alone, as one of several workers, or as their supervisor."""
    settings = GatewaySettings.from_env(env)
    worker = env.get(WORKER_VARIABLE)
    if worker is None and settings.workers > 1:
        start_logging("gateway supervisor", settings.log_level)
        asyncio.run(_supervise(settings, env))
        return
    start_logging("gateway" if worker is None else f"gateway {worker}", settings.log_level)
    allow_open_files(settings.max_connections)
    if worker is not None and settings.health_port is not None:
        settings = replace(settings, health_port=settings.health_port + int(worker))
    asyncio.run(_serve(settings, worker is not None))


async def _supervise(settings: GatewaySettings, env: Mapping[str, str]) -> None:
    workers = Workers(settings, env)
    stop = _stopped_by_signals(lambda: workers.signal(signal.SIGHUP))
    await workers.run(stop)


async def _serve(settings: GatewaySettings, supervised: bool) -> None:
    gateway = Gateway(settings)
    stop = _stopped_by_signals(gateway.reload_certificate)
    collect_rarely()
    if not supervised:
        await gateway.run(stop)
        return
    orphan = asyncio.create_task(orphaned())
    orphan.add_done_callback(lambda _: stop.set())
    await gateway.run(stop)
    orphan.cancel()


def _stopped_by_signals(reload: Callable[[], None]) -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; SIGHUP reloads."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    return stop


if __name__ == "__main__":
    sys.exit(main())
