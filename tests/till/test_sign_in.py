"""Tokens are renewed once, in time, and survive lost answers."""

import asyncio
import time

import pytest

from scripts.till.answer import Answer, DeviceRevoked, Refused, SignedOut
from scripts.till.sign_in import SignIn
from scripts.till.store import Store

from .scripted_connection import ScriptedConnection, Sent, problem, tokens

pytestmark = pytest.mark.asyncio


def signed_in(answer, ask_pin=None) -> tuple[SignIn, ScriptedConnection]:
    """Somebody signed in with tokens number 1."""
    connection = ScriptedConnection(answer)
    sign_in = SignIn(connection, Store(":memory:"), ask_pin)
    sign_in.session = {**tokens(1).body, "renew_at": time.time() + 600}
    return sign_in, connection


async def test_token_is_used_until_it_is_to_be_renewed() -> None:
    sign_in, connection = signed_in(lambda _sent: tokens(2))
    assert await sign_in.token() == "access-1"
    sign_in.session = {**tokens(1).body, "renew_at": time.time() - 1}
    assert await sign_in.token() == "access-2"
    assert await sign_in.token() == "access-2"
    assert connection.paths() == ["/auth/refresh"]


async def test_many_that_ask_at_once_share_one_refresh() -> None:
    sign_in, connection = signed_in(lambda _sent: tokens(2))
    renewed = await asyncio.gather(*(sign_in.renew("access-1") for _ in range(20)))
    assert set(renewed) == {"access-2"}
    assert len(connection.sent) == 1


async def test_refresh_whose_answer_was_lost_is_sent_again_unchanged() -> None:
    answers = iter([None, problem(503, "unavailable", retryable=True), tokens(2)])
    sign_in, connection = signed_in(lambda _sent: next(answers))
    assert await sign_in.renew("access-1") == "access-2"
    assert [sent.body["refresh_token"] for sent in connection.sent] == ["refresh-1"] * 3
    assert sign_in.session is not None
    assert sign_in.session["refresh_token"] == "refresh-2"


async def test_ended_sign_in_asks_for_the_pin_where_somebody_can_enter_it() -> None:
    async def ask_pin() -> tuple[str, str]:
        return "sam", "1234"

    def answer(sent: Sent) -> Answer:
        return tokens(7) if sent.path == "/auth/pin" else problem(401, "token_invalid")

    sign_in, connection = signed_in(answer, ask_pin)
    assert await sign_in.renew("access-1") == "access-7"
    assert connection.paths() == ["/auth/refresh", "/auth/pin"]
    sign_in, _connection = signed_in(answer)
    with pytest.raises(SignedOut):
        await sign_in.renew("access-1")
    assert sign_in.session is None


async def test_wrong_pin_signs_nobody_out() -> None:
    sign_in, _connection = signed_in(lambda _sent: problem(401, "credentials_invalid"))
    with pytest.raises(Refused, match="credentials_invalid"):
        await sign_in.enter_pin("sam", "0000")
    assert await sign_in.token() == "access-1"


async def test_revoked_device_forgets_its_key() -> None:
    store = Store(":memory:")
    store.keep(device_key="secret")
    sign_in = SignIn(ScriptedConnection(lambda _sent: problem(401, "device_revoked")), store)
    with pytest.raises(DeviceRevoked):
        await sign_in.enter_pin("sam", "1234")
    assert store.recall("device_key") is None


async def test_pin_is_nowhere_in_the_memory(tmp_path) -> None:
    path = tmp_path / "till.sqlite"
    store = Store(path)
    await SignIn(ScriptedConnection(lambda _sent: tokens(1)), store).enter_pin("sam", "739156")
    store.close()
    assert b"739156" not in path.read_bytes()
