"""Free TCP ports on loopback: the usual ones when they are free, remembered so that URLs stay the same."""

import json
import os
import socket
from pathlib import Path

from scripts.local.failure import SetupFailure

USUAL = {"http": 8069, "gevent": 8072, "websocket": 8090, "relay": 8092, "bank": 8094, "stripe": 8096}
WISHES = {"http": "FYNLO_HTTP_PORT", "websocket": "FYNLO_WS_PORT"}


def choose_ports(memory: Path, *, usual: bool = True) -> dict[str, int]:
    """A port for each listener: the wished one, the remembered, the usual, or any that is free.

    Only a wished port that is taken is a failure. Without `usual` neither wishes nor usual ports count.
    """
    remembered = _remembered(memory)
    chosen: dict[str, int] = {}
    for name, default in USUAL.items():
        wished = _wished(name) if usual else None
        candidates = [port for port in (wished, remembered.get(name), default if usual else None) if port]
        chosen[name] = (
            next((port for port in candidates if is_free(port) and port not in chosen.values()), 0) or any_free()
        )
        if wished and chosen[name] != wished:
            raise SetupFailure(f"Port {wished} is taken.", f"end what uses it, or choose another {WISHES[name]}.")
    memory.write_text(json.dumps(chosen))
    return chosen


def remembered_ports(memory: Path) -> dict[str, int]:
    """The ports of the running stack; a listener that it did not have yet when it started gets a free one."""
    ports = _remembered(memory)
    if not ports:
        raise SetupFailure("No restaurant has been started here.", "make run")
    if missing := set(USUAL) - set(ports):
        ports |= {name: any_free() for name in sorted(missing)}
        memory.write_text(json.dumps(ports))
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wished(name: str) -> int | None:
    text = os.environ.get(WISHES.get(name, ""), "")
    return int(text) if text.isdigit() else None


def _remembered(memory: Path) -> dict[str, int]:
    try:
        return {name: int(port) for name, port in json.loads(memory.read_text()).items()}
    except (OSError, ValueError):
        return {}
