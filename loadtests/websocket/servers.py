"""The processes of a run: gateways, the contestant and a crowd of clients; their CPU and memory; the relay's part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis

from loadtests.resource_watch import Roots
from loadtests.websocket.tokens import Issuer
from loadtests.worker_meter import nanoseconds
from scripts.local.failure import SetupFailure
from scripts.local.layout import ROOT
from scripts.local.ports import any_free
from ws_server.relay.event import Event
from ws_server.relay.streams import Streams
from ws_server.stream_keys import StreamKeys

STREAM_LENGTH = 10_000
START_S = 30
#: One address plays all tills.
NO_LIMITS = {
    "FYNLO_WS_MAX_CONNECTIONS": "20000",
    "FYNLO_WS_MAX_OPEN_PER_IP": "20000",
    "FYNLO_WS_CONNECTS_PER_IP_PER_S": "100000",
    "FYNLO_WS_CONNECT_BURST_PER_IP": "100000",
    "FYNLO_WS_CONNECTS_PER_S": "100000",
    "FYNLO_WS_CONNECT_BURST": "100000",
    "FYNLO_WS_MAX_WAITING_PER_IP": "20000",
    "FYNLO_WS_MAX_HANDSHAKES": "20000",
}


class Program:
    """A child process that is measured."""

    def __init__(self, argv: list[str], env: dict[str, str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *argv], env={**os.environ, **env}, cwd=ROOT, stdout=output, stderr=output
            )
        self.port = int(env["FYNLO_WS_PORT"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """Time on a CPU since it started, as the scheduler booked it."""
        return nanoseconds(self.pid) / 1e9

    @property
    def pss_kb(self) -> int:
        """Memory, with shared pages counted by their share."""
        for row in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if row.startswith("Pss:"):
                return int(row.split()[1])
        raise RuntimeError("the kernel tells no PSS")

    def figure(self, name: str) -> float:
        """One figure of its ``/metrics``, labels and all."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.rpartition(" ")[2])
        return 0.0

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def await_answer(self, path: str, *statuses: int) -> None:
        """Return when it answers like that."""
        give_up_at = time.monotonic() + START_S
        while _status(f"http://127.0.0.1:{self.port}{path}") not in statuses:
            if time.monotonic() > give_up_at or self._process.poll() is not None:
                raise SetupFailure(f"The server on port {self.port} does not answer {path}.")
            time.sleep(0.05)


class Servers:
    """Redis is there already; gateways and contestants read from below a prefix of this run's own."""

    def __init__(self, redis_url: str, jwks_url: str, issuer: Issuer, logs: Path) -> None:
        self.issuer = issuer
        self._logs = logs
        prefix = f"load-{uuid.uuid4().hex[:8]}:"
        self._env = {"FYNLO_REDIS_URL": redis_url, "FYNLO_STREAM_PREFIX": prefix, "FYNLO_JWKS_URL": jwks_url}
        self._env["FYNLO_LOG_LEVEL"] = "WARNING"
        self._redis_url, self._prefix = redis_url, prefix
        self.relay = RelayPart(redis_url, prefix)
        self._pids: dict[str, list[int]] = {"gateway": [], "broadcast": [], "clients": []}

    def groups(self) -> dict[str, Roots]:
        """The processes by what they are for, as a resource watch reads them."""
        return {name: lambda pids=pids: tuple(pids) for name, pids in self._pids.items()}  # type: ignore[misc]

    @contextmanager
    def crowd(self, program: Program, first: int = 0) -> Iterator[CrowdProcess]:
        """Clients of one server, in a process of their own; ``first`` keeps apart the tills of several crowds."""
        process = CrowdProcess(program.port, self.issuer, first)
        self._pids["clients"].append(process.pid)
        try:
            yield process
        finally:
            self._pids["clients"].remove(process.pid)
            process.close()

    @contextmanager
    def gateway(self, **env: str) -> Iterator[Program]:
        """A gateway process, without limits by address unless they are given."""
        settings = {**self._env, **NO_LIMITS, "FYNLO_WS_DRAIN_S": "0", "FYNLO_WS_PORT": str(any_free()), **env}
        program = Program(["-m", "ws_server", "gateway"], settings, self._logs / "gateway.log")
        with self._running("gateway", program) as gateway:
            gateway.await_answer("/health/ready", 200)
            yield gateway

    @contextmanager
    def broadcaster(self, topic: str) -> Iterator[Program]:
        """The contestant's process."""
        settings = {**self._env, "FYNLO_WS_PORT": str(any_free()), "CONTEST_TOPIC": topic}
        argv = ["-m", "loadtests.websocket.broadcast_server"]
        with self._running("broadcast", Program(argv, settings, self._logs / "broadcast.log")) as server:
            server.await_answer("/", 426)
            yield server

    def forget(self) -> None:
        """Remove what this run wrote."""
        with redis.Redis.from_url(self._redis_url) as client:
            for key in client.scan_iter(match=f"{self._prefix}*", count=1000):
                client.delete(key)

    @contextmanager
    def _running(self, group: str, program: Program) -> Iterator[Program]:
        self._pids[group].append(program.pid)
        try:
            yield program
        finally:
            self._pids[group].remove(program.pid)
            program.stop()


class RelayPart:
    """Writes streams by the relay's own code; the outbox before it is another load test's matter."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._streams = Streams(redis_url, StreamKeys(prefix), STREAM_LENGTH)
        self._epoch = self._streams.renew_epoch([])
        self._offsets: dict[str, int] = {}
        self.written_at: dict[tuple[str, int], float] = {}

    def publish(self, topic: str, count: int = 1, size: int = 200) -> int:
        """Add events whose data is ``size`` bytes, all in one go; returns the last offset."""
        first = self._offsets.get(topic, 0) + 1
        now, payload = time.time(), json.dumps({"text": "x" * size})
        at = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        events = [Event(topic, n, str(uuid.uuid4()), "order.updated", payload, at) for n in range(first, first + count)]
        self._streams.append(events, self._epoch)
        self._offsets[topic] = first + count - 1
        self.written_at.update(((topic, event.offset), now) for event in events)
        return self._offsets[topic]


@contextmanager
def servers(redis_url: str, logs: Path) -> Iterator[Servers]:
    """Everything but Redis, on this Redis; what was written to it is removed at the end."""
    logs.mkdir(parents=True, exist_ok=True)
    issuer = Issuer()
    with ExitStack() as stack:
        running = Servers(redis_url, stack.enter_context(issuer.published()), issuer, logs)
        stack.callback(running.forget)
        yield running


class CrowdProcess:
    """The parent's side of a crowd; every command is a line of JSON and so is its answer."""

    def __init__(self, port: int, issuer: Issuer, first: int = 0) -> None:
        argv = [sys.executable, "-m", "loadtests.websocket.crowd", json.dumps({"port": port, "first": first})]
        env = {**os.environ, "CROWD_KEY": issuer.pem}
        self._process = subprocess.Popen(argv, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self._process.pid

    def ask(self, do: str, **arguments: Any) -> Any:
        """Do it and return the answer."""
        self.tell(do, **arguments)
        return self.answer()

    def tell(self, do: str, **arguments: Any) -> None:
        """Begin with it; ``answer`` must be called in turn."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the crowd's process has ended")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
