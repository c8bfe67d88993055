"""What can be killed of a stage: two relays, two gateways, Odoo and its workers, Redis and PostgreSQL."""

import json
import random
from collections.abc import Mapping
from urllib.error import URLError
from urllib.request import urlopen

from loadtests.chaos.villain import Blow
from loadtests.stage import Stage
from scripts.local.ports import any_free
from scripts.lunch.trouble import crash

RELAYS = ("relay", "relay-2")
GATEWAYS = ("gateway", "gateway-2")


class TwoOfEach:
    """The stage's applications, with a relay that stands by and a second gateway."""

    def __init__(self, stage: Stage, dice: random.Random) -> None:
        self._layout = stage.stack.layout
        self._dice = dice
        self._relay_ports = {name: any_free() for name in RELAYS}
        second = any_free()
        self.websocket_urls = [stage.websocket_url, f"ws://127.0.0.1:{second}/ws/v1"]
        for name, port in self._relay_ports.items():
            stage.stack.start_another("relay", name, FYNLO_RELAY_HEALTH_PORT=str(port))
        stage.stack.start("odoo")
        stage.stack.start("gateway")
        stage.stack.start_another("gateway", "gateway-2", FYNLO_WS_PORT=str(second))
        stage.stack.await_ready()

    def blows(self) -> Mapping[str, Blow]:
        """By the name of what they hit."""
        return {
            "Odoo worker": lambda: self._crash("odoo worker"),
            "Odoo": lambda: self._crash("odoo"),
            "relay": lambda: self._crash(self._active_relay()),
            "gateway": lambda: self._crash(self._dice.choice(GATEWAYS)),
            "both gateways": self._crash_gateways,
            "Redis": lambda: self._crash("redis"),
            "PostgreSQL": lambda: self._crash("postgres"),
        }

    def _crash(self, name: str) -> bool:
        return crash(self._layout, name, self._dice) is not None

    def _crash_gateways(self) -> bool:
        first, second = (self._crash(name) for name in GATEWAYS)
        return first or second

    def _active_relay(self) -> str:
        return next((name for name in RELAYS if self._role(name) == "active"), RELAYS[0])

    def _role(self, name: str) -> str | None:
        try:
            with urlopen(f"http://127.0.0.1:{self._relay_ports[name]}/health/live", timeout=2) as answer:
                return str(json.load(answer)["role"])
        except (URLError, OSError, ValueError):
            return None
