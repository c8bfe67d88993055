"""A gateway's life: several workers on one port, its certificate, its private port, its figures and its end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import os
import signal
import ssl
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .exposition import read_exposition
from .gateway_host import ORDERS, GatewayHost, StreamWriter, hosted_gateway
from .processes import Child, free_port, get_json, wait_until
from .signer import Signer
from .till import ask, closed, receive

pytestmark = pytest.mark.asyncio

#: All sockets are one employee's on one device.
ANY_NUMBER = {"FYNLO_WS_MAX_PER_DEVICE": "0", "FYNLO_WS_MAX_PER_EMPLOYEE": "1000"}


# Certificates


def make_certificate(folder: Path, name: str) -> None:
    """A certificate for 127.0.0.1 that signs itself, as ``cert.pem`` and ``key.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)


async def over_tls(host: GatewayHost, signer: Signer, folder: Path, **options: Any) -> ClientConnection:
    """A signed-in client that trusts exactly what ``cert.pem`` holds now."""
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    url = host.url.replace("ws://127.0.0.1", "wss://localhost")
    headers = {"Authorization": f"Bearer {signer.token()}"}
    client = await connect(url, ssl=context, additional_headers=headers, compression=None, **options)
    await receive(client)
    return client


@pytest_asyncio.fixture
async def tls_host(
    writer: StreamWriter, prefix: str, jwks_url: str, tmp_path: Path
) -> AsyncIterator[tuple[GatewayHost, Path]]:
    make_certificate(tmp_path, "first")
    files = {"FYNLO_WS_TLS_CERT": str(tmp_path / "cert.pem"), "FYNLO_WS_TLS_KEY": str(tmp_path / "key.pem")}
    private = {"FYNLO_WS_HEALTH_PORT": str(free_port())}
    async with hosted_gateway(prefix, jwks_url, **files, **private) as host:
        yield host, tmp_path


async def test_events_and_replays_over_tls(
    tls_host: tuple[GatewayHost, Path], signer: Signer, writer: StreamWriter
) -> None:
    host, folder = tls_host
    writer.publish(ORDERS, *["x" * 5000] * 100)
    async with await over_tls(host, signer, folder) as till:
        await ask(till, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=0)
        writer.publish(ORDERS, *["y" * 5000] * 200)
        assert [(await receive(till))["offset"] for _ in range(300)] == list(range(1, 301))
        [connection] = host.gateway._hub.connections
        assert connection.lane == -1  # what is encrypted never goes straight to the socket


async def test_new_certificate_is_taken_without_dropping_anybody(
    tls_host: tuple[GatewayHost, Path], signer: Signer, writer: StreamWriter
) -> None:
    host, folder = tls_host
    async with await over_tls(host, signer, folder) as before:
        await ask(before, op="subscribe", topic=ORDERS)
        make_certificate(folder, "second")
        with pytest.raises(ssl.SSLError):
            await over_tls(host, signer, folder)
        host.gateway.reload_certificate()
        async with await over_tls(host, signer, folder) as after:
            assert await ask(after, op="ping") == {"op": "pong"}
        writer.publish(ORDERS, "still here")
        assert (await receive(before))["data"] == "still here"


