"""Cash rounding: what a guest pays in cash where the smallest coins are not in use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CashRounding:
    """As Odoo's ``account.cash.rounding``: to whole ``step`` (minor units) by ``method``.

    ``method`` is ``HALF-UP``, ``UP`` or ``DOWN``. Without ``cash_only`` every tender is rounded.
    """

    step: int
    method: str
    cash_only: bool = True

    def rounded(self, amount: int) -> int:
        """``amount`` (minor units, not negative) as it is paid with the coins in use."""
        below = amount - amount % self.step
        if amount == below:
            return amount
        up = self.method == "UP" or (self.method == "HALF-UP" and 2 * (amount - below) >= self.step)
        return below + self.step if up else below

    def applies_to(self, tender: str) -> bool:
        """Whether the last payment of a bill is rounded when it is made by ``tender``."""
        return tender == "cash" or not self.cash_only
