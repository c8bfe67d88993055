"""One JSON object per log line, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from .secret_masking import masked, masked_value

__all__ = ["JsonFormatter", "start_logging"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Renders a record and whatever was passed as ``extra``, with secrets and card numbers masked."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        line.update(masked_value({k: v for k, v in vars(record).items() if k not in _STANDARD}))
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda value: masked(str(value)), ensure_ascii=False)


def start_logging(process: str, level: str) -> None:
    """Send every logger's records to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The library reports each dropped handshake as an error with traceback: noise under attack.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
