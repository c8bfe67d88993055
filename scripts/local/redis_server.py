"""A private Redis on a unix socket that never evicts, with its data kept when the restaurant is to be kept."""

import socket
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.local.command import clean_environment
from scripts.local.failure import SetupFailure
from scripts.local.layout import Layout
from scripts.local.process import Process


@dataclass(frozen=True)
class RedisServer:
    """The Redis of one layout."""

    layout: Layout
    program: Path
    durable: bool

    @property
    def process(self) -> Process:
        return Process(self.layout, "redis")

    def start(self) -> None:
        """Starts it and returns when it answers."""
        keep = ["--appendonly", "yes", "--appendfsync", "everysec"] if self.durable else ["--appendonly", "no"]
        argv: list[str | Path] = [
            self.program,
            "--port",
            "0",
            "--unixsocket",
            self.layout.redis_socket,
            "--unixsocketperm",
            "700",
            "--dir",
            self.layout.redis,
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
            "--databases",
            "64",
            *keep,
        ]
        self.process.start(argv, clean_environment())
        deadline = time.monotonic() + 30
        while not self.answers():
            if time.monotonic() > deadline:
                raise SetupFailure(f"Redis does not answer; {self.process.quote_log()}")
            time.sleep(0.02)

    def stop(self) -> bool:
        return self.process.stop()

    def answers(self) -> bool:
        return self._say("PING").startswith("+PONG")

    def flush(self) -> None:
        """Empties every database."""
        self._say("FLUSHALL")

    def _say(self, command: str) -> str:
        """One inline command of Redis' protocol; the empty string when nobody is there."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.layout.redis_socket))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(64).decode(errors="replace")
            except OSError:
                return ""
