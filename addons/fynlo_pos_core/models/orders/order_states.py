"""The states of an order and the steps between them, as data."""

ORDER_STATES = {
    "open": frozenset({"completed", "cancelled"}),
    "completed": frozenset(),
    "cancelled": frozenset({"open"}),
}

#: How far an order is paid. While it is open, giving payments back and adding lines move it back;
#: once it is completed refunds move it on, and a refund that a provider did not carry out moves it back.
PAYMENT_AXIS_STATES = {
    "unpaid": frozenset({"partly_paid", "paid"}),
    "partly_paid": frozenset({"paid", "unpaid"}),
    "paid": frozenset({"partly_paid", "unpaid", "partly_refunded", "refunded"}),
    "partly_refunded": frozenset({"refunded", "paid"}),
    "refunded": frozenset({"partly_refunded", "paid"}),
}


def payment_of_open(order):
    """Where an open order stands on the payment axis."""
    if not order.paid:
        return "unpaid"
    return "partly_paid" if order.due else "paid"


def payment_of_completed(order):
    """Where a completed order stands on the payment axis."""
    if not order.refunded:
        return "paid"
    return "refunded" if order.refunded >= order.paid else "partly_refunded"
