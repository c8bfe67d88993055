"""The protocol of one connection without any I/O: messages and time in, actions out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from . import client_messages as incoming
from .client_messages import PRESENCE, Position
from .close_codes import CloseCode
from .identity import Identity, TokenError
from .token_bucket import TokenBucket

__all__ = [
    "Acknowledge",
    "Action",
    "Close",
    "Follow",
    "Join",
    "Leave",
    "Purpose",
    "Send",
    "Session",
    "SessionLimits",
    "Verify",
]


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Times in seconds and counts, per connection."""

    topics: int = 32
    messages_per_s: float = 20
    messages_burst: int = 40
    authenticate_within_s: float = 5
    heartbeat_s: float = 25
    expiry_notice_s: float = 60
    expiry_grace_s: float = 25


class Purpose(Enum):
    """What a token is verified for."""

    SIGN_IN = "sign in"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message to the client."""

    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection."""

    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class Verify:
    """Verify this token, then call ``verified`` or ``refused``."""

    token: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Join:
    """Subscribe the connection to a topic, answer, and replay what it missed."""

    topic: str
    since: Position | None
    acks: bool = False


@dataclass(frozen=True, slots=True)
class Follow:
    """Tell the connection who is online, now and from now on."""

    topic: str


@dataclass(frozen=True, slots=True)
class Leave:
    """End the subscription to a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The client applied everything of the topic up to the offset."""

    topic: str
    offset: int


Action = Send | Close | Verify | Join | Follow | Leave | Acknowledge