async def test_bad_certificate_changes_nothing(
    tls_host: tuple[GatewayHost, Path], signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    host, folder = tls_host
    good = (folder / "cert.pem").read_bytes()
    for broken in ("half a pair", "garbage", "gone"):
        make_certificate(folder, "other")  # its key is in place, its certificate is not
        (folder / "cert.pem").write_bytes(good if broken == "half a pair" else b"garbage")
        if broken == "gone":
            (folder / "key.pem").unlink()
        host.gateway.reload_certificate()
        assert caplog.records[-1].message == "certificate not reloaded"
        (folder / "cert.pem").write_bytes(good)
        async with await over_tls(host, signer, folder) as till:
            assert await ask(till, op="ping") == {"op": "pong"}


async def test_plain_client_on_a_tls_port_harms_nobody(tls_host: tuple[GatewayHost, Path], signer: Signer) -> None:
    host, folder = tls_host
    reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
    writer.write(b"GET /ws/v1 HTTP/1.1\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 20)
    async with await over_tls(host, signer, folder) as till:
        assert await ask(till, op="ping") == {"op": "pong"}


# The private port


async def test_private_port_has_the_figures_and_the_public_one_has_not(
    writer: StreamWriter, prefix: str, jwks_url: str
) -> None:
    port = free_port()
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_HEALTH_PORT=str(port)) as host:
        reader, talk = await asyncio.open_connection("127.0.0.1", port)
        talk.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = (await reader.read()).decode()
        assert answer.startswith("HTTP/1.1 200") and "fynlo_ws_ready 1\n" in answer
        for path, status in (("/health/live", 200), ("/health/ready", 200), ("/ws/v1", 404)):
            assert (await asyncio.to_thread(get_json, f"http://127.0.0.1:{port}{path}"))[0] == status
        public = f"http://127.0.0.1:{host.port}"
        assert (await asyncio.to_thread(get_json, f"{public}/health/ready"))[0] == 200
        assert (await asyncio.to_thread(get_json, f"{public}/metrics"))[0] == 404


# Figures


async def test_every_figure_is_one_that_prometheus_takes(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    writer.publish(ORDERS, *range(5))
    async with host.connected(signer.token()) as till, host.connected():
        await ask(till, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=2)
        writer.publish(ORDERS, "live")
        for _ in range(4):
            await receive(till)
        with pytest.raises(InvalidStatus):
            await connect(host.url, additional_headers={"Authorization": "Bearer x"})
        await host.gateway.monitor.compare()
        samples = read_exposition(host.gateway.monitor.exposition())
    figures = {name: value for (name, labels), value in samples.items() if not labels}
    assert figures["fynlo_ws_connections"] == 2 and figures["fynlo_ws_connections_authenticated"] == 1
    assert figures["fynlo_ws_deliveries_total"] == 4 and figures["fynlo_ws_replayed_total"] == 3
    assert figures["fynlo_ws_delivery_latency_seconds_count"] >= 1
    assert 0 <= figures["fynlo_ws_delivery_latency_seconds_sum"] < 60
    assert figures["fynlo_ws_reader_behind"] == 0 and figures["fynlo_ws_buffered_bytes"] == 0
    assert figures["process_open_fds"] > 3 and figures["process_cpu_seconds_total"] > 0
    assert samples["fynlo_ws_auth_failures_total", (("code", "token_invalid"),)] == 1
    assert samples["fynlo_ws_delivery_latency_seconds_bucket", (("le", "30.0"),)] >= 1


async def test_reader_that_stands_still_is_seen(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as till:
        await ask(till, op="subscribe", topic=ORDERS)

        async def hear_nothing(*_args: object) -> dict[str, Any]:
            await asyncio.sleep(0.05)
            return {}

        host.gateway._store.read = hear_nothing  # type: ignore[method-assign]
        await asyncio.sleep(1.1)  # longer than the read that is under way
        writer.publish(ORDERS, 1, 2, 3)
        await host.gateway.monitor.compare()
        assert ("fynlo_ws_reader_behind", ()) in (samples := read_exposition(host.gateway.monitor.exposition()))
        assert samples["fynlo_ws_reader_behind", ()] == 3


async def test_event_loop_that_is_late_is_measured(host: GatewayHost) -> None:
    def late() -> float:
        samples = read_exposition(host.gateway.monitor.exposition())
        count = samples["fynlo_ws_loop_lag_seconds_count", ()]
        return count - samples["fynlo_ws_loop_lag_seconds_bucket", (("le", "0.5"),)]

    before = late()
    time.sleep(1.2)  # what must never happen in the loop
    async with asyncio.timeout(10):
        while late() == before:
            await asyncio.sleep(0.05)


# Drain


async def test_drain_is_spread_in_random_order_and_the_last_still_hear_events(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_DRAIN_S="3", **ANY_NUMBER) as host,
        contextlib.AsyncExitStack() as stack,
    ):
        tills = [await stack.enter_async_context(host.connected(signer.token())) for _ in range(20)]
        for till in tills:
            await ask(till, op="subscribe", topic=ORDERS)
        ends: list[tuple[int, int | None]] = []
        heard: Counter[int] = Counter()

        async def listen(number: int, till: ClientConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                async for text in till:
                    heard[json.loads(text).get("offset", 0)] += 1
            ends.append((number, till.close_code))

        listening = [asyncio.create_task(listen(number, till)) for number, till in enumerate(tills)]
        host.stop.set()
        async with asyncio.timeout(20):
            while len(ends) < 5:
                await asyncio.sleep(0.01)
        offset = writer.publish(ORDERS, "while draining")
        assert (await host.get("/health/ready"))[0] == 503 and (await host.get("/health/live"))[0] == 200
        with pytest.raises(InvalidStatus) as caught:
            await connect(host.url, compression=None)
        assert caught.value.response.status_code == 503
        assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 3
        await asyncio.gather(*listening)
    assert {code for _, code in ends} == {1012} and len(ends) == 20
    assert 1 <= heard[offset] <= 15
    assert [number for number, _ in ends] != sorted(number for number, _ in ends)


async def test_client_that_does_not_answer_the_close_holds_nothing_up(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with hosted_gateway(prefix, jwks_url) as host, host.connected(signer.token()) as till:
        till.transport.pause_reading()
        host.stop.set()
        async with asyncio.timeout(20):
            while (await host.get("/health/live"))[0]:
                await asyncio.sleep(0.1)


# Workers


class Supervised(Child):
    """A supervisor with its workers."""

    def __init__(self, folder: Path, port: int, health: int, env: dict[str, str]) -> None:
        self.port, self.health = port, health
        command = [sys.executable, "-m", "ws_server", "gateway", "--workers", "2"]
        ports = {"FYNLO_WS_PORT": str(port), "FYNLO_WS_HEALTH_PORT": str(health), "FYNLO_WS_DRAIN_S": "1"}
        super().__init__(command, {**env, **ports}, folder / "supervisor.log")

    def logged(self, message: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log_lines if line.startswith("{"))
        return [line for line in lines if line["message"] == message]

    def pids(self) -> list[int]:
        return [line["pid"] for line in self.logged("worker started")]

    def ready(self, number: int) -> bool:
        return get_json(f"http://127.0.0.1:{self.health + number}/health/ready")[0] == 200


@pytest.fixture
def workers(writer: StreamWriter, prefix: str, jwks_url: str, tmp_path: Path) -> Iterator[Supervised]:
    env = {"FYNLO_REDIS_URL": os.environ["REDIS_URL"], "FYNLO_STREAM_PREFIX": prefix, "FYNLO_JWKS_URL": jwks_url}
    child = Supervised(tmp_path, free_port(), two_free_ports(), {**env, **ANY_NUMBER})
    try:
        wait_until(lambda: child.ready(0) and child.ready(1), 60, "readiness of both workers")
        yield child
    finally:
        child.end(signal.SIGTERM)


def two_free_ports() -> int:
    """The first of two neighbours."""
    while True:
        port = free_port()
        if get_json(f"http://127.0.0.1:{port + 1}/")[0] == 0 and port < 65_000:
            return port


async def test_workers_share_the_port_and_each_has_its_figures(workers: Supervised, signer: Signer) -> None:
    headers = {"Authorization": f"Bearer {signer.token()}"}
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(30):
            url = f"ws://127.0.0.1:{workers.port}/ws/v1"
            await stack.enter_async_context(connect(url, additional_headers=headers, compression=None))
        counts = [await figure(workers.health + number, "fynlo_ws_connections") for number in (0, 1)]
    assert sum(counts) == 30 and min(counts) >= 1


async def figure(port: int, name: str) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    text = (await reader.read()).decode().partition("\r\n\r\n")[2]
    return read_exposition(text)[name, ()]


async def test_dead_worker_is_started_again_and_the_other_goes_on(workers: Supervised) -> None:
    started = workers.pids()  # more than two when somebody else had a port for a moment
    first, second = (pid for pid in started if Path(f"/proc/{pid}").exists())
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(wait_until, lambda: len(workers.pids()) == len(started) + 1, 30, "a new worker")
    await asyncio.to_thread(wait_until, lambda: workers.ready(0) and workers.ready(1), 30, "readiness")
    assert workers.logged("worker died")[-1]["status"] == -signal.SIGKILL
    os.kill(second, 0)


async def test_all_workers_drain_together(workers: Supervised, signer: Signer) -> None:
    headers = {"Authorization": f"Bearer {signer.token()}"}
    url = f"ws://127.0.0.1:{workers.port}/ws/v1"
    async with contextlib.AsyncExitStack() as stack:
        tills = [
            await stack.enter_async_context(connect(url, additional_headers=headers, compression=None))
            for _ in range(10)
        ]
        ending = asyncio.create_task(asyncio.to_thread(workers.end, signal.SIGTERM))
        assert {(await closed(till, 20))[0] for till in tills} == {1012}
        assert await ending == 0
    assert [pid for pid in workers.pids() if Path(f"/proc/{pid}").exists()] == []


async def test_workers_do_not_outlive_their_supervisor(workers: Supervised) -> None:
    pids = workers.pids()
    workers.end(signal.SIGKILL)
    await asyncio.to_thread(wait_until, lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 30, "the end")


async def test_second_supervisor_does_not_share_the_port_unasked(workers: Supervised, tmp_path: Path) -> None:
    other = Supervised(tmp_path, workers.port, two_free_ports(), workers._env)
    assert await asyncio.to_thread(other.end, signal.SIGCONT) == 2
    assert "in use" in "".join(other.log_lines)
    assert workers.ready(0) and workers.ready(1)


# Logs


async def test_log_lines_say_who_and_never_with_what(
    host: GatewayHost, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    token = signer.token(sid="family-1")
    with caplog.at_level("DEBUG", logger="ws_server"):
        async with host.connected(token) as till:
            await till.send(json.dumps({"op": "refresh", "token": token}))
            await receive(till)
            await till.send("garbage")
            assert (await closed(till))[0] == 4400
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not [r for r in caplog.records if r.message == "connection ended"]:
                await asyncio.sleep(0.02)
    [line] = [vars(r) for r in caplog.records if r.message == "connection ended"]
    assert (line["code"], line["device"], line["company"]) == (4400, "device-1", "company-1")
    assert line["connection"]
    assert token not in str([vars(record) for record in caplog.records])
