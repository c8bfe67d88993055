"""Rights that a manager takes away are gone at the socket within a second, while selling goes on elsewhere."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.counter import Counter
from scripts.lunch.staff import Welcome

from .tills import Tills, sell

pytestmark = pytest.mark.asyncio

WITHIN_S = 1.0
HEARTBEATS = {"ping", "position"}


@asynccontextmanager
async def listening(restaurant: LiveRestaurant, counter: Counter, *kinds: str) -> AsyncIterator[ClientConnection]:
    """A socket of the counter's employee that follows these topics of its location."""
    token = await counter.till.sign_in.token()
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(restaurant.websocket_url, additional_headers=headers, compression=None, proxy=None) as socket:
        for kind in kinds:
            await socket.send(json.dumps({"op": "subscribe", "topic": topic(counter, kind)}))
            while (await hear(socket)).get("op") != "subscribed":
                pass
        yield socket


def topic(counter: Counter, kind: str) -> str:
    session = counter.till.sign_in.session
    return f"l.{session['location']['id']}.{kind}"


async def hear(socket: ClientConnection, within_s: float = 10.0) -> dict[str, Any]:
    async with asyncio.timeout(within_s):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message.get("op") not in HEARTBEATS:
                return message


async def until_told(socket: ClientConnection, began: float) -> list[str]:
    """The topics that ended, told within a second of ``began``."""
    while True:
        message = await hear(socket, WITHIN_S + began - time.monotonic())
        if message.get("op") == "permissions_changed":
            return list(message["removed_topics"])


async def test_changed_role_narrows_the_socket_within_a_second(
    tills: Tills, restaurant: LiveRestaurant, welcome: Welcome
) -> None:
    seller, other = await tills.open("Soho A"), await tills.open("Camden A", "Camden")
    desk = await tills.desk()
    employee = seller.till.sign_in.session["employee"]
    old_token = await seller.till.sign_in.token()
    async with listening(restaurant, seller, "orders", "menu") as socket:
        began = time.monotonic()
        await desk.api.write(f"/employees/{employee['id']}", {"role": "kitchen"}, method="PATCH")
        try:
            assert await until_told(socket, began) == [topic(seller, "orders")]
            await sell(other.till)
            await socket.send(json.dumps({"op": "refresh", "token": old_token}))
            assert (await hear(socket))["op"] == "refreshed"
            await socket.send(json.dumps({"op": "subscribe", "topic": topic(seller, "orders")}))
            assert (await hear(socket))["code"] == "forbidden_topic"
        finally:
            await desk.api.write(f"/employees/{employee['id']}", {"role": employee["role"]}, method="PATCH")
        newer = await seller.till.sign_in.renew(old_token)
        await socket.send(json.dumps({"op": "refresh", "token": newer}))
        while (await hear(socket))["op"] != "refreshed":
            pass
        await socket.send(json.dumps({"op": "subscribe", "topic": topic(seller, "orders")}))
        assert (await hear(socket))["op"] == "subscribed"


async def test_changed_permission_map_narrows_whoever_has_the_role(tills: Tills, restaurant: LiveRestaurant) -> None:
    seller = await tills.open("Soho A")
    role = seller.till.sign_in.session["employee"]["role"]
    desk = await tills.desk()
    async with listening(restaurant, seller, "payments", "menu") as socket:
        began = time.monotonic()
        await desk.api.write("/permissions/payment.read", {role: False}, method="PATCH")
        try:
            assert await until_told(socket, began) == [topic(seller, "payments")]
            restaurant.kill("gateway")
            with pytest.raises(ConnectionClosed):
                await hear(socket)
            await asyncio.to_thread(restaurant.await_ready)
            async with listening(restaurant, seller, "menu") as again:
                await again.send(json.dumps({"op": "subscribe", "topic": topic(seller, "payments")}))
                assert (await hear(again))["code"] == "forbidden_topic"
        finally:
            await desk.api.write("/permissions/payment.read", {role: True}, method="PATCH")


async def test_archived_employee_is_cut_off_within_a_second(tills: Tills, restaurant: LiveRestaurant) -> None:
    seller = await tills.open("Soho A")
    employee = seller.till.sign_in.session["employee"]
    desk = await tills.desk()
    async with listening(restaurant, seller, "orders") as socket:
        began = time.monotonic()
        await desk.api.write(f"/employees/{employee['id']}", method="DELETE")
        try:
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    await hear(socket, WITHIN_S + began - time.monotonic())
            assert caught.value.rcvd is not None and caught.value.rcvd.code == 4403
        finally:
            await desk.api.write(f"/employees/{employee['id']}", {"active": True}, method="PATCH")
