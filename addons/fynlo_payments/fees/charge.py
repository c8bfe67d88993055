"""What a charge costs and who bears it: fees absorbed by the restaurant, or passed on to the guest."""

from dataclasses import dataclass

from .rounding import BASIS_POINTS, MILLION, ceiling, half_up


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tender costs: the provider's share of the charge and fixed part, and Fynlo's share of the bill.

    Rates are in millionths (29000 is 2.9 %), ``fixed`` in minor units of the currency charged.
    """

    provider_ppm: int = 0
    fixed: int = 0
    platform_ppm: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.provider_ppm < MILLION and 0 <= self.platform_ppm < MILLION and self.fixed >= 0):
            raise ValueError("fees are shares below the whole, and a fixed part that is not negative")

    def provider_fee(self, charge: int) -> int:
        """What the provider keeps; nothing of nothing."""
        return half_up(charge, self.provider_ppm, MILLION) + self.fixed if charge else 0

    def platform_fee(self, bill: int) -> int:
        """What Fynlo earns: of the bill alone, because a tip is never reduced by fees."""
        return half_up(bill, self.platform_ppm, MILLION)


@dataclass(frozen=True, slots=True)
class Quote:
    """One charge taken apart. ``charge`` is bill, tip and ``fee_line`` (what the guest pays of the fees)."""

    bill: int
    tip: int
    charge: int
    fee_line: int
    provider_fee: int
    platform_fee: int

    @property
    def net(self) -> int:
        """What reaches the restaurant, the guest's tip included."""
        return self.charge - self.fees

    @property
    def fees(self) -> int:
        """All that the provider and Fynlo keep, whoever bears it."""
        return self.provider_fee + self.platform_fee

    @property
    def cost(self) -> int:
        """What the restaurant bears; its net falls short of bill and tip by just that."""
        return self.fees - self.fee_line


@dataclass(frozen=True, slots=True)
class Limit:
    """How far the law lets fees be passed on.

    ``cap_bps`` is of bill and tip. Without ``platform_too`` only the provider's own cost may be passed on.
    """

    cap_bps: int | None = None
    platform_too: bool = False


def absorb(terms: Terms, bill: int, tip: int = 0) -> Quote:
    """The restaurant bears the fees: the guest pays bill and tip."""
    return _quote(terms, bill, tip, 0)


def pass_on(terms: Terms, bill: int, tip: int = 0, limit: Limit = Limit(platform_too=True)) -> Quote:
    """The guest bears the fees, as far as ``limit`` lets him: the smallest charge whose net is bill and tip."""
    owed = terms.platform_fee(bill) if limit.platform_too else 0
    line = _gross_up(terms, bill + tip, owed) - bill - tip
    if limit.cap_bps is not None:
        line = min(line, (bill + tip) * limit.cap_bps // BASIS_POINTS)
    return _quote(terms, bill, tip, line)


def _gross_up(terms: Terms, wanted: int, owed: int) -> int:
    """The smallest charge that leaves ``wanted`` after the provider's fee and ``owed``.

    Rounding makes the closed formula wrong by a unit or two, so the search starts below it; what is
    left of a charge never falls when the charge grows, so the first that suffices is the smallest.
    """
    if not wanted:
        return 0
    divisor = MILLION - terms.provider_ppm
    closed = ceiling((wanted + owed + terms.fixed) * MILLION, divisor)
    charge = max(0, closed - 2 - ceiling(MILLION, divisor))
    while charge - terms.provider_fee(charge) - owed < wanted:
        charge += 1
    return charge


def _quote(terms: Terms, bill: int, tip: int, line: int) -> Quote:
    if bill < 0 or tip < 0:
        raise ValueError("a bill and a tip are not negative")
    charge = bill + tip + line
    return Quote(bill, tip, charge, line, terms.provider_fee(charge), terms.platform_fee(bill))


def discount(bill: int, rate_bp: int) -> int:
    """What is taken off a bill that is paid by bank; lawful where a surcharge is not."""
    return min(bill, half_up(bill, rate_bp, BASIS_POINTS))
