"""Counters and gauges in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

__all__ = ["Metrics"]

_COUNTERS = {
    "fynlo_ws_connects_total": "Connections that were opened.",
    "fynlo_ws_refused_total": "Handshakes answered with an HTTP error, by code.",
    "fynlo_ws_auth_failures_total": "Tokens refused, by code.",
    "fynlo_ws_deliveries_total": "Events written to clients.",
    "fynlo_ws_resumes_total": "Subscriptions that named a position, by outcome.",
    "fynlo_ws_closes_total": "Connections ended by the gateway, by close code.",
    "fynlo_ws_redeliveries_total": "Events sent again because they were not acknowledged.",
    "fynlo_ws_narrowed_total": "Connections that lost topics because permissions changed.",
    "fynlo_ws_restarts_total": "Topics whose numbering or continuity was lost.",
    "fynlo_ws_reader_errors_total": "Times the reader lost Redis.",
    "fynlo_ws_connection_records_total": "Records of connections written for Odoo.",
    "fynlo_ws_connection_records_dropped_total": "Records of connections given up while Redis was away.",
}
_GAUGES = {
    "fynlo_ws_connections": "Open connections.",
    "fynlo_ws_connections_authenticated": "Open connections that are signed in.",
    "fynlo_ws_topics": "Topics this process reads.",
    "fynlo_ws_reader_age_seconds": "Seconds since the reader last saw a heartbeat.",
    "fynlo_ws_relay_age_seconds": "Seconds since the relay's last heartbeat.",
    "fynlo_ws_connection_records_waiting": "Records of connections that are to be written.",
    "fynlo_ws_ready": "1 when the process serves tills.",
}


class Metrics:
    """What one process counted since it started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter; ``label`` is a ready pair such as ``code="4408"``."""
        self._counts[name, label] += by

    def value(self, name: str, label: str = "") -> int:
        """What a counter stands at."""
        return self._counts[name, label]

    def render(self, gauges: Mapping[str, float]) -> str:
        """The whole exposition."""
        lines: list[str] = []
        for name, help_text in _COUNTERS.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} counter"]
            rows = {label: n for (known, label), n in self._counts.items() if known == name}
            for label, number in sorted((rows or {"": 0}).items()):
                lines.append(f"{name}{{{label}}} {number}" if label else f"{name} {number}")
        for name, help_text in _GAUGES.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
            lines.append(f"{name} {gauges.get(name, 0):g}")
        return "\n".join(lines) + "\n"
