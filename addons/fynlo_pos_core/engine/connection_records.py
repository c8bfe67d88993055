"""What gateways write about connections, read from the stream and put in order for the database."""

import json
import logging
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]
INTEGER_MOST = 2**31 - 1
#: What the gateway's close codes mean; ``docs/events.md`` has them all.
ENDING_OF_CODE = {
    1001: "restart",
    1012: "restart",
    1002: "faulty",
    1003: "faulty",
    1007: "faulty",
    1009: "faulty",
    4400: "faulty",
    4429: "faulty",
    1013: "unavailable",
    4401: "signed_out",
    4403: "revoked",
    4408: "slow",
    4409: "replaced",
    4430: "crowded",
}

_logger = logging.getLogger(__name__)


def ending_of(closed_by: str, code: int) -> str:
    """The ending that a close code and whoever sent it amount to."""
    if closed_by == "client":
        return "left"
    if closed_by == "network":
        return "unreachable"
    return ENDING_OF_CODE.get(code, "other")


@dataclass(slots=True)
class Told:
    """The records of one batch, by connection; the latest of each kind counts.

    ``parties`` and ``endings`` hold rows as the statements of the import take them, ``seen`` the
    last moment at which a connection was there.
    """

    parties: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)
    endings: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def take_in(self, raw: bytes) -> None:
        """Add one record; one that cannot be read is left out, for it can never be read."""
        try:
            record = json.loads(raw)
            {"opened": self._opened, "seen": self._seen, "closed": self._closed}[record["kind"]](record)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            _logger.warning("A record of a connection cannot be read: %r", error)

    def _opened(self, record: Record) -> None:
        party, seen_at = _party(record), _moment(record["seen_at"])
        self.parties[party[0]] = party
        self._note(party[0], seen_at)

    def _seen(self, record: Record) -> None:
        seen_at = _moment(record["seen_at"])
        for name in [_uuid(name) for name in record["connections"]]:
            self._note(name, seen_at)

    def _closed(self, record: Record) -> None:
        party, closed_at = _party(record), _moment(record["closed_at"])
        code = _whole(record["code"])
        self.endings[party[0]] = (
            party[0],
            max(closed_at, party[-1]),
            _one_of(record["by"], "client", "server", "network"),
            ending_of(record["by"], code),
            code,
            _text(record["reason"]),
            *(_whole(record[name]) for name in ("topics", "received", "replayed")),
            _whole(-(-record["bytes_sent"] // 1000)),
        )
        self.parties[party[0]] = party

    def _note(self, name: str, seen_at: datetime) -> None:
        self.seen[name] = max(seen_at, self.seen.get(name, seen_at))


def _party(record: Record) -> tuple[Any, ...]:
    return (
        _uuid(record["id"]),
        _text(record["gateway"]),
        record["device"] and _text(record["device"]),
        _text(record["employee"]),
        record["session"] and _text(record["session"]),
        _text(record["address"]),
        _text(record["agent"]),
        _moment(record["opened_at"]),
    )


def _uuid(text: str) -> str:
    return str(uuid.UUID(text))


def _text(value: str) -> str:
    """Text that PostgreSQL can hold."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:250]


def _whole(value: Any) -> int:
    return max(0, min(int(value), INTEGER_MOST))


def _one_of(value: str, *allowed: str) -> str:
    if value not in allowed:
        raise ValueError(value)
    return value


def _moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC).replace(tzinfo=None)
