"""Money as whole minor units. The only file that converts to and from Odoo amounts."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MINOR_MAX = 2**31 - 1  # an Odoo Integer column is int4; more than 21 million pounds


def to_minor(amount: float | Decimal, digits: int) -> int:
    """Minor units of an Odoo amount (a float the ORM has already rounded), half away from zero."""
    scaled = Decimal(str(amount)).scaleb(digits)
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def to_major(minor: int, digits: int) -> float:
    """The float that Odoo stores for ``minor``; exact to the currency's last digit."""
    return float(Decimal(minor).scaleb(-digits))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount, e.g. ``Money(1250, "GBP")`` for twelve pounds fifty."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise ValueError("minor must be an int")
        if abs(self.minor) > MINOR_MAX:
            raise ValueError("amount out of range")

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def share(self, basis_points: int) -> "Money":
        """Return this many hundredths of a percent, half up."""
        exact = Decimal(self.minor) * basis_points / 10_000
        return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

    def split(self, parts: int) -> list["Money"]:
        """Cut into ``parts`` shares that add up exactly; the first ones get the odd pennies."""
        base, odd = divmod(self.minor, parts)
        return [Money(base + (i < odd), self.currency) for i in range(parts)]

    def wire(self) -> dict[str, Any]:
        """The shape of money in every request and answer."""
        return {"amount": self.minor, "currency": self.currency}

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")


def split(amount: int, weights: list[int]) -> list[int]:
    """``amount`` in shares proportional to ``weights``, adding up exactly (largest remainder).

    Ties go to the earlier share. All weights zero gives zero shares.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for index in order[: amount - sum(shares)]:
        shares[index] += 1
    return shares
