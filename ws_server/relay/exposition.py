"""The relay's figures in Prometheus' text format."""

from __future__ import annotations

from datetime import datetime

from .status import RelayStatus

__all__ = ["render"]

ROLES = ("starting", "standby", "active")
COUNTERS = {
    "numbered": ("events_numbered", "Outbox rows that were given their place."),
    "published": ("events_published", "Events added to Redis as soon as they were numbered."),
    "refilled": ("events_refilled", "Events that Redis lacked and was given from the outbox."),
    "without_data": ("events_without_data", "Events sent with null, as their payload could not be sent."),
    "trimmed": ("entries_trimmed", "Entries removed from streams for their age."),
    "deleted": ("rows_deleted", "Outbox rows removed for their age."),
    "new_epochs": ("epochs_begun", "Times that the numbering was begun anew and tills were told to read by REST."),
    "refills": ("recoveries", "Times that Redis was brought up to date after a start or a loss."),
    "database_losses": ("database_losses", "Failed attempts to use the database."),
    "redis_losses": ("redis_losses", "Failed attempts to use Redis."),
    "leads_taken": ("leads_taken", "Times that this process became the one that numbers."),
}


def render(status: RelayStatus, now: datetime) -> str:
    """The whole exposition."""
    lines: list[str] = []
    for field, (name, help_text) in COUNTERS.items():
        lines += _metric(f"fynlo_relay_{name}_total", "counter", help_text, getattr(status, field))
    for name, help_text, value in _gauges(status, now):
        lines += _metric(f"fynlo_relay_{name}", "gauge", help_text, value)
    lines += ["# HELP fynlo_relay_role 1 for the role this process has.", "# TYPE fynlo_relay_role gauge"]
    lines += [f'fynlo_relay_role{{role="{role}"}} {int(role == status.role)}' for role in ROLES]
    lines += ["# HELP fynlo_relay_turn_seconds Turns of the loop.", "# TYPE fynlo_relay_turn_seconds summary"]
    lines += [f"fynlo_relay_turn_seconds_sum {status.turned_s:.6f}", f"fynlo_relay_turn_seconds_count {status.turns}"]
    return "\n".join(lines) + "\n"


def _gauges(status: RelayStatus, now: datetime) -> list[tuple[str, str, float]]:
    return [
        ("lag_seconds", "Age of the oldest committed event that Redis does not have.", status.lag_s(now)),
        ("database_up", "1 while the database answers.", status.has_database),
        ("redis_up", "1 while Redis answers.", status.has_redis),
        ("streams", "Streams of topics in Redis, as last counted.", status.streams),
        ("last_turn_seconds", "How long the last turn of the loop took.", round(status.last_turn_s, 6)),
        ("turn_age_seconds", "Seconds since the loop last turned.", (now - status.turned_at).total_seconds()),
        ("ready", "1 when the relay does its work or stands by.", status.trouble(now) is None),
    ]


def _metric(name: str, kind: str, help_text: str, value: float) -> list[str]:
    return [
        f"# HELP {name} {help_text}",
        f"# TYPE {name} {kind}",
        f"{name} {value + 0:g}" if kind == "gauge" else f"{name} {value}",
    ]
