"""Tips: where they are taken, and how large one can be that is no slip of a finger."""

from ..rest import Problem, declare

declare("tip_unavailable", 422, "No tips here", "This location takes no tips.", "Take the payment without a tip.")
declare(
    "tip_too_large",
    422,
    "Tip too large",
    "A tip is at most ten times the bill, or a hundred of the currency where that is more.",
    "Ask the guest; a zero too many is soon typed.",
)

#: A tip may be so many times the bill; a smaller bill still takes ``USUAL_TIP`` of the currency.
TIP_TIMES, USUAL_TIP = 10, 100


def most_tip(order, digits):
    """The largest tip that is no slip of a finger, for an order that has been priced; minor units."""
    return max(TIP_TIMES * order.total, USUAL_TIP * 10**digits)


def check_tip(order, tip, facts):
    """Raise ``tip_unavailable``, ``validation_failed`` or ``tip_too_large``; the order has been priced."""
    if not facts.tip_product_id:
        raise Problem("tip_unavailable", "This location takes no tips.")
    if tip.currency != facts.currency or tip.amount < 0:
        raise Problem("validation_failed", f"A tip is an amount of {facts.currency} from 0.")
    if tip.amount > most_tip(order, facts.digits):
        raise Problem("tip_too_large", "A tip is at most ten times the bill.")
