"""Why the gateway ends a connection, and what the client is to do then."""

from __future__ import annotations

from enum import Enum, IntEnum

__all__ = ["ADVICE", "Advice", "CloseCode"]


class Advice(Enum):
    """What a client does after a close."""

    RECONNECT = "reconnect"
    REFRESH = "refresh first"
    STOP = "stop"


class CloseCode(IntEnum):
    """Every code the gateway sends; ``docs/events.md`` is the table for clients."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    SILENT = 1011
    RESTART = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHENTICATED = 4401
    REVOKED = 4403
    SLOW = 4408
    REPLACED = 4409
    TOO_MANY_MESSAGES = 4429
    TOO_MANY_CONNECTIONS = 4430


ADVICE = {
    CloseCode.GOING_AWAY: Advice.RECONNECT,
    CloseCode.TOO_BIG: Advice.STOP,
    CloseCode.SILENT: Advice.RECONNECT,
    CloseCode.RESTART: Advice.RECONNECT,
    CloseCode.TRY_LATER: Advice.RECONNECT,
    CloseCode.BAD_MESSAGE: Advice.STOP,
    CloseCode.UNAUTHENTICATED: Advice.REFRESH,
    CloseCode.REVOKED: Advice.STOP,
    CloseCode.SLOW: Advice.RECONNECT,
    CloseCode.REPLACED: Advice.STOP,
    CloseCode.TOO_MANY_MESSAGES: Advice.RECONNECT,
    CloseCode.TOO_MANY_CONNECTIONS: Advice.RECONNECT,
}