class Session:
    """One client's state. Moments are Unix seconds; the caller owns the clock and the socket."""

    def __init__(self, connection_id: str, limits: SessionLimits, now: float) -> None:
        self.connection_id = connection_id
        self.identity: Identity | None = None
        self.topics: set[str] = set()
        self._limits = limits
        self._bucket = TokenBucket(limits.messages_per_s, limits.messages_burst, now)
        self._typed = False
        self._must_authenticate_at = now + limits.authenticate_within_s
        self._heartbeat_at = now + limits.heartbeat_s
        self._expiry_noticed = False

    # What the caller reports

    def received(self, data: str | bytes, now: float) -> list[Action]:
        """A message arrived."""
        if not self._bucket.take(now):
            return [Close(CloseCode.TOO_MANY_MESSAGES, "too many messages")]
        if isinstance(data, bytes):
            return [Close(CloseCode.BAD_MESSAGE, "messages are text")]
        try:
            return self._act_on(incoming.parse(data))
        except incoming.Garbage as error:
            return [Close(CloseCode.BAD_MESSAGE, str(error))]
        except incoming.BadMessage as error:
            if self.identity is None:
                return [Close(CloseCode.UNAUTHENTICATED, "authenticate first")]
            return [_error(error.code, error.detail)]

    def verified(self, identity: Identity, purpose: Purpose, now: float) -> list[Action]:
        """A token was good: the client is signed in, or goes on under the new token."""
        if purpose is Purpose.SIGN_IN:
            self._adopt(identity)
            self._heartbeat_at = now + self._limits.heartbeat_s
            return [Send(self._welcome())]
        if self.identity is None or not self.identity.is_same_party(identity):
            detail = "The token is another employee's or another device's."
            return [_error("token_mismatch", detail)]
        self._adopt(identity)
        removed = self._give_up_topics(identity)
        expires_at = _moment(identity.expires_at)
        reply = {"op": "refreshed", "expires_at": expires_at, "removed_topics": removed}
        return [*map(Leave, removed), Send(reply)]

    def narrowed(self, identity: Identity, *, may_gain: bool) -> list[Action]:
        """The permissions behind the token changed: topics end; a new token may bring others."""
        self.identity = identity
        removed = self._give_up_topics(identity)
        if not removed and not may_gain:
            return []
        return [*map(Leave, removed), Send({"op": "permissions_changed", "removed_topics": removed})]

    def refused(self, error: TokenError, purpose: Purpose) -> list[Action]:
        """A token was bad: no sign-in; a failed refresh leaves the present token in force."""
        if purpose is Purpose.REFRESH:
            return [_error(error.code, error.detail)]
        notice = {"type": "auth_error", "data": {"code": error.code, "detail": error.detail}}
        answer = Send(notice) if self._typed else _error(error.code, error.detail)
        return [answer, Close(CloseCode.UNAUTHENTICATED, error.code)]

    def woken(self, now: float) -> list[Action]:
        """The ``deadline`` passed."""
        return list(self._due(now))

    @property
    def deadline(self) -> float:
        """When ``woken`` is to be called next."""
        if self.identity is None:
            return self._must_authenticate_at
        return min(self._heartbeat_at, self._expiry_at())

    # What a message leads to

    def _act_on(self, message: incoming.ClientMessage) -> list[Action]:
        match message:
            case incoming.Auth():
                return self._authenticate(message)
            case incoming.Ping():
                return [Send({"type": "pong"} if message.typed else {"op": "pong"})]
            case incoming.Pong():
                return []
        if self.identity is None:
            return [Close(CloseCode.UNAUTHENTICATED, "authenticate first")]
        match message:
            case incoming.Subscribe():
                return self._subscribe(message, self.identity)
            case incoming.Unsubscribe():
                return self._unsubscribe(message.topic)
            case incoming.Refresh():
                return [Verify(message.token, Purpose.REFRESH)]
            case incoming.Ack():
                return self._acknowledge(message)

    def _authenticate(self, message: incoming.Auth) -> list[Action]:
        self._typed = message.typed
        if self.identity is None:
            return [Verify(message.token, Purpose.SIGN_IN)]
        if message.typed:  # tills say it on every connect, whatever their headers said
            return [Send(self._welcome())]
        return [_error("already_authenticated", "Use refresh to bring a new token.")]

    def _subscribe(self, message: incoming.Subscribe, identity: Identity) -> list[Action]:
        topic = message.topic
        if topic not in identity.topics:
            return [_error("forbidden_topic", "The token does not allow this topic.", topic)]
        if topic not in self.topics and len(self.topics) >= self._limits.topics:
            detail = f"At most {self._limits.topics} topics per connection."
            return [_error("too_many_topics", detail, topic)]
        self.topics.add(topic)
        if topic.endswith(PRESENCE):
            return [Follow(topic)]
        return [Join(topic, message.since, message.acks)]

    def _unsubscribe(self, topic: str) -> list[Action]:
        if topic not in self.topics:
            return [_error("not_subscribed", "There is no such subscription.", topic)]
        self.topics.discard(topic)
        return [Leave(topic), Send({"op": "unsubscribed", "topic": topic})]

    def _acknowledge(self, message: incoming.Ack) -> list[Action]:
        if message.topic not in self.topics:
            return [_error("not_subscribed", "There is no such subscription.", message.topic)]
        return [Acknowledge(message.topic, message.offset)]

    # Time

    def _due(self, now: float) -> Iterator[Action]:
        if self.identity is None:
            if now >= self._must_authenticate_at:
                yield Close(CloseCode.UNAUTHENTICATED, "authentication took too long")
            return
        if now >= self.identity.expires_at + self._limits.expiry_grace_s:
            yield Close(CloseCode.UNAUTHENTICATED, "token_expired")
            return
        if now >= self._expiry_at():
            self._expiry_noticed = True
            yield Send(self._expiry_notice(self.identity, now))
        if now >= self._heartbeat_at:
            self._heartbeat_at = now + self._limits.heartbeat_s
            yield Send({"type": "ping"} if self._typed else {"op": "ping"})

    def _expiry_at(self) -> float:
        assert self.identity is not None
        if self._expiry_noticed:
            return self.identity.expires_at + self._limits.expiry_grace_s
        return self.identity.expires_at - self._limits.expiry_notice_s

    def _give_up_topics(self, identity: Identity) -> list[str]:
        removed = sorted(self.topics - identity.topics)
        self.topics -= set(removed)
        return removed

    def _adopt(self, identity: Identity) -> None:
        self.identity = identity
        self._expiry_noticed = False

    # Wording, in the envelope the client uses

    def _welcome(self) -> dict[str, Any]:
        assert self.identity is not None
        welcome = {
            "connection_id": self.connection_id,
            "expires_at": _moment(self.identity.expires_at),
            "heartbeat_s": self._limits.heartbeat_s,
        }
        return {"type": "authenticated", **welcome} if self._typed else {"op": "welcome", **welcome}

    def _expiry_notice(self, identity: Identity, now: float) -> dict[str, Any]:
        if self._typed:
            left = max(0, int(identity.expires_at - now))
            return {"type": "token_expired", "data": {"seconds_until_expiry": left}}
        return {"op": "token_expiring", "expires_at": _moment(identity.expires_at)}


def _error(code: str, detail: str, topic: str | None = None) -> Send:
    message: dict[str, Any] = {"op": "error", "code": code, "detail": detail}
    if topic is not None:
        message["topic"] = topic
    return Send(message)


def _moment(unix_s: float) -> str:
    at = datetime.fromtimestamp(unix_s, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
