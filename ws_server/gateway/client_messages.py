"""What a client may say: text in, one typed message out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = [
    "PRESENCE",
    "Ack",
    "Auth",
    "BadMessage",
    "ClientMessage",
    "Garbage",
    "Ping",
    "Pong",
    "Position",
    "Refresh",
    "Subscribe",
    "Unsubscribe",
    "parse",
]

OFFSET_MOST = 2**53 - 1  # what every client's number type can hold
TEXT_MOST = 200
PRESENCE = ".presence"  # how the names of topics end that have no events and no offsets


class Garbage(Exception):
    """Not a message at all: the connection is closed."""


class BadMessage(Exception):
    """A message that cannot be acted on: answered with an error, the connection stays."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a topic: offsets mean something only within their epoch."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class Auth:
    """Says who speaks; ``typed`` when said in the older ``type`` envelope."""

    token: str
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Asks for a topic, from after ``since`` or from now; ``acks`` when it acknowledges what it applied."""

    topic: str
    since: Position | None
    acks: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Gives up a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life; answered in the envelope it came in."""

    typed: bool = False


@dataclass(frozen=True, slots=True)
class Pong:
    """Answers our ping."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Brings the next token before the present one expires."""

    token: str


@dataclass(frozen=True, slots=True)
class Ack:
    """Says that everything up to ``offset`` was applied."""

    topic: str
    offset: int


ClientMessage = Auth | Subscribe | Unsubscribe | Ping | Pong | Refresh | Ack


def parse(text: str) -> ClientMessage:
    """Read one message; raises ``Garbage`` or ``BadMessage``."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Garbage("The message is not JSON.") from error
    if not isinstance(body, dict):
        raise Garbage("The message is not a JSON object.")
    op = body.get("op", body.get("type"))
    if not isinstance(op, str):
        raise Garbage("The message has no op.")
    reader = _READERS.get(op)
    if reader is None or ("op" not in body and op not in TYPED_OPS):
        raise BadMessage("unknown_op", "The gateway does not know this op.")
    message: ClientMessage = reader(body)
    return message


def _auth(body: dict[str, Any]) -> Auth:
    return Auth(_token(body), typed="op" not in body)


def _subscribe(body: dict[str, Any]) -> Subscribe:
    epoch, offset, acks = body.get("epoch"), body.get("offset"), body.get("ack", False)
    if not isinstance(acks, bool):
        raise BadMessage("invalid_message", "ack must be true or false.")
    if epoch is None and offset is None:
        return Subscribe(_name(body, "topic"), None, acks)
    return Subscribe(_name(body, "topic"), Position(_name(body, "epoch"), _offset(body)), acks)


def _unsubscribe(body: dict[str, Any]) -> Unsubscribe:
    return Unsubscribe(_name(body, "topic"))


def _ping(body: dict[str, Any]) -> Ping:
    return Ping(typed="op" not in body)


def _pong(body: dict[str, Any]) -> Pong:
    return Pong()


def _refresh(body: dict[str, Any]) -> Refresh:
    return Refresh(_token(body))


def _ack(body: dict[str, Any]) -> Ack:
    return Ack(_name(body, "topic"), _offset(body))


def _token(body: dict[str, Any]) -> str:
    token = body.get("token")
    if not isinstance(token, str) or not token:
        raise BadMessage("invalid_message", "token must be a text.")
    return token


def _name(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_MOST:
        raise BadMessage("invalid_message", f"{field} must be a text of 1 to {TEXT_MOST} letters.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):  # such a text cannot be sent back
        raise BadMessage("invalid_message", f"{field} must be valid Unicode.")
    return value


def _offset(body: dict[str, Any]) -> int:
    value = body.get("offset")
    if type(value) is not int or not 0 <= value <= OFFSET_MOST:
        raise BadMessage("invalid_message", "offset must be a whole number from 0.")
    return value


_READERS: dict[str, Any] = {
    "auth": _auth,
    "authenticate": _auth,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "ping": _ping,
    "pong": _pong,
    "refresh": _refresh,
    "ack": _ack,
}
# What tills in the older envelope send as {"type": …}.
TYPED_OPS = frozenset({"authenticate", "ping", "pong"})
