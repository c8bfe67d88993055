"""Ids that the till chooses itself, so that a repeat of a request is recognised."""

import os
import time
from uuid import UUID


def uuid7() -> str:
    """A new UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits."""
    value = int.from_bytes(os.urandom(16), "big")
    value &= ~(((1 << 48) - 1) << 80)
    value |= (time.time_ns() // 1_000_000) << 80
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))
