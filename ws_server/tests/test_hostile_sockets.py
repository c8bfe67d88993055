"""Sockets that mean harm or are merely broken; a till of another address hears every event all the while."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from .gateway_host import ORDERS, GatewayHost, StreamWriter, hosted_gateway
from .signer import Signer
from .till import ask, closed, receive

pytestmark = pytest.mark.asyncio

UPGRADE = (
    "GET /ws/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
#: Another address of the loopback network.
ELSEWHERE = ("127.0.0.7", 0)
#: All sockets are one employee's on one device.
ANY_NUMBER = {"FYNLO_WS_MAX_PER_DEVICE": "0", "FYNLO_WS_MAX_PER_EMPLOYEE": "1000"}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Prove = Callable[[], Awaitable[None]]


@pytest_asyncio.fixture
async def host(writer: StreamWriter, prefix: str, jwks_url: str) -> AsyncIterator[GatewayHost]:
    limits = {"FYNLO_WS_MAX_WAITING_PER_IP": "20", "FYNLO_WS_MAX_OPEN_PER_IP": "60", **ANY_NUMBER}
    async with hosted_gateway(prefix, jwks_url, **limits) as running:
        yield running


@pytest_asyncio.fixture
async def unharmed(host: GatewayHost, signer: Signer, writer: StreamWriter) -> AsyncIterator[Prove]:
    """Proves that a till from elsewhere still hears all; proven once more at the end."""
    async with host.connected(signer.token(), local_addr=ELSEWHERE) as till:
        await ask(till, op="subscribe", topic=ORDERS)

        async def prove() -> None:
            last = writer.publish(ORDERS, "a", "b", "c")
            heard = [(await receive(till))["offset"] for _ in range(3)]
            assert heard == [last - 2, last - 1, last]

        await prove()
        yield prove
        await prove()


async def raw(host: GatewayHost, *, until_open: bool = False, token: str = "") -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
    if until_open:
        writer.write(f"{UPGRADE}Authorization: Bearer {token}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    return reader, writer


async def ended(reader: asyncio.StreamReader, timeout_s: float = 10) -> bytes:
    """Everything until the gateway hangs up; fails when it does not."""
    with contextlib.suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), timeout_s)
    return b""


def frame(opcode: int, payload: bytes, *, final: bool = True, claimed: int | None = None) -> bytes:
    """A client's frame with a mask of zeros; ``claimed`` is a length that is not the payload's."""
    size = len(payload) if claimed is None else claimed
    first = (0x80 if final else 0) | opcode
    if size < 126:
        return struct.pack("!BB4x", first, 0x80 | size) + payload
    if size < 65_536:
        return struct.pack("!BBH4x", first, 0x80 | 126, size) + payload
    return struct.pack("!BBQ4x", first, 0x80 | 127, size) + payload


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\xfe" * 100,
        b"GET\r\n\r\n",
        b"POST /ws/v1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /ws/v1 HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /ws/v1 HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n",
        UPGRADE.replace("dGhl", "!!!!").encode() + b"\r\n",
        UPGRADE.replace("13", "12").encode() + b"\r\n",
    ],
    ids=["bytes", "no line", "post", "many headers", "long header", "long path", "tls hello", "bad key", "bad version"],
)
async def test_garbage_instead_of_a_handshake(host: GatewayHost, unharmed: Prove, garbage: bytes) -> None:
    reader, writer = await raw(host)
    writer.write(garbage)
    answer = await ended(reader)
    assert b" 101 " not in answer.partition(b"\r\n")[0]
    writer.close()
    await eventually(lambda: host.gateway._admission.opening == 0)


async def test_handshakes_that_never_finish_end_and_hold_only_their_own_places(
    host: GatewayHost, unharmed: Prove, signer: Signer
) -> None:
    stuck = [await raw(host) for _ in range(20)]
    for place, (_, writer) in enumerate(stuck):
        writer.write(UPGRADE.encode()[: place * 9])  # from nothing at all to almost everything
    await eventually(lambda: host.gateway._admission.opening == 20)
    reader, writer = await raw(host)
    assert await ended(reader) == b""  # one more from this address is hung up on
    await unharmed()
    async with host.connected(signer.token(), local_addr=ELSEWHERE) as other:
        assert await ask(other, op="ping") == {"op": "pong"}
    await asyncio.gather(*(ended(reader, 20) for reader, _ in stuck))
    await eventually(lambda: host.gateway._admission.opening == 0)
    async with host.connected(signer.token()) as again:
        assert await ask(again, op="ping") == {"op": "pong"}


async def test_drip_of_bytes_is_not_a_sign_of_life(host: GatewayHost, unharmed: Prove) -> None:
    reader, writer = await raw(host)
    request = UPGRADE.encode() + b"X: " + b"y" * 5000

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            for byte in request:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await ended(reader, 20) == b""
    await dripping


async def test_half_open_connections_give_their_places_back(host: GatewayHost, unharmed: Prove) -> None:
    for _ in range(50):
        _, writer = await raw(host)
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
    await eventually(lambda: host.gateway._admission.opening == 0)
    assert host.gateway._admission._waiting == {}


async def test_sockets_that_never_sign_in_are_sent_away(host: GatewayHost, unharmed: Prove) -> None:
    async with contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(host.connected()) for _ in range(20)]
        with pytest.raises((InvalidHandshake, OSError, EOFError)):
            await connect(host.url, compression=None)
        await unharmed()
        assert {(await closed(socket, 20))[0] for socket in silent} == {4401}
    await eventually(lambda: host.gateway._admission._waiting == {})


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(1, b"", claimed=2**40)], 1009),
        ([frame(1, b"x" * 17_000)], 1009),
        ([frame(1, b"x" * 9000, final=False), frame(0, b"x" * 9000)], 1009),
        ([frame(1, b"a", final=False), *[frame(0, b"a", final=False)] * 20_000], 1009),
        ([frame(0x9, b"x" * 200)], 1002),
        ([frame(3, b"x")], 1002),
        ([frame(0, b"x")], 1002),
        ([frame(1, b"\xff\xfe")], 1007),
        ([b"\x81\x01x"], 1002),
    ],
    ids=["a terabyte", "large", "in two", "in crumbs", "long ping", "opcode", "continued", "not utf-8", "not masked"],
)
async def test_bad_frames_close_their_own_connection(
    host: GatewayHost, unharmed: Prove, signer: Signer, frames: list[bytes], code: int
) -> None:
    reader, writer = await raw(host, until_open=True, token=signer.token())
    await reader.readexactly(4)  # the welcome's head
    with contextlib.suppress(ConnectionError):
        for data in frames:
            writer.write(data)
            await writer.drain()
    answer = await ended(reader)
    assert struct.pack("!H", code) in answer
    writer.close()


async def test_pings_by_the_thousand_do_not_grow_the_gateway(
    host: GatewayHost, unharmed: Prove, signer: Signer
) -> None:
    """A client that asks for answers and reads none is cut like any other that does not read."""
    reader, writer = await raw(host, until_open=True, token=signer.token())
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    await unharmed()
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(5):
            for _ in range(2000):
                writer.write(frame(0x9, b"x" * 120) * 50)
                await writer.drain()
    await unharmed()
    buffered = sum(connection.buffered_bytes for connection in host.gateway._hub.connections)
    assert buffered < 2**21
    writer.transport.abort()


async def test_hundreds_of_connects_from_one_address(host: GatewayHost, unharmed: Prove) -> None:
    async def attempt() -> str:
        try:
            async with connect(host.url, compression=None, open_timeout=30) as socket:
                return str((await closed(socket, 20))[0])
        except InvalidStatus as error:
            return str(error.response.status_code)
        except (InvalidHandshake, OSError, EOFError):
            return "hung up"

    outcomes = await asyncio.gather(*(attempt() for _ in range(500)))
    kinds = {kind: outcomes.count(kind) for kind in set(outcomes)}
    assert set(kinds) <= {"4401", "429", "hung up"}, kinds
    assert kinds.get("4401", 0) >= 1 and kinds.get("hung up", 0) + kinds.get("429", 0) >= 100, kinds
    assert host.gateway._admission.hung_up >= 1
    await eventually(lambda: host.gateway._admission.admitted == 1)


async def test_frames_never_reach_a_socket_that_took_anothers_number(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    """Descriptors are given again as soon as a socket closes: a frame must follow its client, not the number."""
    menu = "l.location-1.menu"
    async with hosted_gateway(prefix, jwks_url, **ANY_NUMBER) as host, host.connected(signer.token()) as steady:
        await ask(steady, op="subscribe", topic=ORDERS)
        for round_number in range(15):
            doomed = [await connect(host.url, **by_header(signer)) for _ in range(6)]
            for victim in doomed:
                await receive(victim)
                await ask(victim, op="subscribe", topic=ORDERS)
            for place, victim in enumerate(doomed):
                if place % 2:
                    victim.transport.abort()
                else:
                    victim.transport.close()
                writer.publish(ORDERS, round_number)
                fresh = await connect(host.url, **by_header(signer))
                await receive(fresh)
                reply = await ask(fresh, op="subscribe", topic=menu)
                assert reply["topic"] == menu
                writer.publish(ORDERS, round_number)
                last = writer.publish(menu, round_number)
                assert await receive(fresh) | {"at": ""} == menu_event(menu, last, round_number)
                fresh.transport.abort()
        heard = [(await receive(steady))["offset"] for _ in range(15 * 12)]
        assert heard == list(range(1, 15 * 12 + 1))
        await eventually(lambda: len(host.gateway._hub.topics[ORDERS].live) == 1)


async def test_lane_is_given_up_before_its_descriptor_is_closed(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    """Looked at in the very turn in which the socket closes, when nobody else has noticed yet."""
    async with host.connected(signer.token()) as till:
        await ask(till, op="subscribe", topic=ORDERS)
        topic = host.gateway._hub.topics[ORDERS]
        [connection] = topic.live
        assert topic.live[connection] == connection.lane >= 0
        seen: list[int] = []
        loop = asyncio.get_running_loop()
        connection._websocket.transport.abort()  # type: ignore[attr-defined]
        loop.call_soon(lambda: seen.extend((topic.live[connection], connection.lane)))
        await eventually(lambda: seen)
        assert seen == [-1, -1]


def by_header(signer: Signer) -> dict[str, object]:
    return {"additional_headers": {"Authorization": f"Bearer {signer.token()}"}, "compression": None}


def menu_event(topic: str, offset: int, data: int) -> dict[str, object]:
    return {"topic": topic, "offset": offset, "id": f"id-{offset}", "type": "order.updated", "at": "", "data": data}


async def test_what_waits_keeps_its_order(writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer) -> None:
    """Frames that go straight to the socket never overtake those that wait in the transport."""
    limits = {"FYNLO_WS_BUFFER_SOFT_BYTES": "4000000", "FYNLO_WS_BUFFER_HARD_BYTES": "64000000"}
    async with (
        hosted_gateway(prefix, jwks_url, **limits) as host,
        host.connected(signer.token(), ping_interval=None) as till,
    ):
        await ask(till, op="subscribe", topic=ORDERS)
        [connection] = host.gateway._hub.topics[ORDERS].live
        till.transport.pause_reading()
        sent = 0
        while not connection.buffered_bytes:
            sent = writer.publish(ORDERS, *["x" * 60_000] * 4)
            await eventually(lambda upto=sent: host.gateway._hub.topics[ORDERS].position == upto)
        assert connection.lane == -1
        sent = writer.publish(ORDERS, *range(50))
        await eventually(lambda: host.gateway._hub.topics[ORDERS].position == sent)
        till.transport.resume_reading()
        assert [(await receive(till))["offset"] for _ in range(sent)] == list(range(1, sent + 1))
        await eventually(lambda: connection.lane >= 0, 5)  # before any ping could make it so
        last = writer.publish(ORDERS, "straight again")
        assert (await receive(till))["offset"] == last


async def eventually(condition: Callable[[], object], timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)
