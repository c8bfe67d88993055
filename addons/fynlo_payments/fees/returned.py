"""What of fees goes back with refunds: reckoned on all refunds so far, so that the parts add up exactly."""

from .rounding import half_up


def platform_fee_back(fee: int, charged: int, refunded: int, already: int = 0) -> int:
    """Fynlo's fee due back once ``refunded`` of ``charged`` went back in all, less what ``already`` did."""
    return max(0, half_up(min(refunded, charged), fee, charged) - already) if charged else 0


def fee_line_back(line: int, bill: int, refunded: int, already: int = 0) -> int:
    """The guest's fee line due back once ``refunded`` of the ``bill`` went back in all."""
    return max(0, half_up(min(refunded, bill), line, bill) - already) if bill else 0
