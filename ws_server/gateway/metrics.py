"""Counters, histograms and gauges in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

__all__ = ["Metrics"]

_COUNTERS = {
    "fynlo_ws_connects_total": "Connections that were opened.",
    "fynlo_ws_hung_up_total": "Sockets closed before their handshake: too many of them were under way.",
    "fynlo_ws_refused_total": "Handshakes answered with an HTTP error, by code.",
    "fynlo_ws_auth_failures_total": "Tokens refused, by code.",
    "fynlo_ws_deliveries_total": "Events written to clients.",
    "fynlo_ws_delivered_bytes_total": "Bytes of events written to clients.",
    "fynlo_ws_resumes_total": "Subscriptions that named a position, by outcome.",
    "fynlo_ws_replayed_total": "Events written again to clients that resumed.",
    "fynlo_ws_closes_total": "Connections ended by the gateway, by close code.",
    "fynlo_ws_cuts_total": "Slow clients cut, by what they did not keep up with.",
    "fynlo_ws_redeliveries_total": "Events sent again because they were not acknowledged.",
    "fynlo_ws_narrowed_total": "Connections that lost topics because permissions changed.",
    "fynlo_ws_restarts_total": "Topics whose numbering or continuity was lost.",
    "fynlo_ws_reader_errors_total": "Times the reader lost Redis.",
    "fynlo_ws_connection_records_total": "Records of connections written for Odoo.",
    "fynlo_ws_connection_records_dropped_total": "Records of connections given up while Redis was away.",
    "process_cpu_seconds_total": "User and system CPU time of this process.",
}
_HISTOGRAMS = {
    "fynlo_ws_delivery_latency_seconds": "From the moment an event was written in its transaction to the last client.",
    "fynlo_ws_loop_lag_seconds": "How much later than due the event loop woke a sleeper, twice a second.",
}
_GAUGES = {
    "fynlo_ws_connections": "Open connections.",
    "fynlo_ws_connections_authenticated": "Open connections that are signed in.",
    "fynlo_ws_connections_closing": "Connections that are being closed.",
    "fynlo_ws_handshakes": "Sockets whose handshake is under way.",
    "fynlo_ws_buffered_bytes": "Bytes that wait for clients to read them.",
    "fynlo_ws_pressed": "Clients that are watched because they read slowly.",
    "fynlo_ws_topics": "Topics this process reads.",
    "fynlo_ws_reader_age_seconds": "Seconds since the reader last saw a heartbeat.",
    "fynlo_ws_reader_behind": "Events in the streams that the reader has not seen, when last compared.",
    "fynlo_ws_relay_age_seconds": "Seconds since the relay's last heartbeat.",
    "fynlo_ws_connection_records_waiting": "Records of connections that are to be written.",
    "fynlo_ws_ready": "1 when the process serves tills.",
    "process_resident_memory_bytes": "Resident memory of this process.",
    "process_open_fds": "Open file descriptors of this process.",
    "process_max_fds": "How many file descriptors this process may open.",
    "process_start_time_seconds": "When this process started, in Unix seconds.",
}
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Histogram:
    """How many observations fell below each bound."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(_BOUNDS, value)] += 1
        self._sum += value

    def lines(self, name: str) -> Iterator[str]:
        below = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._counts, strict=True):
            below += count
            yield f'{name}_bucket{{le="{bound}"}} {below}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {below}"


class Metrics:
    """What one process counted since it started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._histograms = {name: _Histogram() for name in _HISTOGRAMS}

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter; ``label`` is a ready pair such as ``code="4408"``."""
        self._counts[name, label] += by

    def value(self, name: str, label: str = "") -> int:
        """What a counter stands at."""
        return self._counts[name, label]

    def observe(self, name: str, value: float) -> None:
        """Add an observation to a histogram; a negative one, of a clock set back, counts as none."""
        self._histograms[name].observe(max(0.0, value))

    def render(self, readings: Mapping[str, float]) -> str:
        """The whole exposition; ``readings`` are the gauges, and the counters that others keep."""
        lines: list[str] = []
        for name, help_text in _COUNTERS.items():
            lines += _heading(name, "counter", help_text)
            lines += self._counted(name, readings)
        for name, help_text in _HISTOGRAMS.items():
            lines += _heading(name, "histogram", help_text)
            lines += self._histograms[name].lines(name)
        for name, help_text in _GAUGES.items():
            lines += _heading(name, "gauge", help_text)
            lines.append(f"{name} {_number(readings.get(name, 0))}")
        return "\n".join(lines) + "\n"

    def _counted(self, name: str, readings: Mapping[str, float]) -> Iterator[str]:
        if name in readings:
            yield f"{name} {_number(readings[name])}"
            return
        rows = {label: n for (known, label), n in self._counts.items() if known == name}
        for label, number in sorted((rows or {"": 0}).items()):
            yield f"{name}{{{label}}} {number}" if label else f"{name} {number}"


def _heading(name: str, kind: str, help_text: str) -> list[str]:
    return [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]


def _number(value: float) -> str:
    """As Prometheus reads it; whole numbers without loss."""
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
