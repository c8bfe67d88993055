"""What the relay says of itself: role, dependencies, lag."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["RelayStatus"]


@dataclass(slots=True)
class RelayStatus:
    """Written by the relay's loop, read by its health endpoint; each field stands alone."""

    role: str = "starting"  # starting, standby, active
    has_database: bool = False
    has_redis: bool = False
    epoch: str | None = None
    published: int = 0
    oldest_unsent_at: datetime | None = None  # naive UTC
    turned_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def lag_s(self, now: datetime) -> float:
        """Age in seconds of the oldest committed event that Redis does not have."""
        if self.oldest_unsent_at is None:
            return 0.0
        age = now - self.oldest_unsent_at.replace(tzinfo=UTC)
        return max(0.0, round(age.total_seconds(), 3))

    def is_alive(self, now: datetime) -> bool:
        """Whether the loop still turns: it does so several times in this span."""
        return (now - self.turned_at).total_seconds() < 60

    def is_ready(self) -> bool:
        """Whether this relay does its work, or stands by for the one that does."""
        return self.role == "standby" or (self.role == "active" and self.has_database and self.has_redis)

    def report(self, now: datetime) -> dict[str, object]:
        """The body of the health answers."""
        return {
            "live": self.is_alive(now),
            "ready": self.is_ready(),
            "role": self.role,
            "database": self.has_database,
            "redis": self.has_redis,
            "epoch": self.epoch,
            "published": self.published,
            "lag_s": self.lag_s(now),
        }
