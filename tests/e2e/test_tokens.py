"""Signing in for a whole day: tokens end, refreshes get lost, and nobody at the till notices."""

import asyncio
import time
from pathlib import Path

import jwt
import pytest

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.counter import Counter
from scripts.till.answer import Refused

from .lossy_proxy import lossy_proxy
from .tills import Tills, sell, until

pytestmark = pytest.mark.asyncio


def expire(counter: Counter, restaurant: LiveRestaurant) -> None:
    """Give the till an access token like its own that ended a minute ago, as if it had slept."""
    session = counter.till.sign_in.session
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    newest = max(Path(restaurant.environment["FYNLO_KEYS_DIR"]).glob("*.pem"))
    claims |= {"iat": int(time.time()) - 960, "exp": int(time.time()) - 60}
    token = jwt.encode(claims, newest.read_bytes(), algorithm="EdDSA", headers={"kid": newest.stem})
    counter.till.sign_in.session = {**session, "access_token": token, "renew_at": time.time() + 600}


async def test_expired_token_is_renewed_once_for_all_requests_that_meet_it(
    tills: Tills, restaurant: LiveRestaurant
) -> None:
    counter = await tills.open("Soho A")
    expire(counter, restaurant)
    counter.statuses.clear()
    await asyncio.gather(*(sell(counter.till) for _ in range(4)))
    assert counter.statuses["POST", "/orders", 401] >= 1
    assert counter.statuses["POST", "/auth/refresh", 200] == 1
    assert counter.statuses["POST", "/orders", 201] == 4


async def test_expired_token_at_the_gateway_is_renewed(tills: Tills, restaurant: LiveRestaurant) -> None:
    counter = await tills.open("Soho A")
    expire(counter, restaurant)
    await tills.listen(counter)
    assert counter.statuses["POST", "/auth/refresh", 200] == 1
    order = await sell(counter.till)
    await until(lambda: order["id"] in counter.has_heard("order.completed"), "the completion is heard")


async def test_lost_refresh_answers_do_not_sign_anybody_out(tills: Tills, restaurant: LiveRestaurant) -> None:
    async with lossy_proxy(restaurant.url) as proxy:
        counter = await tills.open("Soho A", url=proxy.url)
        counter.till.sign_in.ask_pin = None
        proxy.lose("POST /api/v1/auth/refresh ", times=2)
        before = await counter.till.sign_in.token()
        after = await counter.till.sign_in.renew(before)
        assert len(proxy.lost) == 2
        assert after != before
        assert (await counter.till.sign_in.renew(after)) not in {before, after}
        await sell(counter.till)


async def test_copied_refresh_token_ends_the_sign_in(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    counter.till.sign_in.ask_pin = None
    stolen = counter.till.sign_in.session
    token = await counter.till.sign_in.renew(stolen["access_token"])
    await counter.till.sign_in.renew(token)
    counter.till.sign_in.session = stolen
    with pytest.raises(Refused, match="token_invalid"):
        await counter.till.sign_in.renew(stolen["access_token"])


async def test_revoked_till_is_cut_off_within_a_second(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    await tills.listen(counter)
    device = counter.till.sign_in.device
    assert device is not None
    desk = await tills.desk()
    await desk.api.write(f"/devices/{device['id']}", method="DELETE")
    listener = tills.listeners["Soho A"]
    await until(listener.done, "the gateway closes the socket", within_s=1.0)
    with pytest.raises(Refused):
        await sell(counter.till)
