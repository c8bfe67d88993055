"""Child processes of the tests: relay, gateway and a private Redis, started and killed by id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

ROOT = Path(__file__).parents[2]


def wait_until(condition: Callable[[], Any], timeout_s: float = 10, what: str = "it") -> Any:
    """Poll until the condition is true; returns its value."""
    give_up_at = time.monotonic() + timeout_s
    while time.monotonic() < give_up_at:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get_json(url: str) -> tuple[int, Any]:
    """Status and body of a GET; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


class Child:
    """A child process that can be killed and started again with the same command."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._command, self._env, self._log = command, env, log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env={**os.environ, **self._env}, cwd=ROOT, stdout=log, stderr=log
            )

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send the signal and wait; a process that is gone already is fine."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(15)

    @property
    def log_lines(self) -> list[str]:
        return self._log.read_text().splitlines()


class PrivateRedis(Child):
    """A Redis of the test's own, which may be killed; with its append-only file or without."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        self.url = f"unix://{folder}/redis.sock"
        self._folder = folder
        super().__init__(
            [
                *("redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock"),
                *("--dir", str(folder), "--save", "", "--appendonly", "yes" if keeps else "no"),
            ],
            {},
            folder / "redis.log",
        )

    def start(self) -> None:
        super().start()
        wait_until(self._answers, what="redis answering")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def start_relay(folder: Path, env: dict[str, str]) -> Child:
    return Child([sys.executable, "-m", "ws_server", "relay"], env, folder / "relay.log")


def start_gateway(folder: Path, env: dict[str, str]) -> Child:
    return Child([sys.executable, "-m", "ws_server", "gateway"], env, folder / "gateway.log")


def wait_ready(port: int) -> None:
    wait_until(
        lambda: get_json(f"http://127.0.0.1:{port}/health/ready")[0] == 200,
        timeout_s=15,
        what=f"readiness on port {port}",
    )
