"""How many digits Stripe counts of each currency, where that is not what the restaurant's books count."""

from dataclasses import dataclass

WITHOUT_DIGITS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DIGITS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
#: Stripe counts hundredths of these, and takes whole ones only; thousandths must end in nought.
WHOLE_ONLY = frozenset({"ISK", "UGX"})


class NotChargeable(ValueError):
    """Stripe has no way to charge just this amount."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Converts amounts of one currency. ``digits`` is what our minor unit counts; ``None``: the same as Stripe's."""

    currency: str
    digits: int | None = None

    def to_stripe(self, amount: int) -> int:
        """Raises :class:`NotChargeable`."""
        there, rest = self._turned(amount, self._steps())
        if rest or there % self._multiple():
            raise NotChargeable(self.currency)
        return there

    def to_ours(self, amount: int) -> int | None:
        """``None`` for what our minor units cannot say."""
        ours, rest = self._turned(amount, -self._steps())
        return None if rest else ours

    @staticmethod
    def _turned(amount: int, steps: int) -> tuple[int, int]:
        """The amount with so many digits more (or fewer), and what does not fit."""
        power = int(10 ** abs(steps))
        return (amount * power, 0) if steps >= 0 else divmod(amount, power)

    def _steps(self) -> int:
        """Digits that Stripe counts and we do not."""
        there = 0 if self.currency in WITHOUT_DIGITS else 3 if self.currency in THREE_DIGITS else 2
        return 0 if self.digits is None else there - self.digits

    def _multiple(self) -> int:
        return 100 if self.currency in WHOLE_ONLY else 10 if self.currency in THREE_DIGITS else 1
