"""The gateway over real sockets and a real Redis."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
import redis
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ws_server.gateway.session import SessionLimits

from .gateway_host import ORDERS, GatewayHost, StreamWriter, hosted_gateway
from .signer import Signer
from .test_tokens import forgeries
from .till import ask, closed, receive

pytestmark = pytest.mark.asyncio


async def refusal(host: GatewayHost, path: str = "", **headers: str) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(host.url + path, additional_headers=headers, compression=None):
            raise AssertionError("the handshake was accepted")
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, json.loads(response.body or b"")


# Signing in


async def test_sign_in_by_message(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(subprotocols=["fynlo.v1"]) as socket:
        assert socket.subprotocol == "fynlo.v1"
        welcome = await ask(socket, op="auth", token=signer.token())
        assert welcome.keys() == {"op", "connection_id", "expires_at", "heartbeat_s"}


async def test_sign_in_in_the_older_envelope(host: GatewayHost, signer: Signer) -> None:
    async with host.connected() as socket:
        message = {"type": "authenticate", "token": signer.token(), "user_id": 1, "timestamp": 2}
        assert (await ask(socket, **message))["type"] == "authenticated"
        assert await ask(socket, type="ping", id="9", data={}) == {"type": "pong"}


@pytest.mark.parametrize("name", forgeries(Signer()))
async def test_forged_token_by_message(host: GatewayHost, signer: Signer, name: str) -> None:
    token = forgeries(signer)[name]
    async with host.connected() as socket:
        await socket.send(json.dumps({"op": "auth", "token": token}))
        code, _ = await closed(socket)
    assert code in ({1009} if name == "huge" else {4401})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1_700_000_000}, "token_expired"),
        ({"aud": ["fynlo-api"]}, "token_invalid"),
        ({"iss": "someone"}, "token_invalid"),
    ],
)
async def test_bad_token_in_the_header_is_refused_before_the_upgrade(
    host: GatewayHost, signer: Signer, changes: dict[str, Any], code: str
) -> None:
    token = signer.token(**changes)
    status, problem = await refusal(host, Authorization=f"Bearer {token}")
    assert (status, problem["code"], problem["status"]) == (401, code, 401)
    assert token not in json.dumps(problem)


async def test_header_must_be_a_bearer_token(host: GatewayHost) -> None:
    for header in ("Basic dXNlcjpwYXNz", "Bearer", "Bearer  "):
        assert (await refusal(host, Authorization=header))[0] == 401


async def test_token_in_the_url_is_not_read(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(query=f"?token={signer.token()}") as socket:
        await socket.send('{"op": "subscribe", "topic": "l.location-1.orders"}')
        assert await closed(socket) == (4401, "authenticate first")


async def test_origin_and_path(writer: StreamWriter, prefix: str, jwks_url: str) -> None:
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_ORIGINS="https://a.example") as host:
        status, problem = await refusal(host, Origin="https://evil.example")
        assert (status, problem["code"]) == (403, "permission_denied")
        assert (await refusal(host, "/other"))[0] == 404
        async with host.connected(origin="https://a.example") as socket:
            assert await ask(socket, op="ping") == {"op": "pong"}


async def test_connects_per_address(writer: StreamWriter, prefix: str, jwks_url: str) -> None:
    async with hosted_gateway(prefix, jwks_url, FYNLO_WS_MAX_OPEN_PER_IP="2") as host:
        async with host.connected(), host.connected() as second:
            with pytest.raises(InvalidStatus) as caught:
                async with host.connected():
                    raise AssertionError("the handshake was accepted")
            assert caught.value.response.status_code == 429
            assert 30 <= int(caught.value.response.headers["Retry-After"]) <= 60
            assert await ask(second, op="ping") == {"op": "pong"}
        await asyncio.sleep(0.05)
        async with host.connected() as socket:
            assert await ask(socket, op="ping") == {"op": "pong"}


# Events and resuming


async def test_events_arrive_in_order(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    writer.publish(ORDERS, "before")
    async with host.connected(signer.token()) as socket:
        reply = await ask(socket, op="subscribe", topic=ORDERS)
        assert reply == {
            "op": "subscribed",
            "topic": ORDERS,
            "epoch": "epoch-1",
            "offset": 1,
            "recovered": True,
        }
        writer.publish(ORDERS, *range(700))
        events = [await receive(socket) for _ in range(700)]
    assert [e["offset"] for e in events] == list(range(2, 702))
    assert [e["data"] for e in events] == list(range(700))
    assert events[0].keys() == {"topic", "offset", "id", "type", "at", "data"}


@pytest.mark.parametrize("missed", [0, 1, 63, 64, 65, 700, 1000])
async def test_resume_replays_exactly_what_was_missed(
    host: GatewayHost, signer: Signer, writer: StreamWriter, missed: int
) -> None:
    last = writer.publish(ORDERS, *range(1200))
    async with host.connected(signer.token()) as socket:
        since = {"epoch": "epoch-1", "offset": last - missed}
        reply = await ask(socket, op="subscribe", topic=ORDERS, **since)
        assert (reply["recovered"], reply["offset"]) == (True, last)
        writer.publish(ORDERS, "live")
        events = [await receive(socket) for _ in range(missed + 1)]
    assert [e["offset"] for e in events] == list(range(last - missed + 1, last + 2))
    assert events[-1]["data"] == "live"


@pytest.mark.parametrize(
    "since",
    [
        {"epoch": "epoch-0", "offset": 1150},
        {"epoch": "epoch-1", "offset": 1201},
        {"epoch": "epoch-1", "offset": 2**53 - 1},
        {"epoch": "epoch-1", "offset": 199},
        {"epoch": "epoch-1", "offset": 300},
    ],
    ids=["other epoch", "future", "far future", "too many", "trimmed"],
)
async def test_what_cannot_be_recovered_is_said(
    host: GatewayHost, signer: Signer, writer: StreamWriter, prefix: str, since: dict[str, Any]
) -> None:
    writer.publish(ORDERS, *range(1200))
    writer.client.xtrim(f"{prefix}s:{ORDERS}", minid="305-0", approximate=False)
    async with host.connected(signer.token()) as socket:
        reply = await ask(socket, op="subscribe", topic=ORDERS, **since)
        assert (reply["recovered"], reply["offset"]) == (False, 1200)
        writer.publish(ORDERS, "live")
        assert (await receive(socket))["offset"] == 1201


async def test_client_ahead_of_a_stream_that_lost_its_tail_waits_for_the_refill(
    host: GatewayHost, signer: Signer, writer: StreamWriter
) -> None:
    writer.publish(ORDERS, *range(5))
    async with host.connected(signer.token()) as socket:
        since = {"epoch": "epoch-1", "offset": 7}
        await socket.send(json.dumps({"op": "subscribe", "topic": ORDERS, **since}))
        await asyncio.sleep(0.2)
        writer.publish(ORDERS, "again", "again", "new")
        reply = await receive(socket)
        assert (reply["recovered"], reply["offset"]) == (True, 8)
        assert (await receive(socket))["data"] == "new"


async def test_replay_above_a_mebibyte_is_not_sent(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    writer.publish(ORDERS, *["x" * 20_000] * 70)
    async with host.connected(signer.token()) as socket:
        ask_for = {"op": "subscribe", "topic": ORDERS, "epoch": "epoch-1"}
        assert not (await ask(socket, **ask_for, offset=0))["recovered"]
        assert (await ask(socket, **ask_for, offset=30))["recovered"]
        assert [(await receive(socket))["offset"] for _ in range(40)] == list(range(31, 71))


async def test_emptied_redis_is_told_to_live_clients(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    writer.publish(ORDERS, 1, 2, 3)
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        writer.begin_epoch("epoch-2", ORDERS)
        reply = await receive(socket)
        assert reply == {
            "op": "subscribed",
            "topic": ORDERS,
            "epoch": "epoch-2",
            "offset": 0,
            "recovered": False,
        }
        writer.publish(ORDERS, "new")
        assert (await receive(socket))["offset"] == 1
        again = await ask(socket, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=3)
        assert (again["recovered"], again["epoch"], again["offset"]) == (False, "epoch-2", 1)


async def test_gap_in_a_stream_is_told(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        writer.offsets[ORDERS] = 4
        writer.publish(ORDERS, "after a gap")
        reply = await receive(socket)
        assert (reply["op"], reply["recovered"], reply["offset"]) == ("subscribed", False, 5)


async def test_unsubscribed_hears_no_more(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        assert await ask(socket, op="unsubscribe", topic=ORDERS) == {
            "op": "unsubscribed",
            "topic": ORDERS,
        }
        writer.publish(ORDERS, "unheard")
        await asyncio.sleep(0.1)
        assert await ask(socket, op="ping") == {"op": "pong"}


async def test_quiet_topics_say_their_position(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    writer.publish(ORDERS, 1)
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        host.gateway._hub.topics[ORDERS].spoke_at -= 25
        position = await receive(socket)
        assert position == {"op": "position", "topic": ORDERS, "epoch": "epoch-1", "offset": 1}


async def test_forbidden_topic(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as socket:
        error = await ask(socket, op="subscribe", topic="l.location-2.orders")
        assert (error["op"], error["code"]) == ("error", "forbidden_topic")
        writer.publish("l.location-2.orders", "secret")
        assert await ask(socket, op="ping") == {"op": "pong"}


# Tokens on a live connection


async def test_refresh_narrows_the_subscriptions(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS)
        reply = await ask(socket, op="refresh", token=signer.token(topics=["l.location-1.menu"]))
        assert (reply["op"], reply["removed_topics"]) == ("refreshed", [ORDERS])
        writer.publish(ORDERS, "unheard")
        await asyncio.sleep(0.1)
        stranger = await ask(socket, op="refresh", token=signer.token(sub="employee-2"))
        assert stranger["code"] == "token_mismatch"


async def test_expired_token_closes_after_the_grace(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    limits = SessionLimits(expiry_grace_s=0.5)
    async with (
        hosted_gateway(prefix, jwks_url, limits) as host,
        host.connected(signer.token(exp=int(time.time()) + 1)) as socket,
    ):
        assert (await receive(socket))["op"] == "token_expiring"
        assert await closed(socket) == (4401, "token_expired")


@pytest.mark.parametrize(
    ("topic", "type", "data"),
    [
        ("d.device-1", "device.revoked", {}),
        ("e.employee-1", "session.revoked", {"employee_id": "employee-1", "sid": "family-1"}),
        ("e.employee-1", "session.revoked", {"employee_id": "employee-1"}),
    ],
)
async def test_revocation_closes_within_a_second_and_keeps_out(
    host: GatewayHost, signer: Signer, writer: StreamWriter, topic: str, type: str, data: Any
) -> None:
    token = signer.token(sid="family-1")
    other = signer.token(sid="family-2", device="device-2", sub="employee-2")
    async with host.connected(token) as socket, host.connected(other) as bystander:
        writer.control(topic, type, data)
        code, reason = await closed(socket, timeout_s=1)
        assert (code, reason) == (4403, type.replace(".", "_"))
        assert await ask(bystander, op="ping") == {"op": "pong"}
    status, problem = await refusal(host, Authorization=f"Bearer {token}")
    assert (status, problem["code"]) == (401, reason)
    async with host.connected() as socket:
        await socket.send(json.dumps({"op": "auth", "token": token}))
        assert (await closed(socket))[0] == 4403


async def test_revocation_before_the_start_counts(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    token = signer.token()
    writer.control("d.device-1", "device.revoked")
    async with hosted_gateway(prefix, jwks_url) as host:
        assert (await refusal(host, Authorization=f"Bearer {token}"))[0] == 401


# Bad clients


@pytest.mark.parametrize(
    ("message", "code"),
    [("{", 4400), (b"\x00\x01", 4400), ("x" * 17_000, 1009), ("[" * 16_000, 4400)],
    ids=["garbage", "binary", "too big", "deep"],
)
async def test_bad_message_closes_only_its_sender(
    host: GatewayHost, signer: Signer, message: str | bytes, code: int
) -> None:
    async with host.connected(signer.token()) as bad, host.connected(signer.token()) as good:
        await bad.send(message)
        assert (await closed(bad))[0] == code
        assert await ask(good, op="ping") == {"op": "pong"}


async def test_flood_closes(host: GatewayHost, signer: Signer) -> None:
    async with host.connected(signer.token()) as socket:
        for _ in range(60):
            await socket.send('{"op":"ping"}')
        assert (await closed(socket))[0] == 4429


async def test_silent_client_is_sent_away(writer: StreamWriter, prefix: str, jwks_url: str) -> None:
    limits = SessionLimits(authenticate_within_s=0.2)
    async with hosted_gateway(prefix, jwks_url, limits) as host, host.connected() as socket:
        assert await closed(socket) == (4401, "authentication took too long")


async def test_client_that_never_reads_is_cut_and_the_others_notice_nothing(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_BUFFER_SOFT_BYTES="65536") as host,
        host.connected(signer.token(), max_queue=1) as stuck,
        host.connected(signer.token(), max_queue=None) as good,
    ):
        await ask(stuck, op="subscribe", topic=ORDERS)
        await ask(good, op="subscribe", topic=ORDERS)
        stuck.transport.pause_reading()
        for _ in range(10):
            writer.publish(ORDERS, *["x" * 8000] * 100)
            for _ in range(100):
                await receive(good)
        assert host.gateway._metrics.value("fynlo_ws_closes_total", 'code="4408"') == 1
        assert host.gateway._hub.pressed == set()
        assert await ask(good, op="ping") == {"op": "pong"}
        stuck.transport.abort()


# Life of the process


async def test_drain_tells_clients_to_come_back(
    writer: StreamWriter, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        hosted_gateway(prefix, jwks_url, FYNLO_WS_DRAIN_S="1") as host,
        host.connected(signer.token()) as socket,
    ):
        host.stop.set()
        assert await closed(socket) == (1012, "restarting")
        assert (await host.get("/health/ready"))[0] == 503
        status, problem = await refusal(host)
        assert (status, problem["retryable"]) == (503, True)


async def test_not_ready_without_an_epoch_and_new_clients_are_sent_elsewhere(
    shared_redis: redis.Redis, prefix: str, jwks_url: str, signer: Signer
) -> None:
    async with hosted_gateway(prefix, jwks_url, until="/health/live") as host:
        code, report = await host.get("/health/ready")
        assert (code, report["ready"], report["epoch"]) == (503, False, None)
        assert (await host.get("/health/live"))[0] == 200
        async with host.connected(signer.token()) as socket:
            await socket.send(json.dumps({"op": "subscribe", "topic": ORDERS}))
            assert await closed(socket) == (1013, "streams unavailable")


async def test_metrics(host: GatewayHost, signer: Signer, writer: StreamWriter) -> None:
    async with host.connected(signer.token()) as socket:
        await ask(socket, op="subscribe", topic=ORDERS, epoch="epoch-1", offset=0)
        writer.publish(ORDERS, 1)
        await receive(socket)
        await refusal(host, Authorization="Bearer x")
        text = host.gateway.monitor.exposition()
    for line in (
        "fynlo_ws_connections 1",
        "fynlo_ws_connections_authenticated 1",
        "fynlo_ws_deliveries_total 1",
        'fynlo_ws_resumes_total{recovered="true"} 1',
        'fynlo_ws_auth_failures_total{code="token_invalid"} 1',
        'fynlo_ws_refused_total{status="401"} 1',
        "fynlo_ws_ready 1",
    ):
        assert f"\n{line}\n" in text
