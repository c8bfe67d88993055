"""Writes one block of frames to many sockets: a system call each, and next to nothing else.

At a thousand clients the checks before a write cost more than they look: each touches several objects that are in no
cache. So they are made when something changes, not at every event. A *lane* is a socket's file descriptor while its
bytes may go straight to the kernel, and ``NO_LANE`` while they must go through the transport: when bytes of it wait
there already, when the connection is not open, when it is encrypted. Whoever holds a lane must give it up before the
descriptor is closed, as its number is given again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["NO_LANE", "write_to_all"]

NO_LANE = -1

Listener = TypeVar("Listener")


def write_to_all(lanes: Mapping[Listener, int], frames: bytes) -> list[tuple[Listener, int]]:
    """Write to every lane; those that did not take all of it are returned, with how many bytes they took.

    Nothing is waited for and nothing is raised: what a socket has against it, its transport will find out.
    """
    size, write = len(frames), os.write
    late = []
    for listener, lane in lanes.items():
        try:
            taken = write(lane, frames) if lane >= 0 else 0
        except OSError:
            taken = 0
        if taken != size:
            late.append((listener, taken))
    return late
