"""What the relay says of itself: role, dependencies, lag, and what it has done since it started."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["MOST_LAG_S", "RelayStatus"]

#: An event that Redis lacks for longer is somebody's business: tills do not hear of sales.
MOST_LAG_S = 30.0
#: The loop turns several times in this span, whatever it waits for.
LONGEST_TURN_S = 60.0


@dataclass(slots=True)
class RelayStatus:
    """Written by the relay's loop, read by its health endpoint; each field stands alone."""

    role: str = "starting"  # starting, standby, active
    has_database: bool = False
    has_redis: bool = False
    epoch: str | None = None
    oldest_unsent_at: datetime | None = None  # naive UTC
    turned_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    streams: int = 0
    # Since the start:
    numbered: int = 0
    published: int = 0
    refilled: int = 0
    without_data: int = 0
    trimmed: int = 0
    deleted: int = 0
    new_epochs: int = 0
    refills: int = 0
    database_losses: int = 0
    redis_losses: int = 0
    leads_taken: int = 0
    turns: int = 0
    turned_s: float = 0.0
    last_turn_s: float = 0.0

    def lag_s(self, now: datetime) -> float:
        """Age in seconds of the oldest committed event that Redis does not have."""
        if self.oldest_unsent_at is None:
            return 0.0
        age = now - self.oldest_unsent_at.replace(tzinfo=UTC)
        return max(0.0, round(age.total_seconds(), 3))

    def note_turn(self, seconds: float) -> None:
        """One turn of the loop took so long, without its waiting for work."""
        self.turns += 1
        self.turned_s += seconds
        self.last_turn_s = seconds

    def is_alive(self, now: datetime) -> bool:
        """Whether the loop still turns."""
        return (now - self.turned_at).total_seconds() < LONGEST_TURN_S

    def trouble(self, now: datetime) -> str | None:
        """Why this relay neither does its work nor can stand in for the one that does."""
        if not self.is_alive(now):
            return "the loop does not turn"
        if self.role == "standby":
            return None
        if not self.has_database:
            return "the database does not answer"
        if not self.has_redis:
            return "Redis does not answer"
        if self.lag_s(now) > MOST_LAG_S:
            return f"an event waits for more than {MOST_LAG_S:.0f} s"
        return None

    def report(self, now: datetime) -> dict[str, object]:
        """The body of the health answers."""
        trouble = self.trouble(now)
        return {
            "live": self.is_alive(now),
            "ready": trouble is None,
            "trouble": trouble,
            "role": self.role,
            "database": self.has_database,
            "redis": self.has_redis,
            "epoch": self.epoch,
            "published": self.published,
            "lag_s": self.lag_s(now),
        }
