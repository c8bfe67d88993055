"""What gateways write about connections, read from the stream and put in order for the database."""

import json
import logging
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .connection import ending_of

INTEGER_MOST = 2**31 - 1

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Told:
    """The records of one batch, by connection; the latest of each kind counts.

    ``parties`` and ``endings`` hold rows as the statements of the import take them, ``seen`` the
    last moment at which a connection was there.
    """

    parties: dict = field(default_factory=dict)
    seen: dict = field(default_factory=dict)
    endings: dict = field(default_factory=dict)

    def take_in(self, raw):
        """Add one record; one that cannot be read is left out, for it can never be read."""
        try:
            record = json.loads(raw)
            {"opened": self._opened, "seen": self._seen, "closed": self._closed}[record["kind"]](record)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            _logger.warning("A record of a connection cannot be read: %r", error)

    def _opened(self, record):
        party, seen_at = _party(record), _moment(record["seen_at"])
        self.parties[party[0]] = party
        self._note(party[0], seen_at)

    def _seen(self, record):
        seen_at = _moment(record["seen_at"])
        for name in [_uuid(name) for name in record["connections"]]:
            self._note(name, seen_at)

    def _closed(self, record):
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

    def _note(self, name, seen_at):
        self.seen[name] = max(seen_at, self.seen.get(name, seen_at))


def _party(record):
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


def _uuid(text):
    return str(uuid.UUID(text))


def _text(value):
    """Text that PostgreSQL can hold."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:250]


def _whole(value):
    return max(0, min(int(value), INTEGER_MOST))


def _one_of(value, *allowed):
    if value not in allowed:
        raise ValueError(value)
    return value


def _moment(unix_s):
    return datetime.fromtimestamp(unix_s, UTC).replace(tzinfo=None)
