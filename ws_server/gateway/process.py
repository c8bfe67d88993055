"""What a gateway process asks of the operating system and of Python's collector."""

from __future__ import annotations

import gc
import logging
import resource

__all__ = ["allow_open_files", "collect_rarely"]

#: Besides the clients': listeners, Redis, logs.
OTHER_FILES = 64
YOUNG_OBJECTS = 20_000

_logger = logging.getLogger(__name__)


def allow_open_files(connections: int) -> None:
    """Raise this process' limit of open files as far as it goes; says so when that is too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft != resource.RLIM_INFINITY and soft < connections + OTHER_FILES:
        _logger.warning("too few open files allowed", extra={"allowed": soft, "connections": connections})


def collect_rarely() -> None:
    """Look for cyclic garbage less often, and never among the modules: a fan-out must not wait for it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
