"""The protocol of one connection, without sockets and without waiting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ws_server.gateway.client_messages import Position
from ws_server.gateway.close_codes import CloseCode
from ws_server.gateway.identity import Identity, TokenError
from ws_server.gateway.session import (
    Acknowledge,
    Action,
    Close,
    Follow,
    Join,
    Leave,
    Purpose,
    Send,
    Session,
    SessionLimits,
    Verify,
)

NOW = 1_000_000.0


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "employee": "e1",
        "device": "d1",
        "session": "s1",
        "company": "c1",
        "location": "1",
        "role": "server",
        "perm_version": 1,
        "token_id": "j1",
        "topics": frozenset({"l.1.orders", "l.1.menu"}),
        "issued_at": NOW,
        "expires_at": NOW + 900,
    }
    return Identity(**{**values, **changes})


def new_session(**limits: Any) -> Session:
    return Session("c1", SessionLimits(**limits), NOW)


def signed_in(**limits: Any) -> Session:
    session = new_session(**limits)
    session.verified(identity(), Purpose.SIGN_IN, NOW)
    return session


def say(session: Session, now: float = NOW, **message: Any) -> list[Action]:
    return session.received(json.dumps(message), now)


def error_codes(actions: list[Action]) -> list[str]:
    return [action.message["code"] for action in actions if isinstance(action, Send)]


# Signing in


def test_first_message_is_verified_then_welcomed() -> None:
    session = new_session()
    assert say(session, op="auth", token="t") == [Verify("t", Purpose.SIGN_IN)]
    assert session.verified(identity(), Purpose.SIGN_IN, NOW) == [
        Send(
            {
                "op": "welcome",
                "connection_id": "c1",
                "expires_at": "1970-01-12T14:01:40Z",
                "heartbeat_s": 25,
            }
        )
    ]


def test_older_envelope_is_answered_in_kind() -> None:
    session = new_session()
    assert say(session, type="authenticate", token="t", user_id=3, restaurant_id="") == [Verify("t", Purpose.SIGN_IN)]
    (welcome,) = session.verified(identity(), Purpose.SIGN_IN, NOW)
    assert isinstance(welcome, Send) and welcome.message["type"] == "authenticated"
    assert say(session, type="ping", id="1", data={}) == [Send({"type": "pong"})]
    (notice,) = session.woken(NOW + 845)[:1]
    assert notice == Send({"type": "token_expired", "data": {"seconds_until_expiry": 55}})


def test_older_envelope_hears_of_a_bad_token() -> None:
    session = new_session()
    say(session, type="authenticate", token="t")
    refused = session.refused(TokenError("token_expired", "It has expired."), Purpose.SIGN_IN)
    data = {"code": "token_expired", "detail": "It has expired."}
    assert refused == [
        Send({"type": "auth_error", "data": data}),
        Close(CloseCode.UNAUTHENTICATED, "token_expired"),
    ]


def test_bad_token_closes() -> None:
    session = new_session()
    say(session, op="auth", token="t")
    refused = session.refused(TokenError("token_invalid", "No."), Purpose.SIGN_IN)
    assert error_codes(refused) == ["token_invalid"]
    assert refused[-1] == Close(CloseCode.UNAUTHENTICATED, "token_invalid")
    assert session.identity is None


@pytest.mark.parametrize(
    "message",
    [
        {"op": "subscribe", "topic": "l.1.orders"},
        {"op": "refresh", "token": "t"},
        {"op": "nonsense"},
        {"op": "auth"},
    ],
)
def test_nothing_is_heard_before_signing_in(message: dict[str, Any]) -> None:
    session = new_session()
    assert say(session, **message) == [Close(CloseCode.UNAUTHENTICATED, "authenticate first")]
    assert session.topics == set()


def test_silence_before_signing_in_ends() -> None:
    session = new_session()
    assert session.deadline == NOW + 5
    assert session.woken(NOW + 4.9) == []
    (close,) = session.woken(NOW + 5)
    assert isinstance(close, Close) and close.code is CloseCode.UNAUTHENTICATED


def test_second_sign_in_is_an_error() -> None:
    assert error_codes(say(signed_in(), op="auth", token="t")) == ["already_authenticated"]


# Topics


def test_subscribe_from_now_and_from_a_position() -> None:
    session = signed_in()
    assert say(session, op="subscribe", topic="l.1.orders") == [Join("l.1.orders", None)]
    assert say(session, op="subscribe", topic="l.1.menu", epoch="x", offset=41) == [Join("l.1.menu", Position("x", 41))]
    assert session.topics == {"l.1.orders", "l.1.menu"}


def test_forbidden_topic() -> None:
    session = signed_in()
    (answer,) = say(session, op="subscribe", topic="l.2.orders")
    assert isinstance(answer, Send)
    assert (answer.message["code"], answer.message["topic"]) == ("forbidden_topic", "l.2.orders")
    assert session.topics == set()


def test_no_more_topics_than_allowed() -> None:
    session = signed_in(topics=1)
    say(session, op="subscribe", topic="l.1.orders")
    assert error_codes(say(session, op="subscribe", topic="l.1.menu")) == ["too_many_topics"]
    assert say(session, op="subscribe", topic="l.1.orders") == [Join("l.1.orders", None)]
    assert session.topics == {"l.1.orders"}


def test_unsubscribe() -> None:
    session = signed_in()
    assert error_codes(say(session, op="unsubscribe", topic="l.1.orders")) == ["not_subscribed"]
    say(session, op="subscribe", topic="l.1.orders")
    assert say(session, op="unsubscribe", topic="l.1.orders") == [
        Leave("l.1.orders"),
        Send({"op": "unsubscribed", "topic": "l.1.orders"}),
    ]


def test_ack_is_handed_on_for_a_topic_that_is_followed() -> None:
    session = signed_in()
    assert error_codes(say(session, op="ack", topic="l.1.orders", offset=3)) == ["not_subscribed"]
    assert say(session, op="subscribe", topic="l.1.orders", ack=True) == [Join("l.1.orders", None, acks=True)]
    assert say(session, op="ack", topic="l.1.orders", offset=7) == [Acknowledge("l.1.orders", 7)]


def test_presence_is_followed_without_a_position() -> None:
    session = new_session()
    session.verified(identity(topics=frozenset({"l.1.presence"})), Purpose.SIGN_IN, NOW)
    assert say(session, op="subscribe", topic="l.1.presence", epoch="x", offset=9) == [Follow("l.1.presence")]
    assert error_codes(say(session, op="subscribe", topic="l.2.presence")) == ["forbidden_topic"]
    assert say(session, op="unsubscribe", topic="l.1.presence")[0] == Leave("l.1.presence")


# Permissions


def test_narrowing_ends_topics_and_says_so() -> None:
    session = signed_in()
    say(session, op="subscribe", topic="l.1.orders")
    say(session, op="subscribe", topic="l.1.menu")
    narrower = identity(topics=frozenset({"l.1.menu"}))
    assert session.narrowed(narrower, may_gain=False) == [
        Leave("l.1.orders"),
        Send({"op": "permissions_changed", "removed_topics": ["l.1.orders"]}),
    ]
    assert session.topics == {"l.1.menu"}
    assert error_codes(say(session, op="subscribe", topic="l.1.orders")) == ["forbidden_topic"]
    assert session.narrowed(narrower, may_gain=False) == []


def test_a_client_that_may_gain_topics_is_told_to_fetch_a_token() -> None:
    session = signed_in()
    told = Send({"op": "permissions_changed", "removed_topics": []})
    assert session.narrowed(identity(), may_gain=True) == [told]


# Refresh and expiry


def test_refresh_drops_topics_that_the_new_token_lacks() -> None:
    session = signed_in()
    say(session, op="subscribe", topic="l.1.orders")
    say(session, op="subscribe", topic="l.1.menu")
    assert say(session, op="refresh", token="t2") == [Verify("t2", Purpose.REFRESH)]
    narrower = identity(topics=frozenset({"l.1.menu"}), expires_at=NOW + 1800)
    leave, reply = session.verified(narrower, Purpose.REFRESH, NOW)
    assert leave == Leave("l.1.orders")
    assert isinstance(reply, Send) and reply.message["removed_topics"] == ["l.1.orders"]
    assert session.topics == {"l.1.menu"}
    assert error_codes(say(session, op="subscribe", topic="l.1.orders")) == ["forbidden_topic"]


@pytest.mark.parametrize("change", [{"employee": "e2"}, {"device": "d2"}, {"device": None}])
def test_refresh_by_another_party_changes_nothing(change: dict[str, Any]) -> None:
    session = signed_in()
    refused = session.verified(identity(**change), Purpose.REFRESH, NOW)
    assert error_codes(refused) == ["token_mismatch"]
    assert session.identity == identity()


def test_failed_refresh_leaves_the_present_token() -> None:
    session = signed_in()
    refused = session.refused(TokenError("token_expired", "Late."), Purpose.REFRESH)
    assert error_codes(refused) == ["token_expired"] and len(refused) == 1
    assert session.identity == identity()


def test_expiry_is_announced_then_enforced() -> None:
    session = signed_in(heartbeat_s=10_000)
    assert session.deadline == NOW + 840
    assert session.woken(NOW + 840) == [Send({"op": "token_expiring", "expires_at": "1970-01-12T14:01:40Z"})]
    assert session.deadline == NOW + 925
    assert session.woken(NOW + 924) == []
    assert session.woken(NOW + 925) == [Close(CloseCode.UNAUTHENTICATED, "token_expired")]


def test_refresh_moves_the_deadline() -> None:
    session = signed_in(heartbeat_s=10_000)
    session.woken(NOW + 840)
    session.verified(identity(expires_at=NOW + 1800), Purpose.REFRESH, NOW + 850)
    assert session.deadline == NOW + 1740
    assert session.woken(NOW + 925) == []


# Life and limits


def test_ping_both_ways() -> None:
    session = signed_in()
    assert say(session, op="ping") == [Send({"op": "pong"})]
    assert say(session, type="ping") == [Send({"type": "pong"})]
    assert say(session, op="pong") == []
    assert session.deadline == NOW + 25
    assert session.woken(NOW + 25) == [Send({"op": "ping"})]
    assert session.deadline == NOW + 50


@pytest.mark.parametrize(
    "data",
    ["", "{", "[]", "7", "null", '"op"', "{}", '{"op": 3}', "[" * 10_000, '{"op":"a\ud800"', "NaN"],
)
def test_garbage_closes(data: str) -> None:
    (close,) = signed_in().received(data, NOW)
    assert isinstance(close, Close) and close.code is CloseCode.BAD_MESSAGE


def test_binary_closes() -> None:
    assert signed_in().received(b'{"op":"ping"}', NOW) == [Close(CloseCode.BAD_MESSAGE, "messages are text")]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"op": "shout"}, "unknown_op"),
        ({"type": "subscribe", "topic": "l.1.orders"}, "unknown_op"),
        ({"op": "subscribe"}, "invalid_message"),
        ({"op": "subscribe", "topic": 3}, "invalid_message"),
        ({"op": "subscribe", "topic": "x" * 201}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "offset": 3}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "epoch": "x"}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": -1}, "invalid_message"),
        (
            {"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": 1.5},
            "invalid_message",
        ),
        (
            {"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": True},
            "invalid_message",
        ),
        (
            {"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": 2**60},
            "invalid_message",
        ),
        ({"op": "refresh", "token": ""}, "invalid_message"),
        ({"op": "ack", "topic": "l.1.orders"}, "invalid_message"),
        ({"op": "ack", "topic": ["l.1.orders"], "offset": 1}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "ack": 1}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "ack": None}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "epoch": {}, "offset": {}}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": "7"}, "invalid_message"),
        ({"op": "subscribe", "topic": "l.1.orders", "epoch": "x", "offset": 10**400}, "invalid_message"),
        ({"op": "subscribe", "topic": "", "epoch": "x", "offset": 1e400}, "invalid_message"),
        ({"op": "__class__"}, "unknown_op"),
    ],
)
def test_wrong_message_is_an_error_and_the_connection_stays(message: dict[str, Any], code: str) -> None:
    session = signed_in()
    actions = say(session, **message)
    assert error_codes(actions) == [code] and len(actions) == 1
    assert session.topics == set()


def test_too_many_messages_close() -> None:
    session = signed_in()
    for _ in range(40):
        assert say(session, op="ping") == [Send({"op": "pong"})]
    assert say(session, op="ping") == [Close(CloseCode.TOO_MANY_MESSAGES, "too many messages")]
    assert say(session, NOW + 1, op="ping") == [Send({"op": "pong"})]
