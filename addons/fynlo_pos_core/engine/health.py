"""What a health check found, and how bad that is by a rule's thresholds; pure."""

from dataclasses import dataclass

#: Statuses from the best to the worst. ``unknown`` stands aside: nobody could look.
STATUSES = ("ok", "warn", "fail")
UNKNOWN = "unknown"


class CannotTell(Exception):
    """A check could not look, e.g. because what it asks is away. The text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a check found, of the whole system or of one thing in it.

    ``kind`` and ``key`` name the thing for good, e.g. ``till_session`` and its public id; both are
    empty for the whole. A reading with a company concerns that company alone.
    """

    value: float
    note: str = ""
    kind: str = ""
    key: str = ""
    name: str = ""
    company_id: int | None = None
    config_id: int | None = None

    @property
    def subject(self) -> str:
        """Tells the things of one check apart; empty for the whole."""
        return f"{self.kind}:{self.key}" if self.kind else ""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a value is a warning and a failure, each included."""

    warn: float
    fail: float
    #: Whether small values are the bad ones.
    falling: bool = False

    def grade(self, value: float) -> str:
        """``ok``, ``warn`` or ``fail``."""
        if self._reaches(value, self.fail):
            return "fail"
        return "warn" if self._reaches(value, self.warn) else "ok"

    def worst(self, readings: list[Reading]) -> Reading | None:
        """The reading that is furthest on the bad side; ``None`` of none."""
        pick = min if self.falling else max
        return pick(readings, key=lambda reading: reading.value, default=None)

    def _reaches(self, value: float, limit: float) -> bool:
        return value <= limit if self.falling else value >= limit


@dataclass(frozen=True, slots=True)
class Finding:
    """All readings of one check. With ``trouble`` it could not look, and there are none."""

    code: str
    readings: tuple[Reading, ...] = ()
    trouble: str = ""

    def of_company(self, company_id: int) -> "Finding":
        """What of it concerns one company: its own things and those of the whole system."""
        own = tuple(reading for reading in self.readings if reading.company_id in (None, company_id))
        return Finding(self.code, own, self.trouble)
