"""How parts of an amount are rounded: half up, once a component."""

MILLION = 1_000_000
BASIS_POINTS = 10_000


def half_up(amount: int, rate: int, whole: int) -> int:
    """``amount × rate / whole`` to the nearest integer, halves up. Nothing here is negative."""
    if amount < 0 or rate < 0:
        raise ValueError("a rate is taken of an amount that is not negative")
    return (2 * amount * rate + whole) // (2 * whole)


def ceiling(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
