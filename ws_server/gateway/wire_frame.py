"""WebSocket frames built once and written to every subscriber."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

__all__ = ["json_frame", "text_frame", "written_at"]

_FINAL_TEXT = 0x81
_AT = b'"at":"'
# topic, offset, id, type and at come before the data, and none of them is long
_AT_WITHIN = 700


def text_frame(payload: bytes) -> bytes:
    """The unmasked, uncompressed server frame of a text message (RFC 6455 §5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + payload


def json_frame(message: dict[str, Any]) -> bytes:
    """The frame of one of our own messages."""
    return text_frame(json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode())


def written_at(event: bytes) -> float | None:
    """When an event was written in its transaction, in Unix seconds; read without parsing its data."""
    start = event.find(_AT, 0, _AT_WITHIN) + len(_AT)
    end = event.find(b'"', start, start + 40)
    if start < len(_AT) or end < 0:
        return None
    try:
        return datetime.fromisoformat(event[start:end].decode()).timestamp()
    except ValueError:
        return None
