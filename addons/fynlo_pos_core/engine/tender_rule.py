"""When a location offers a tender: switched on, for which sales, and of what size."""

from dataclasses import dataclass

ANYWHERE = "any"


@dataclass(frozen=True, slots=True)
class TenderRule:
    """``channel`` is ``any``, ``in_person`` or ``online``; amounts are minor units, ``most`` 0 is no limit."""

    offered: bool = True
    channel: str = ANYWHERE
    least: int = 0
    most: int = 0

    def is_offered(self, channel: str) -> bool:
        return self.offered and self.channel in (ANYWHERE, channel)

    def fits(self, amount: int) -> bool:
        return self.least <= amount and (not self.most or amount <= self.most)
