"""Starts one of the two processes: ``python -m ws_server relay`` or ``… gateway``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

from .gateway.server import Gateway
from .json_log import start_logging
from .relay.health import serve_health
from .relay.relay import Relay
from .settings import GatewaySettings, RelaySettings, SettingsError


def main() -> int:
    """Run the process named on the command line; 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m ws_server", description=__doc__)
    parser.add_argument("process", choices=["relay", "gateway"])
    run = {"relay": run_relay, "gateway": run_gateway}[parser.parse_args().process]
    try:
        run()
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


def run_gateway() -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    settings = GatewaySettings.from_env(os.environ)
    start_logging("gateway", settings.log_level)

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await Gateway(settings).run(stop)

    asyncio.run(serve())


if __name__ == "__main__":
    sys.exit(main())
