"""Days of an account: each moment belongs to exactly one, also on the two nights when the clocks change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from odoo.addons.fynlo_pos_core.tools.clock import business_date, day_begins

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A time zone and the minutes after midnight at which a day of trade begins. Moments are naive UTC."""

    time_zone: str
    day_start: int

    def span(self, day: date) -> tuple[datetime, datetime]:
        """From when to before when the day lasts."""
        return self._begins(day), self._begins(day + DAY)

    def day_of(self, moment: datetime) -> date:
        """The day whose span holds the moment.

        By the clock on the wall alone the hour that comes twice in autumn would belong to two days.
        """
        day = business_date(moment, self.time_zone, self.day_start)
        while moment < self._begins(day):
            day -= DAY
        while moment >= self._begins(day + DAY):
            day += DAY
        return day

    def _begins(self, day: date) -> datetime:
        return day_begins(day, self.time_zone, self.day_start)
